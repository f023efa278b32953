import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import type { Registry } from 'prom-client';
import type { Driver } from '../driver.ts';
import { guardedServer, PRIVATE_HEADERS } from '../http/server.ts';
import { stateOf } from './state.ts';

export interface OpsServer {
  /** The `host:port` on which it listens. */
  address: string;
  close(): Promise<void>;
}

/** File in the state directory with the `HOST:PORT` where the running framework serves `/state`. */
export const ADDRESS_FILE = 'address';

/** Monitoring uses names that this program cannot know. These pages contain counts and the names of projects, nothing else. */
const FOR_MONITORING = ['/healthz', '/metrics'];
/** A connection without traffic is closed after this many ms. */
const SILENT_MS = 60_000;

/**
 * Serves `/healthz` (200 only while subscribed), `/metrics` (Prometheus), `/state` and `/recent` (JSON). It answers to the names localhost,
 * `host` and `allowedHosts`, and to its address. A server that other machines can reach also answers to this machine's
 * name, and serves `/healthz` and `/metrics` under any name.
 * @param port 0: any free port
 * @param allowedHosts further host names to which it answers
 */
export async function serveOps(
  driver: Driver,
  host: string,
  port: number,
  allowedHosts: readonly string[] = [],
): Promise<OpsServer> {
  let known: Promise<Registry> | undefined;
  // The client for Prometheus takes 5 MB, so it is loaded when somebody first asks for metrics.
  const metrics = (): Promise<Registry> => {
    known ??= import('./metrics.ts').then(({ metricsOf }) => metricsOf(driver));
    return known;
  };
  let names = namesOf([...allowedHosts, host]);
  let isPublic = false;
  const server = guardedServer({
    names: (path) => (isPublic && FOR_MONITORING.includes(path) ? 'any' : names),
    advice: 'start the framework with --allowed-host NAME',
    listener: (request, response, url) => {
      respond(driver, metrics, request, response, url.pathname).catch(() => response.destroy());
    },
  });
  server.timeout = SILENT_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
  isPublic = !isLoopback((server.address() as AddressInfo).address);
  if (isPublic) names = namesOf([...allowedHosts, host, hostname()]);
  return { address: addressOf(server), close: () => closeServer(server) };
}

const namesOf = (names: readonly string[]): ReadonlySet<string> => new Set(names.map((name) => name.toLowerCase()));

const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.');

async function respond(
  driver: Driver,
  metrics: () => Promise<Registry>,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  const answer = (status: number, type: string, body: string): void => {
    response.writeHead(status, { ...PRIVATE_HEADERS, 'Content-Type': type }).end(body);
  };
  if (request.method !== 'GET' && request.method !== 'HEAD')
    answer(405, 'text/plain', 'this server answers GET requests only\n');
  else if (path === '/healthz') {
    const { subscribed } = driver.scheduler.state;
    answer(subscribed ? 200 : 503, 'text/plain', subscribed ? 'subscribed\n' : 'not subscribed to a Mesos master\n');
  } else if (path === '/metrics') {
    const registry = await metrics();
    answer(200, registry.contentType, await registry.metrics());
  } else if (path === '/state') {
    answer(200, 'application/json', `${JSON.stringify(stateOf(driver, driver.now()), null, 2)}\n`);
  } else if (path === '/recent') answer(200, 'application/json', `${JSON.stringify(driver.recent.hour())}\n`);
  else answer(404, 'text/plain', 'there is no such page: this server has /healthz, /metrics, /state and /recent\n');
}

function addressOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
