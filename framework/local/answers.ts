import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { PRIVATE_HEADERS } from '../http/server.ts';
import type { LocalCredentials } from './credentials.ts';

/** The largest body of a call, bytes. A call that launches a thousand workers has 2 MB. */
const BODY_LIMIT = 32 * 1024 * 1024;

/** An answer other than the event stream, with the words of Mesos' HTTP server (libprocess). */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  /** Text is sent as text/plain, unless the headers have another type. */
  body?: string | Buffer;
}

export const refusal = (status: number, text: string): Answer => ({ status, body: text });

export const json = (value: unknown): Answer => ({
  status: 200,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(value),
});

export const NOT_FOUND: Answer = refusal(404, '404 Not Found.');

export function send(response: ServerResponse, { status, headers = {}, body = '' }: Answer): void {
  const isText = body.length > 0 && headers['Content-Type'] === undefined;
  response.writeHead(status, {
    ...PRIVATE_HEADERS,
    ...headers,
    ...(isText ? { 'Content-Type': 'text/plain; charset=utf-8' } : {}),
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}

/**
 * The sender of a request, if the server demands credentials. The time of the comparison does not depend on the secret.
 * @param realm stands in the refusal: `mesos-master-scheduler`, `mesos-master-readonly` or `mesos-agent-readonly`
 */
export function authenticate(
  request: IncomingMessage,
  credentials: LocalCredentials | undefined,
  realm: string,
): { principal?: string } | Answer {
  if (!credentials) return {};
  const { principal, secret } = credentials;
  const expected = `Basic ${Buffer.from(`${principal}:${secret}`).toString('base64')}`;
  if (timingSafeEqual(digest(request.headers.authorization ?? ''), digest(expected))) return { principal };
  // The body of a request without credentials is not read, so the connection cannot be used again.
  const headers = { 'WWW-Authenticate': `Basic realm="${realm}"`, Connection: 'close' };
  return { status: 401, headers, body: '401 Unauthorized.' };
}

/** Texts of any length can be compared in constant time by their hashes. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Thrown while a request is read: it has the refusal that answers the request. */
export class RefusedRequest extends Error {
  override name = 'RefusedRequest';
  readonly answer: Answer;

  constructor(status: number, text: string) {
    super(text);
    this.answer = { ...refusal(status, text), headers: { Connection: 'close' } };
  }
}

/**
 * The body of a request, unpacked.
 * @throws RefusedRequest when it is too long or cannot be unpacked; Error when the connection ends before the body
 */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > BODY_LIMIT) throw tooLong();
    chunks.push(chunk as Buffer);
  }
  const body = Buffer.concat(chunks);
  return request.headers['content-encoding'] === 'gzip' ? unpack(body) : body;
}

function unpack(body: Buffer): Buffer {
  try {
    return gunzipSync(body, { maxOutputLength: BODY_LIMIT });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLong();
    throw new RefusedRequest(400, `Failed to decompress the request body: ${(error as Error).message}`);
  }
}

const tooLong = (): RefusedRequest => new RefusedRequest(413, `the request body is longer than ${BODY_LIMIT} bytes`);
