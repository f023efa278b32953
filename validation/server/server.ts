import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { constants } from 'node:zlib';
import compress from '@fastify/compress';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { boundConnections } from '../../framework/http/connections.ts';
import type { ServerInfo } from './api.ts';
import { readCluster } from './cluster.ts';
import { Context, hasIt, sendJson } from './context.ts';
import { guard, type KnownAs } from './guard.ts';
import { DATA_HEADERS, PAGE_HEADERS } from './headers.ts';
import { asHttpError, HttpError } from './http-error.ts';
import { metricsOf } from './metrics.ts';
import { loadPage, type PageFile } from './page-files.ts';
import { type ActionOptions, addActionRoutes } from './routes-actions.ts';
import { addHistoryRoutes } from './routes-history.ts';
import { addLogRoutes } from './routes-log.ts';
import { addLogDiffRoute } from './routes-log-diff.ts';
import { addRunRoutes } from './routes-runs.ts';
import { Upgrades, withoutRoot } from './upgrades.ts';

export interface ServerOptions extends ActionOptions {
  /** Directory of runs. */
  runs: string;
  host: string;
  /** 0: any free port. */
  port: number;
  /** Addresses of the frameworks whose `/state` the page shows, `http://HOST:PORT`. */
  frameworks: readonly string[];
  /** The path below which a proxy publishes this server, without a slash at its end; empty: none. */
  root: string;
  /** The origin of the address at which a proxy publishes this server, `https://HOST:PORT`. */
  origin?: string | undefined;
  /** Further host names of this server, in addition to loopback and its address. */
  allowedHosts: readonly string[];
  /** Called with internal errors of the server. */
  onFault?: (error: Error) => void;
  /** Directory of the built page; default: this build's. */
  page?: string;
}

export interface RunsServer {
  /** `http://HOST:PORT` */
  url: string;
  close(): Promise<void>;
}

/** The largest body of a request, bytes. Requests that start runs are small. */
const BODY_LIMIT = 64 * 1024;
/** The largest size of a request's first line and headers together, bytes. */
const HEADER_LIMIT = 16 * 1024;
/** Time limits for a whole request and for its headers, so that clients that send very slowly are disconnected. */
const REQUEST_MS = 20_000;
const HEADERS_MS = 10_000;
/** An idle connection is closed after this time. */
const SILENT_MS = 60_000;
const KEEP_ALIVE_MS = 15_000;
/** Higher levels of Brotli take many times as long and save only a few per cent. */
const BROTLI_QUALITY = 4;

const require = createRequire(import.meta.url);

/** Serves the runs of a directory: REST and WebSocket (see `api.ts`), the page, and metrics. @throws the error of listen */
export async function startServer(options: ServerOptions): Promise<RunsServer> {
  const context = new Context(options.runs);
  const app = fastify({
    rewriteUrl: ({ url }) => withoutRoot(url, options.root),
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_MS,
    connectionTimeout: SILENT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: true,
    frameworkErrors: (error, _request, reply) => {
      answerError(error, reply.headers(DATA_HEADERS), options);
    },
    routerOptions: { maxParamLength: 1000 },
    http: { maxHeaderSize: HEADER_LIMIT, headersTimeout: HEADERS_MS },
  });
  const hosts = new Set([hostname(), ...options.allowedHosts].map((name) => name.toLowerCase()));
  const known: KnownAs = { hosts, origin: options.origin };
  const connections = boundConnections(app.server);
  app.server.on('upgrade', ({ socket }) => connections.forget(socket));
  const upgrades = new Upgrades(app.server, context, known, options.root);
  await addRoutes(app, context, options, known, {
    connections: () => connections.count,
    sockets: () => upgrades.count,
  });
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    await upgrades.close();
    await app.close();
    throw error;
  }
  await context.index.start();
  return {
    url: urlOf(app.server.address() as AddressInfo),
    close: async () => {
      await upgrades.close();
      await app.close();
      await context.close();
    },
  };
}

interface Gauges {
  connections: () => number;
  sockets: () => number;
}

async function addRoutes(
  app: FastifyInstance,
  context: Context,
  options: ServerOptions,
  known: KnownAs,
  gauges: Gauges,
): Promise<void> {
  const { index } = context;
  const metrics = metricsOf({
    runs: () => index.all(),
    counts: ({ root }) => context.reports.counts(root),
    ...gauges,
  });
  app.addHook('onRequest', async ({ method, headers, raw }, reply) => {
    reply.headers(DATA_HEADERS);
    guard({ method, target: raw.url, headers, localAddress: raw.socket.localAddress }, known);
  });
  app.addHook('onResponse', async ({ routeOptions }, reply) => {
    metrics.requests.observe(
      { route: routeOptions.url ?? 'page', status: String(reply.statusCode) },
      reply.elapsedTime / 1000,
    );
  });
  // Only JSON is accepted, because a form on another site cannot send JSON.
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler((error: FastifyError | HttpError, _request, reply) => answerError(error, reply, options));
  await app.register(compress, {
    encodings: ['br', 'gzip'],
    globalDecompression: false,
    brotliOptions: { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } },
  });

  app.get('/metrics', async (_request, reply) => {
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  app.get('/healthz', async (_request, reply) => reply.type('text/plain').send('ok\n'));
  const info: ServerInfo = {
    version: (require('release-validation/package.json') as { version: string }).version,
    runs: index.dir,
    actions: options.token !== undefined,
    inputs: [...options.inputs],
    nightlies: options.nightlies !== undefined,
    exceptions: options.exceptions !== undefined,
  };
  await app.register(
    async (api) => {
      api.get('/server', (request, reply) => sendJson(request, reply, info));
      api.get('/cluster', async (request, reply) => {
        return sendJson(request, reply, await readCluster(options.frameworks, index.all()));
      });
      addRunRoutes(api, context);
      addHistoryRoutes(api, context);
      addLogRoutes(api, context);
      addLogDiffRoute(api, context);
      addActionRoutes(api, context, options);
    },
    { prefix: '/api/v1' },
  );
  const page = loadPage(options.root, options.page);
  app.setNotFoundHandler((request, reply) => sendPage(request, reply, page));
}

/** Any other path is a view of the page. */
async function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  page: ReadonlyMap<string, PageFile> | undefined,
): Promise<FastifyReply> {
  const path = (request.url.split('?')[0] ?? '/').replace(/\/$/, '/index.html');
  if (path.startsWith('/api/') || !['GET', 'HEAD'].includes(request.method)) {
    throw new HttpError(404, `there is no ${request.method} ${path}`);
  }
  if (!page) throw new HttpError(503, 'the page is not built: run `npm run build`. The REST interface is at /api/v1');
  const file = page.get(path) ?? (path.startsWith('/assets/') ? undefined : page.get('/index.html'));
  if (!file) throw new HttpError(404, `there is no ${path}`);
  reply.headers({
    ...PAGE_HEADERS,
    etag: file.etag,
    vary: 'accept-encoding',
    'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
  if (hasIt(request, file.etag)) return reply.code(304).send();
  const { bytes, encoding } = await file.body(request.headers['accept-encoding']?.toString() ?? '');
  if (encoding) reply.header('content-encoding', encoding);
  return reply.type(file.type).send(bytes);
}

function answerError(error: FastifyError | Error, reply: FastifyReply, { onFault }: ServerOptions): FastifyReply {
  const known = asHttpError(error);
  const status = known?.status ?? ('statusCode' in error ? error.statusCode : undefined) ?? 500;
  const isFault = status >= 500 && !known;
  if (isFault) onFault?.(error);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  const message = isFault ? 'internal error' : error.message;
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify({ error: { message } }));
}

function urlOf({ address, port, family }: AddressInfo): string {
  return family === 'IPv6' ? `http://[${address}]:${port}` : `http://${address}:${port}`;
}
