import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { PRIVATE_HEADERS } from '../http/server.ts';
import type { LocalCredentials } from './credentials.ts';

/** Bytes of a call's body. One that launches a thousand workers has 2 MB. */
const BODY_LIMIT = 32 * 1024 * 1024;

/** An answer other than the event stream, as Mesos' HTTP server (libprocess) words it. */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  /** Text is sent as text/plain unless the headers say otherwise. */
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
 * Who sent a request, when credentials are demanded. How long the comparison takes says nothing about the secret.
 * @param realm named in the refusal: `mesos-master-scheduler`, `mesos-master-readonly` or `mesos-agent-readonly`
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
  // The body of a stranger is not read: hence no further request over this connection.
  const headers = { 'WWW-Authenticate': `Basic realm="${realm}"`, Connection: 'close' };
  return { status: 401, headers, body: '401 Unauthorized.' };
}

/** Comparable in constant time whatever the length of the text. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** A request that is answered with a refusal, found out while it is read. */
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
 * @throws RefusedRequest for one that is too long or does not unpack; Error when the connection ends before the body does
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
