// Another client of the server that is fuzzed, in a thread of its own: asks as somebody does who watches a good run, from
// an address of its own, and tells what takes too long. Time in which a thread could have run, had others not had the
// processors, is the machine's and does not count; nor does what a server takes that does nothing.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';

/** @typedef {{port: number, pid: number, end: number}} Task server, its process, until when (ms since 1970) */
/** @typedef {{finding: string} | {looks: number, slowest: number}} Told */

const { port, pid, end } = /** @type {Task} */ (workerData);
const ADDRESS = '127.0.0.2';
const STALL_MS = 1000;
/** For the history: the server reads all its nights, and these are as many and as large as nights may be. */
const HISTORY_MS = 5000;
const MEMORY_MB = 2500;
const LOG = '/api/v1/runs/good/steps/sim0001/log';
const PATHS = [
  '/api/v1/runs?limit=50',
  '/api/v1/runs/good',
  `${LOG}?line=-100&lines=100`,
  `${LOG}/search?q=199999`,
  '/api/v1/runs/good/graph.svg',
  '/api/v1/workflows',
  '/api/v1/workflows/quiet/history?format=csv',
  '/api/v1/runs/good/steps/sim0001',
  `${LOG}-diff?stream=stderr&reference=good2`,
  '/api/v1/server',
  '/metrics',
];

const idle = createServer((_request, response) => response.end('{}'));
await new Promise((resolve) => idle.listen(0, '127.0.0.1', () => resolve(undefined)));
const idlePort = /** @type {import('node:net').AddressInfo} */ (idle.address()).port;
let looks = 0;
let slowest = 0;
// The first drawing loads what draws.
await ask(port, '/api/v1/runs/good/graph.svg').catch(() => undefined);
while (Date.now() < end) {
  await look(/** @type {string} */ (PATHS[looks % PATHS.length])).catch((error) =>
    tell({ finding: `another client: ${error.message}` }),
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
}
idle.close();
tell({ looks, slowest });

/** @param {string} path */
async function look(path) {
  looks++;
  const before = { threads: delays(), own: ownDelay() };
  const [answer, other] = await Promise.all([ask(port, path), ask(idlePort, '/')]);
  const after = { threads: delays(), own: ownDelay() };
  const late = [...after.threads].map(([thread, ms]) => ms - (before.threads.get(thread) ?? 0));
  // The main thread asks another one, and waits for it. Only this request needs no other thread: the others read files.
  const server = (late[0] ?? 0) + (path === '/api/v1/server' ? 0 : Math.max(0, ...late.slice(1)));
  const waited = answer.ms - server - (after.own - before.own) - other.ms;
  if (!path.includes('/workflows')) slowest = Math.max(slowest, waited);
  const most = path.includes('/workflows') ? HISTORY_MS : STALL_MS;
  if (waited > most) tell({ finding: `another client waits more than ${most} ms for ${path}` });
  if (answer.status !== 200)
    tell({ finding: `another client gets ${answer.status} for ${path}: ${answer.text.slice(0, 300)}` });
  if (memory() > MEMORY_MB) tell({ finding: `the server has more than ${MEMORY_MB} MB of memory` });
}

/** @param {Told} what */
function tell(what) {
  parentPort?.postMessage(what);
}

/** @param {number} to @param {string} path @returns {Promise<{status: number, text: string, ms: number}>} */
function ask(to, path) {
  const begin = performance.now();
  return new Promise((resolve, reject) => {
    const own = request({ host: '127.0.0.1', port: to, path, localAddress: ADDRESS, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('latin1').on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text, ms: performance.now() - begin }));
    });
    own.setTimeout(60_000, () => own.destroy(new Error(`no answer within 60 s for ${path}`)));
    own.once('error', reject);
    own.end();
  });
}

/** ms that each thread of the server has waited for a processor, the main thread first. @returns {Map<string, number>} */
function delays() {
  const tasks = `/proc/${pid}/task`;
  try {
    const threads = readdirSync(tasks).sort((a, b) => Number(a) - Number(b));
    return new Map(threads.map((thread) => [thread, delayOf(join(tasks, thread))]));
  } catch {
    return new Map();
  }
}

function ownDelay() {
  return delayOf(join('/proc', readlinkSync('/proc/thread-self')));
}

/** @param {string} task */
function delayOf(task) {
  return Number(readFileSync(join(task, 'schedstat'), 'latin1').split(' ')[1]) / 1e6;
}

/** MB that the server has in memory. */
function memory() {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
