import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { boundConnections } from './connections.ts';
import { type KnownNames, type Refusal, refusalOf, urlOf } from './guard.ts';

/** Bytes of a request's first line and headers together. */
const HEADER_LIMIT = 16 * 1024;
/** The headers of a request must arrive within this many ms, the whole request within the second number. Slower clients are disconnected. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
/** How long an idle connection stays open, ms. Clients read it from the answer's Keep-Alive header. */
const KEEP_ALIVE_MS = 60_000;
/** More than one framework and its operators need, and below the smallest usual limit on open files (1024). */
const MOST_CONNECTIONS = 200;

/** Headers of every answer: no cache stores it, and browsers use the declared content type. */
export const PRIVATE_HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' } as const;

export interface GuardedServerOptions {
  /** Further host names that are accepted, in addition to localhost and the server's address; default: none. */
  names?: (path: string) => KnownNames;
  /** What to do about a name that is not accepted. */
  advice?: string;
  listener: (request: IncomingMessage, response: ServerResponse, url: URL) => void;
}

const NO_NAMES: KnownNames = new Set();

/**
 * An HTTP server that answers no web page of another site (see `refusalOf`). It limits what a client may send, how
 * slowly, and over how many connections. It accepts no CONNECT, and no upgrade to another protocol.
 */
export function guardedServer({ names, advice, listener }: GuardedServerOptions): Server {
  const server = createServer(
    {
      maxHeaderSize: HEADER_LIMIT,
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: HEADERS_MS / 2,
    },
    (request, response) => {
      const { method, url: target, headers, socket } = request;
      const known = target?.startsWith('/') ? names?.(urlOf(target).pathname) : undefined;
      const refusal = refusalOf({ method, target, headers, localAddress: socket.localAddress }, known ?? NO_NAMES);
      if (refusal) turnAway(response, refusal, advice);
      else listener(request, response, urlOf(target));
    },
  );
  boundConnections(server, MOST_CONNECTIONS);
  return server;
}

/** The rest of the request's body is not read, so the connection ends. */
function turnAway(response: ServerResponse, { status, message }: Refusal, advice: string | undefined): void {
  const text = status === 421 && advice !== undefined ? `${message} (${advice})` : message;
  response
    .writeHead(status, { ...PRIVATE_HEADERS, 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' })
    .end(`${text}\n`);
}
