import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { urlOf } from '../../framework/http/guard.ts';
import type { EventMessage, FollowMessage } from './api.ts';
import { type Context, integer, parse } from './context.ts';
import { sendEvents, sendRuns } from './events-socket.ts';
import { followLog } from './follow.ts';
import { guard, type KnownAs } from './guard.ts';
import { asHttpError, HttpError } from './http-error.ts';
import { clientAddress, Places } from './places.ts';
import { findLog, logQuery } from './routes-log.ts';

const PING_MS = 20_000;
/** Longest message of a client. */
const MAX_PAYLOAD = 1024;
/** Time for the closing handshake before the connection is cut. */
const CLOSE_MS = 300;

const start = integer(0, Number.MAX_SAFE_INTEGER);
const eventsQuery = z.object({ run: z.string().min(1).max(300).optional(), offset: start.optional() });
const followQuery = logQuery.extend({ offset: start.default(0), leftOut: start.default(0) });

/** The WebSockets of a server. */
export class Upgrades {
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: MAX_PAYLOAD, perMessageDeflate: false });
  readonly #context: Context;
  readonly #root: string;
  readonly #places = new Places();
  readonly #pings: NodeJS.Timeout;

  constructor(server: Server, context: Context, known: KnownAs, root: string) {
    this.#context = context;
    this.#root = root;
    server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => socket.destroy());
      this.#upgrade(request, socket, head, known).catch((error: unknown) => refuse(socket, error));
    });
    this.#pings = setInterval(() => this.#ping(), PING_MS).unref();
  }

  get count(): number {
    return this.#server.clients.size;
  }

  /** Closes the connections, and cuts those that do not answer. */
  async close(): Promise<void> {
    clearInterval(this.#pings);
    const clients = [...this.#server.clients];
    for (const client of clients) client.close(1001);
    if (clients.length > 0) await new Promise((resolve) => setTimeout(resolve, CLOSE_MS));
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, known: KnownAs): Promise<void> {
    const { method, url, headers, socket: connection } = request;
    guard({ method, target: url, headers, localAddress: connection.localAddress }, known);
    const place = this.#places.take(clientAddress(request.socket.remoteAddress, headers));
    if (place === 'all') throw new HttpError(503, 'too many pages are connected: try again later');
    if (place === 'address') throw new HttpError(429, 'too many pages are connected from this address');
    socket.once('close', place);
    const serve = await this.#serving(urlOf(withoutRoot(url, this.#root)));
    this.#server.handleUpgrade(request, socket, head, (client) => {
      heard.set(client, performance.now());
      client.on('pong', () => heard.set(client, performance.now()));
      client.on('error', () => client.terminate());
      serve(client).catch(() => client.close(1011));
    });
  }

  /** The handler of a path. All errors are found before the upgrade. */
  async #serving(url: URL): Promise<(socket: WebSocket) => Promise<void>> {
    const context = this.#context;
    if (url.pathname === '/api/v1/events') {
      const { run: id, offset } = parse(eventsQuery, Object.fromEntries(url.searchParams));
      if (id === undefined) {
        return (socket) =>
          sendRuns(socket, context.index, async (run): Promise<EventMessage> => {
            return { type: 'run', run: await context.summary(run) };
          });
      }
      const run = await context.run(id);
      const from = offset ?? (await context.progress.of(run.root)).offset;
      return (socket) => sendEvents(socket, run, from);
    }
    const found = /^\/api\/v1\/runs\/([^/]+)\/steps\/([^/]+)\/log\/follow$/.exec(url.pathname);
    if (!found) throw new HttpError(404, 'there is nothing to follow at this address');
    const query = parse(followQuery, Object.fromEntries(url.searchParams));
    const log = await findLog(context, { id: decode(found[1]), step: decode(found[2]) }, query);
    return (socket) => followLog(socket, { ...log, offset: query.offset, leftOut: query.leftOut });
  }

  #ping(): void {
    const ping = JSON.stringify({ type: 'ping' } satisfies EventMessage & FollowMessage);
    for (const client of this.#server.clients) {
      if (performance.now() - (heard.get(client) ?? 0) > 3 * PING_MS) client.terminate();
      client.ping();
      // A client that has not received the last message yet needs no ping.
      if (client.bufferedAmount === 0) client.send(ping, () => undefined);
    }
  }
}

/**
 * A request target without the path below which a proxy publishes the server. Some proxies remove the path themselves:
 * a target that does not begin with it is unchanged.
 */
export function withoutRoot(target: string | undefined, root: string): string {
  const path = target ?? '/';
  if (path === root) return '/';
  return path.startsWith(`${root}/`) || path.startsWith(`${root}?`)
    ? path.slice(root.length).replace(/^(?!\/)/, '/')
    : path;
}

/** When a client last answered. */
const heard = new WeakMap<WebSocket, number>();

function decode(part: string | undefined): string {
  try {
    return decodeURIComponent(part ?? '');
  } catch {
    throw new HttpError(400, 'the address is malformed');
  }
}

function refuse(socket: Duplex, error: unknown): void {
  const { status, message } = asHttpError(error) ?? { status: 500, message: 'internal error' };
  const body = JSON.stringify({ error: { message } });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `X-Content-Type-Options: nosniff\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}
