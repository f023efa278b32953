import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The fields of a job that Chronos documents. Strict versions refuse all others. */
const FIELDS = new Set([
  ...['name', 'command', 'schedule', 'scheduleTimeZone', 'epsilon', 'owner', 'cpus', 'mem', 'disk', 'retries', 'async'],
  ...['disabled', 'softError', 'concurrent', 'environmentVariables', 'constraints', 'uris', 'fetch', 'shell'],
  ...['arguments', 'runAsUser', 'container'],
]);
const CONTAINER_FIELDS = new Set(['type', 'image', 'network', 'forcePullImage', 'volumes', 'parameters']);
const VOLUME_FIELDS = new Set(['hostPath', 'containerPath', 'mode']);

export interface ChronosStandIn {
  address: string;
  /** The jobs by name: the posted fields, and Chronos' own counters. */
  jobs: Map<string, Record<string, unknown>>;
  /** `METHOD PATH` of every request. */
  requests: string[];
  started: string[];
  close(): Promise<void>;
}

export interface Trouble {
  /** Version 3 accepts `epsilon` and `async`, but lists jobs without them. @default 2 */
  version?: 2 | 3;
  /** All requests are redirected to this address. */
  redirectTo?: string | (() => string);
  /** The demanded `user:password`. */
  credentials?: string;
  /** The status of all answers. */
  status?: number;
  body?: string;
  /** `hang`: never answers; `cut`: closes the connection in the middle of the answer. */
  mood?: 'hang' | 'cut';
}

/** Imitates Chronos: it has the documented requests and answers, and refuses all others. It can also fail. */
export async function startChronos(trouble: Trouble = {}): Promise<ChronosStandIn> {
  const jobs = new Map<string, Record<string, unknown>>();
  const requests: string[] = [];
  const started: string[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text) => {
      body += text;
    });
    request.on('end', () => {
      requests.push(`${request.method} ${request.url}`);
      answer(request, response, body);
    });
  });
  const answer = (request: IncomingMessage, response: ServerResponse, body: string): void => {
    const end = (status: number, text = '') => response.writeHead(status).end(text);
    if (trouble.mood === 'hang') return;
    if (trouble.mood === 'cut') {
      response.writeHead(200, { 'content-length': '1000' }).write('[');
      setTimeout(() => response.destroy(), 20);
      return;
    }
    if (trouble.redirectTo !== undefined) {
      const to = typeof trouble.redirectTo === 'string' ? trouble.redirectTo : trouble.redirectTo();
      response.writeHead(307, { location: `${to}${request.url}` }).end();
      return;
    }
    const wanted = trouble.credentials && `Basic ${Buffer.from(trouble.credentials).toString('base64')}`;
    if (wanted !== undefined && request.headers.authorization !== wanted) return void end(401, 'who are you?');
    if (trouble.status !== undefined) return void end(trouble.status, trouble.body);
    if (trouble.body !== undefined) return void end(200, trouble.body);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const route = `${request.method} ${pathname}`;
    const named = /^(PUT|DELETE) \/v1\/scheduler\/job\/([\w.-]+)$/.exec(route);
    if (route === 'GET /v1/scheduler/jobs/search') {
      const part = searchParams.get('name') ?? '';
      const found = [...jobs.values()].filter(({ name }) => String(name).includes(part));
      const forgotten = trouble.version === 3 ? { epsilon: undefined, async: undefined } : {};
      const listed = found.map((job) => ({ ...job, ...forgotten }));
      end(200, JSON.stringify(listed.slice(0, Number(searchParams.get('limit') ?? 10))));
    } else if (route === 'POST /v1/scheduler/iso8601') {
      const problem = problemOf(request, body);
      if (problem) return void end(400, problem);
      const job = JSON.parse(body);
      // The form in Chronos' list.
      const schedule = job.schedule.replace(/T(\d\d:\d\d):00Z/, 'T$1:00.000Z');
      jobs.set(job.name, {
        successCount: 0,
        errorCount: 0,
        lastSuccess: '',
        lastError: '',
        softError: false,
        ...job,
        schedule,
      });
      end(204);
    } else if (named?.[2] !== undefined && jobs.has(named[2])) {
      if (named[1] === 'DELETE') jobs.delete(named[2]);
      else started.push(`${named[2]} ${searchParams.get('arguments') ?? ''}`.trim());
      end(204);
    } else end(404, 'no such thing');
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    jobs,
    requests,
    started,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Chronos' error message for a job. */
function problemOf(request: IncomingMessage, body: string): string | undefined {
  if (request.headers['content-type'] !== 'application/json') return 'not JSON by its type';
  let job: Record<string, unknown>;
  try {
    job = JSON.parse(body);
  } catch {
    return 'not JSON';
  }
  const unknown = Object.keys(job).find((key) => !FIELDS.has(key));
  if (unknown !== undefined) return `Unrecognized field "${unknown}"`;
  if (!/^[\w.-]+$/.test(String(job.name))) return 'bad name';
  if (!/^R\d*\/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\/P\w+$/.test(String(job.schedule)))
    return 'bad schedule';
  if (!/^PT?\d+\w+$/.test(String(job.epsilon))) return 'bad epsilon';
  if (typeof job.command !== 'string' || job.command === '') return 'no command';
  for (const key of ['cpus', 'mem', 'disk', 'retries']) if (typeof job[key] !== 'number') return `bad ${key}`;
  for (const pair of job.environmentVariables as Record<string, unknown>[]) {
    if (typeof pair.name !== 'string' || typeof pair.value !== 'string') return 'bad environmentVariables';
  }
  const container = job.container as Record<string, unknown> | undefined;
  if (!container) return undefined;
  const odd = Object.keys(container).find((key) => !CONTAINER_FIELDS.has(key));
  if (odd !== undefined) return `Unrecognized field "${odd}"`;
  for (const volume of (container.volumes ?? []) as Record<string, unknown>[]) {
    if (Object.keys(volume).some((key) => !VOLUME_FIELDS.has(key)) || !['RO', 'RW'].includes(String(volume.mode)))
      return 'bad volume';
  }
  return undefined;
}
