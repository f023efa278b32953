// Answers of a framework to `/state` and `/recent`, with demand of Work Queue and of HTCondor: for views of the cluster.
import { createServer } from 'node:http';

const MINUTE = 60_000;

/** @param {number} now ms since 1970 */
function stateOf(now) {
  const shape = { cores: 8, memory: 16_000, disk: 50_000 };
  const pool = { min: 0, max: 20, role: '*', shape };
  const worker = (/** @type {number} */ n, /** @type {string} */ pool, /** @type {string} */ project) => ({
    ...{ id: `w${n}`, pool, project, hostname: `node${n}`, phase: n % 5 === 0 ? 'starting' : 'running', shape },
    ...{ tasksRunning: n % 5 === 0 ? 0 : 4 + (n % 4), launchedAt: now - n * 7 * MINUTE },
  });
  return {
    frameworkId: '20261101-0001',
    startedAt: now - 26 * 60 * MINUTE,
    now,
    master: { phase: 'subscribed', master: '10.0.0.1:5050' },
    subscribed: true,
    pools: [
      {
        ...pool,
        name: 'validation',
        source: 'workqueue',
        projects: '^mc',
        projectsWritten: 'mc*',
        image: 'alma9-work-queue',
      },
      {
        ...pool,
        name: 'batch',
        source: 'htcondor',
        projects: '.*',
        projectsWritten: 'all',
        image: 'alma9-condor',
        max: 8,
      },
    ],
    projects: [
      {
        ...{ project: 'mc-nightly', manager: '10.0.0.7:9123', source: 'workqueue', pool: 'validation' },
        tasks: { waiting: 42, onWorkers: 31 },
        workers: { busy: 6, idle: 0, starting: 1, leaving: 0, missing: 4 },
        blocked: 'offers-too-small',
        reason:
          'the offers to role * are too small: the largest has 2 cores, 14336 MB memory left, but a worker needs 8 cores, 16000 MB memory',
        words: ['tasks: 42 waiting, 31 on workers', 'missing: 4 workers of 8 cores and 16000 MB'],
      },
      {
        ...{ project: 'mc-weekly', manager: '10.0.0.8:9123', source: 'workqueue', pool: 'validation' },
        tasks: { waiting: 0, onWorkers: 3 },
        workers: { busy: 1, idle: 0, starting: 0, leaving: 0, missing: 0 },
        ...{ blocked: null, reason: null, words: ['no task waits, so no worker is missing'] },
      },
      {
        ...{ project: 'alice', manager: 'schedd@submit.example.org', source: 'htcondor', pool: 'batch' },
        tasks: { waiting: 12, onWorkers: 40 },
        workers: { busy: 8, idle: 0, starting: 0, leaving: 0, missing: 2 },
        blocked: 'pool-full',
        reason: 'pool batch has its maximum of 8 workers',
        words: ['tasks: 12 waiting, 40 on workers', 'missing: 2 workers of 8 cores and 16000 MB'],
      },
    ],
    workers: Array.from({ length: 15 }, (_, n) =>
      n < 7 ? worker(n + 1, 'validation', 'mc-nightly') : worker(n + 1, 'batch', 'alice'),
    ),
    offersHeld: [{ id: 'o1', hostname: 'node31', heldMs: 4200 }],
    backoffs: { pools: {}, agents: {} },
    counters: { launches: 118, offersDeclined: 2304, workersLost: 2 },
  };
}

/** @param {number} now ms since 1970 */
function recentOf(now) {
  const count = 61;
  const series = (/** @type {(n: number) => number} */ of) =>
    Array.from({ length: count }, (_, n) => Math.max(0, Math.round(of(n))));
  return {
    times: Array.from({ length: count }, (_, n) => now - (count - 1 - n) * MINUTE),
    pools: {
      validation: {
        waiting: series((n) => 60 * Math.exp(-((n - 20) ** 2) / 150) + n * 0.7),
        busy: series((n) => Math.min(6, n / 4)),
        idle: series((n) => (n % 17 === 0 ? 1 : 0)),
        starting: series((n) => (n > 4 && n % 9 < 3 ? 2 : 0)),
      },
      batch: {
        waiting: series((n) => n / 5),
        busy: series((n) => Math.min(8, 2 + n / 5)),
        idle: series(() => 0),
        starting: series((n) => (n < 30 ? 1 : 0)),
      },
    },
    happenings: [
      {
        time: now - 9 * MINUTE,
        what: 'launched',
        worker: 'w15',
        project: 'alice',
        pool: 'batch',
        hostname: 'node15',
        why: '',
      },
      {
        ...{ time: now - 4 * MINUTE, what: 'ended', worker: 'w3', project: 'mc-nightly', pool: 'validation' },
        ...{ hostname: 'node3', why: 'idle for 15 minutes' },
      },
    ],
  };
}

/** Serves the answers on a free port of 127.0.0.1. @returns {Promise<{url: string, close: () => void}>} */
export async function serveCluster() {
  const server = createServer(({ url }, response) => {
    const now = Date.now();
    const body = url === '/state' ? stateOf(now) : url === '/recent' ? recentOf(now) : undefined;
    response.writeHead(body ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {}));
  });
  await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(undefined));
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
