import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Driver } from '../driver.ts';
import { metricsOf } from './metrics.ts';
import { stateOf } from './state.ts';

export interface OpsServer {
  /** `host:port` it listens on. */
  address: string;
  close(): Promise<void>;
}

/** In the state directory: where the running framework serves `/state`, `HOST:PORT`. */
export const ADDRESS_FILE = 'address';

/** Serves `/healthz` (200 only while subscribed), `/metrics` (Prometheus) and `/state` (JSON). @param port 0: a free one */
export async function serveOps(driver: Driver, host: string, port: number): Promise<OpsServer> {
  const metrics = metricsOf(driver);
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const answer = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') answer(405, 'text/plain', 'only GET\n');
    else if (path === '/healthz') {
      const { subscribed } = driver.scheduler.state;
      answer(subscribed ? 200 : 503, 'text/plain', subscribed ? 'subscribed\n' : 'not subscribed to a Mesos master\n');
    } else if (path === '/metrics') answer(200, metrics.contentType, await metrics.metrics());
    else if (path === '/state') {
      answer(200, 'application/json', `${JSON.stringify(stateOf(driver, Date.now()), null, 2)}\n`);
    } else answer(404, 'text/plain', 'here are /healthz, /metrics and /state\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
  return { address: addressOf(server), close: () => closeServer(server) };
}

function addressOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
