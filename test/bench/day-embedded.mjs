// npm run bench:day-embedded -- [--workers 10000] [--managers WORKERS/10] [--minutes 60] [--agents WORKERS/16]
// The day of `day.mjs` with processes: half of the managers appear in the first minute, the others within 80 % of --minutes, each with
// ten tasks of half a minute to ten minutes. It ends when all tasks are done, at the latest 15 minutes after --minutes.
// Real: the built framework as an operator starts it, with its journal; the embedded master with agents of 16 cores, in a
// process of its own; catalog_server; every connection between them; one process for each worker, which its agent starts and ends.
// Stand-ins: the managers are ports of this process (1,000 makeflows need more than two cores and 23 GB have), which answer as real ones do;
// the worker is `day-worker.pl`, since 5,000 work_queue_workers would measure themselves. One worker for each task (granularity 1).
// Prints what the framework's frames cost (see frame-probe.mjs), for how long the event loops of framework and master were blocked, CPU,
// memory, the calls to the master for each worker, and how long the tasks of a manager waited until the last of them had a worker.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { launch } from './contenders.mjs';
import { SimulatedManagers } from './day-managers.mjs';
import { ManagerPorts } from './day-ports.mjs';
import { randomOf } from './random.mjs';

const { values: flags } = parseArgs({
  options: {
    workers: { type: 'string', default: '10000' },
    managers: { type: 'string' },
    agents: { type: 'string' },
    minutes: { type: 'string', default: '60' },
  },
});
const WORKERS = Number(flags.workers);
const MANAGERS = Number(flags.managers ?? Math.ceil(WORKERS / 10));
const AGENTS = Number(flags.agents ?? Math.ceil(WORKERS / 16));
const END_MS = Number(flags.minutes) * 60_000;
const LATE_MS = 15 * 60_000;
const MIDNIGHT_MS = 60_000;
const CORES = 16;
const LOOK_MS = 1000;
const TELL_MS = 30_000;

const FRAMEWORK = join(import.meta.dirname, '..', '..', 'dist', 'framework', 'main.js');
const MASTER = join(import.meta.dirname, '..', 'e2e', 'framework', 'master-program.mjs');
const PROBE = join(import.meta.dirname, 'frame-probe.mjs');
const WORKER = join(import.meta.dirname, 'day-worker.pl');

const files = Number(/Max open files\s+\d+\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? Infinity);
if (files < WORKERS + 2 * MANAGERS)
  throw new Error(`allow ${WORKERS + 2 * MANAGERS} open files (ulimit -Hn): the limit is ${files}`);

const dir = mkdtempSync(join(tmpdir(), 'bench-day-'));
const config = join(dir, 'pools.yaml');
writeFileSync(
  config,
  `pools:\n  - {name: night, max: ${WORKERS * 2}, granularity: 1, launchesPerSecond: 1000, workerCommand: ${WORKER}}\n`,
);

/** CPU seconds so far, and the most MB resident so far. @param {number | undefined} pid */
function use(pid) {
  const [, fields = ''] = /^.*\) (.*)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
  const [, , , , , , , , , , , user, system] = fields.split(' ').map(Number);
  const [, kilobytes = '0'] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return { cpu: ((user ?? 0) + (system ?? 0)) / 100, memory: Math.round(Number(kilobytes) / 1024) };
}

const stop = new AbortController();
process.once('SIGINT', () => stop.abort()).once('SIGTERM', () => stop.abort());

const catalogPort = 20_000 + Math.floor(Math.random() * 6000) * 2;
const catalog = `127.0.0.1:${catalogPort}`;
const [at, name] = [
  ['-I', '127.0.0.1', '-p', `${catalogPort}`],
  ['-n', 'localhost', '-H', join(dir, 'history')],
];
const server = launch('catalog_server', [...at, ...name, '-u', '127.0.0.1:1', '-l', '1800'], dir, 'catalog.log');
const agent = { cpus: CORES, memory: CORES * 2048, disk: CORES * 10_000 };
const options = { agents: Array.from({ length: AGENTS }, () => agent), workDir: join(dir, 'agents') };
// Ctrl-C in a terminal must not reach the master: it ends when this process disconnects, and then ends all workers.
const master = fork(MASTER, [JSON.stringify(options)], {
  ...{ execArgv: ['--import', PROBE], env: { ...process.env, PROBE: join(dir, 'master.json') }, detached: true },
});

const { uniform: random } = randomOf(1);
/** @type {Set<NodeJS.Timeout>} */
const timers = new Set();
const after = (/** @type {number} */ ms, /** @type {() => void} */ run) => {
  const timer = setTimeout(() => {
    timers.delete(timer);
    run();
  }, ms);
  timers.add(timer);
};
const managers = new SimulatedManagers({ random, after, time: () => Date.now(), stop: (id) => ports.stop(id) });
const ports = new ManagerPorts(managers, catalogPort);
/** @type {import('node:child_process').ChildProcess | undefined} */
let framework;

/** @param {import('node:child_process').ChildProcess | undefined} child */
const hasEnded = (child) => child === undefined || child.exitCode !== null || child.signalCode !== null;

/** Plays the day. @param {number | undefined} pid of the framework @returns when it began, and what both processes have used */
async function play(pid) {
  const began = Date.now();
  let begun = 0;
  for (let count = 0; count < MANAGERS; count++) {
    after(random() * (count % 2 === 0 ? MIDNIGHT_MS : END_MS * 0.8), () => {
      begun++;
      ports.begin(Math.round(WORKERS / MANAGERS));
    });
  }
  let used = { framework: use(pid), master: use(master.pid) };
  for (let told = began; Date.now() - began < END_MS + LATE_MS && !stop.signal.aborted; ) {
    await sleep(LOOK_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    if (hasEnded(framework) || hasEnded(master)) throw new Error('the framework or the master has ended');
    used = { framework: use(pid), master: use(master.pid) };
    if (begun === MANAGERS && ports.managers === 0 && managers.left === 0) break;
    if (Date.now() - told < TELL_MS) continue;
    told = Date.now();
    const [s, m] = [used.framework, used.master].map(({ cpu, memory }) => `${cpu.toFixed(0)} s, ${memory} MB`);
    console.error(
      `${Math.round((told - began) / 1000)} s: ${ports.workers} workers, ${managers.left} tasks of ${ports.managers} managers; framework ${s}; master ${m}`,
    );
  }
  return { began, used };
}

/** @typedef {{count: number, median: number, most99: number, most: number}} Summary */
/** @typedef {{memory: Record<string, number>, loop: Summary, frames: {cpu: Summary, wall: Summary, over50: number, over50Wall: number}, slowest: string, calls: Record<string, number>, answers: Summary, launches: number}} Facts */
/** What a probe has written. @param {string} file @returns {Facts} */
const read = (file) => JSON.parse(readFileSync(join(dir, file), 'utf8'));
const words = (/** @type {Summary} */ { median, most99, most }) =>
  `median ${median.toFixed(2)}, 99 % ${most99.toFixed(1)}, most ${most.toFixed(0)}`;
/** @param {number[]} values ms */
const spread = (values) => {
  const sorted = values.sort((a, b) => a - b);
  const part = (/** @type {number} */ share) =>
    ((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) / 1000).toFixed(1);
  return `median ${part(0.5)}, 99 % ${part(0.99)}, most ${part(1)}`;
};

try {
  const started = once(master, 'message', { signal: stop.signal });
  const failed = once(master, 'exit').then(() => Promise.reject(new Error('the master has ended')));
  const [{ address }] = await Promise.race([started, failed]);
  const flagsOfFramework = ['--master', address, '--catalog', catalog, '--docker', 'none', '--config', config];
  process.env.PROBE = join(dir, 'framework.json');
  framework = launch(
    process.execPath,
    ['--import', PROBE, FRAMEWORK, ...flagsOfFramework, '--state-dir', join(dir, 'state')],
    dir,
    'framework.log',
  );
  await sleep(3000, undefined, { signal: stop.signal });
  const { began, used } = await play(framework.pid);
  const seconds = (Date.now() - began) / 1000;
  const { mostWorkers, questions, served } = ports.facts;
  const left = managers.left;
  framework.kill('SIGTERM');
  await once(framework, 'exit');
  master.disconnect();
  await once(master, 'exit');
  const { memory, loop, frames, slowest, calls, answers, launches } = read('framework.json');
  const { ACKNOWLEDGE = 0, ...others } = calls;
  const total = Object.values(others).reduce((sum, count) => sum + count, 0);
  const each = (/** @type {number} */ count) => (count / Math.max(1, launches)).toFixed(2);
  const early = served.filter(({ at }) => at < began + MIDNIGHT_MS).map(({ ms }) => ms);
  const late = served.filter(({ at }) => at >= began + MIDNIGHT_MS).map(({ ms }) => ms);
  console.log(`${WORKERS} tasks of ${MANAGERS} managers in ${flags.minutes} min, ${AGENTS} agents, Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}
took ${seconds.toFixed(0)} s; workers: ${launches} launched, at most ${mostWorkers} at once; ${left} tasks are left
all tasks of a manager have a worker, s: of the first minute ${spread(early)}; of the others ${spread(late)}
frames: ${frames.cpu.count}, ms of CPU: ${words(frames.cpu)} (${slowest}); ${frames.over50} took more than 50; ms of wall time: ${words(frames.wall)}; ${frames.over50Wall} took more than 50
event loop blocked, ms of wall time: framework ${words(loop)}; master ${words(read('master.json').loop)}
framework: ${used.framework.memory} MB (${JSON.stringify(memory)}), ${used.framework.cpu.toFixed(0)} s of CPU, ${((used.framework.cpu / seconds) * 100).toFixed(0)} % of a core; master with agents: ${used.master.memory} MB, ${used.master.cpu.toFixed(0)} s, ${((used.master.cpu / seconds) * 100).toFixed(0)} %; managers: ${(process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6).toFixed(0)} s, ${questions} questions
calls: ${each(total)} a worker, and ${each(ACKNOWLEDGE)} acknowledgements: ${JSON.stringify(calls)}; answered after, ms: ${words(answers)}`);
} catch (error) {
  if (!stop.signal.aborted) {
    if (framework) console.error(readFileSync(join(dir, 'framework.log'), 'utf8').split('\n').slice(-20).join('\n'));
    throw error;
  }
} finally {
  for (const timer of timers) clearTimeout(timer);
  ports.close();
  framework?.kill('SIGTERM');
  server.kill('SIGTERM');
  if (master.connected) master.disconnect();
  if (!hasEnded(master)) await once(master, 'exit');
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
