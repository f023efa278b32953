import type { Readable } from 'node:stream';
import { TransportError } from './errors.ts';

/** The path for scheduler calls. `/master/api/v1/scheduler`, which redirects name, is an alias. */
const SCHEDULER_PATH = '/api/v1/scheduler';
const REDIRECTED_PATH = /\/(?:master\/)?api\/v1\/scheduler\/?$/;

/** Number of redirects to follow for one request: during an election two masters may each name the other. */
export const MAX_HOPS = 5;

/** Largest part of a refusal that is read, bytes. Masters send a line; a proxy may send a page. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** The path to post to, below the path of the master's URL (a proxy's prefix). */
export function schedulerPath(master: URL): string {
  return master.pathname.replace(/\/+$/, '') + SCHEDULER_PATH;
}

/**
 * The master that a 307 names. A master sends `Location: //HOST:PORT/master/api/v1/scheduler` without a scheme, so the scheme of
 * the request is used. @throws TransportError when it is missing, is no URL, or leads from https to http
 */
export function redirectTarget(from: URL, location: string | string[] | undefined): URL {
  const text = Array.isArray(location) ? location[0] : location;
  let to: URL;
  try {
    to = new URL(text ?? '', new URL(schedulerPath(from), from));
  } catch (error) {
    throw new TransportError(`${from.origin} redirects to ${JSON.stringify(text)}, which is no URL`, { cause: error });
  }
  if (!text || !['http:', 'https:'].includes(to.protocol)) {
    throw new TransportError(`${from.origin} redirects without a usable Location (${JSON.stringify(text)})`);
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw new TransportError(`${from.origin} redirects to ${to.origin}: not followed, it would leave TLS`);
  }
  to.pathname = to.pathname.replace(REDIRECTED_PATH, '/');
  to.search = '';
  to.hash = '';
  return to;
}

/** The text of an answer, up to the limit. */
export async function readAnswer(body: Readable): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of body) {
    parts.push(part as Buffer);
    size += (part as Buffer).length;
    if (size > MAX_ANSWER_BYTES) break;
  }
  return Buffer.concat(parts).toString('utf8');
}

/** A transport error as a sentence, with the address. */
export function transportError(master: URL, doing: string, error: unknown): TransportError {
  if (error instanceof TransportError) return error;
  return new TransportError(`${doing} ${master.origin}: ${reasonOf(error)}`, { cause: error });
}

function reasonOf(error: unknown): string {
  if ((error as NodeJS.ErrnoException)?.code === 'ECONNRESET')
    return 'it closed the connection before the end of its answer';
  // With several addresses the message is empty, and each attempt has its own error.
  if (error instanceof AggregateError && !error.message) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
