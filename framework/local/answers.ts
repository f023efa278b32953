import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LocalMasterOptions } from './options.ts';

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
  const plain = body.length > 0 && headers['Content-Type'] === undefined;
  response.writeHead(status, {
    ...headers,
    ...(plain ? { 'Content-Type': 'text/plain; charset=utf-8' } : {}),
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}

/**
 * Who sent a request, when credentials are demanded.
 * @param realm named in the refusal: `mesos-master-scheduler`, `mesos-master-readonly` or `mesos-agent-readonly`
 */
export function authenticate(
  request: IncomingMessage,
  credentials: LocalMasterOptions['credentials'],
  realm: string,
): { principal?: string } | Answer {
  if (!credentials) return {};
  const { principal, secret } = credentials;
  const expected = `Basic ${Buffer.from(`${principal}:${secret}`).toString('base64')}`;
  if (request.headers.authorization === expected) return { principal };
  return { status: 401, headers: { 'WWW-Authenticate': `Basic realm="${realm}"` }, body: '401 Unauthorized.' };
}

/** @throws Error when the connection ends before the body does */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
