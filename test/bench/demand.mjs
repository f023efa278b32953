// npm run bench:demand -- [--quick] [--ours] [--only NAME] [--json FILE] [--keep]
// How fast tasks get their workers, and how fast these are given back: our framework on its embedded master, Work Queue's own
// factory in two settings, and plain workers started at once (the floor), side by side in one run with the real tools.
// All times in seconds after the first makeflow was started. --quick leaves out the slow contender and repeats nothing,
// --ours all but the framework, --only all scenarios without NAME in theirs; --keep keeps the logs.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { factoryDefault, factoryTuned, floor, framework, launch } from './contenders.mjs';
import { look, portOf, startFlow } from './flows.mjs';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    ours: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    json: { type: 'string' },
  },
});

const POLL_MS = 100;
const FLOW_LIMIT_MS = 180_000;
const GONE_LIMIT_MS = 60_000;
/** The factory sleeps 30 s between looks: where in its cycle a flow begins decides what it waits. */
const FACTORY_CYCLE_MS = 30_000;

/** @typedef {import('./flows.mjs').Flow} Flow */
/** @typedef {{name: string, want: number, workers: number, flows: Flow[], prior?: boolean}} Scenario */

/** @param {string} project @param {number[]} stages @param {number} seconds @param {number} [at] @returns {Flow} */
const flow = (project, stages, seconds, at = 0) => ({ project, stages, seconds, at });

/** @type {Scenario[]} */
const SCENARIOS = [
  { name: '48 x 5 s', want: 48, workers: 48, flows: [flow('a', [48], 5)] },
  { name: '48 x 5 s, after another flow', want: 48, workers: 48, flows: [flow('a', [48], 5)], prior: true },
  { name: '480 x 0.5 s on 16 workers', want: 16, workers: 16, flows: [flow('a', [480], 0.5)] },
  { name: 'two stages of 24 x 3 s', want: 24, workers: 48, flows: [flow('a', [24, 24], 3)] },
  {
    name: 'three projects of 16 x 5 s',
    want: 48,
    workers: 48,
    flows: ['a', 'b', 'c'].map((name) => flow(name, [16], 5)),
  },
  {
    name: 'bursts of 16 x 2 s every 20 s',
    want: 16,
    workers: 48,
    flows: [0, 20, 40].map((at, n) => flow(`b${n}`, [16], 2, at)),
  },
];

const sleep = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {import('node:child_process').ChildProcess} child @param {NodeJS.Signals} signal */
function signalGroup(child, signal) {
  try {
    if (child.pid) process.kill(-child.pid, signal);
  } catch {
    // it has ended
  }
}

/** A catalog server and its port, and the one behind it that it needs too: another pair is tried where one is taken. */
async function startCatalog(dir) {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 6000) * 2;
    const own = ['-I', '127.0.0.1', '-p', `${port}`, '-n', 'localhost', '-H', join(dir, 'history')];
    const child = launch('catalog_server', [...own, '-u', '127.0.0.1:1'], dir, 'catalog.log');
    await sleep(500);
    if (child.exitCode === null && child.signalCode === null) return { child, port };
  }
}

/**
 * @param {import('./contenders.mjs').Contender} contender
 * @param {Scenario} scenario
 * @param {number} phaseMs how long the contender has been idle when the flow begins
 */
async function measure(contender, scenario, phaseMs) {
  const dir = mkdtempSync(join(tmpdir(), 'bench-demand-'));
  const { child, port } = await startCatalog(dir);
  const room = { dir, catalog: `127.0.0.1:${port}`, workers: scenario.workers };
  const children = [child];
  try {
    const projects = [...scenario.flows.map(({ project }) => project), 'prior'];
    children.push(...contender.start(room, projects));
    await sleep(phaseMs);
    if (scenario.prior) await runPrior(contender, room, children);
    return await watch(contender, scenario, room, children);
  } finally {
    for (const child of children.reverse()) signalGroup(child, 'SIGTERM');
    await sleep(700);
    for (const child of children) signalGroup(child, 'SIGKILL');
    if (!flags.keep) rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

async function runPrior(contender, room, children) {
  const prior = startFlow(room.dir, room.catalog, flow('prior', [8], 0.5));
  children.push(prior.child);
  const ended = new Promise((resolve) => prior.child.once('exit', resolve));
  if (contender.join) {
    while (!portOf(prior.dir)) await sleep(20);
    children.push(...contender.join(room, portOf(prior.dir), 8));
  }
  await ended;
  await sleep(5000);
}

async function watch(contender, scenario, room, children) {
  const begin = Date.now();
  const since = () => (Date.now() - begin) / 1000;
  const later = [...scenario.flows].sort((a, b) => a.at - b.at);
  const running = [];
  const joined = new Set();
  let firstWorker;
  let allWorkers;
  let paid = 0;
  let last = Date.now();
  let workers = 0;
  while (later.length > 0 || running.some(({ ended }) => ended === undefined)) {
    if (since() * 1000 > FLOW_LIMIT_MS) break;
    while (later[0] && later[0].at <= since()) {
      const started = startFlow(room.dir, room.catalog, later.shift());
      started.child.once('exit', () => {
        started.ended = since();
      });
      running.push(started);
      children.push(started.child);
    }
    let connected = 0;
    for (const one of running) {
      const port = one.ended === undefined ? portOf(one.dir) : undefined;
      if (!port) continue;
      if (contender.join && !joined.has(one)) {
        joined.add(one);
        children.push(...contender.join(room, port, Math.min(Math.max(...one.flow.stages), scenario.workers)));
      }
      connected += (await look(port))?.workers ?? 0;
    }
    const now = Date.now();
    paid += (workers * (now - last)) / 1000;
    last = now;
    workers = connected;
    if (connected > 0) firstWorker ??= since();
    if (connected >= scenario.want) allWorkers ??= since();
    await sleep(POLL_MS);
  }
  const done = running.every(({ ended }) => ended !== undefined)
    ? Math.max(...running.map(({ ended }) => ended ?? 0))
    : undefined;
  const gone = done === undefined ? undefined : await untilGone(room);
  if (gone !== undefined) paid += gone.workerSeconds;
  const used = scenario.flows.reduce(
    (sum, { stages, seconds }) => sum + seconds * stages.reduce((a, b) => a + b, 0),
    0,
  );
  const ideal = Math.max(
    ...scenario.flows.map(
      ({ stages, seconds, at }) =>
        at + stages.reduce((sum, count) => sum + seconds * Math.ceil(count / scenario.want), 0),
    ),
  );
  const tasks = scenario.flows.reduce((sum, { stages }) => sum + stages.reduce((a, b) => a + b, 0), 0);
  return {
    firstWorker,
    allWorkers,
    done,
    makespan: done === undefined ? undefined : done / ideal,
    paidOverUsed: paid / used,
    idleWorkerSeconds: Math.max(0, paid - used),
    goneAfter: gone?.seconds,
    launchesOverTasks: launchesOf(running) / tasks,
  };
}

/** Workers that any of the flows ever saw connect. */
function launchesOf(running) {
  return running.reduce((sum, { dir }) => {
    const log = readFileSync(join(dir, 'flow.json.wqlog.tr'), 'latin1');
    return sum + (log.match(/WORKER worker-\S+ \S+\s+CONNECTION$/gm)?.length ?? 0);
  }, 0);
}

/** Waits until no worker process below the room is left, and adds up what those still there cost. */
async function untilGone({ dir, catalog }) {
  const begin = Date.now();
  let workerSeconds = 0;
  for (;;) {
    const count = workersLeft(dir, catalog);
    if (count === 0) return { seconds: (Date.now() - begin) / 1000, workerSeconds };
    if (Date.now() - begin > GONE_LIMIT_MS) return { seconds: undefined, workerSeconds };
    await sleep(200);
    workerSeconds += count * 0.2;
  }
}

function workersLeft(dir, catalog) {
  const { stdout } = spawnSync('ps', ['-eo', 'args='], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .filter(
      (line) =>
        /work_queue_worker /.test(line) &&
        !line.startsWith('sh ') &&
        (line.includes(catalog) || line.includes(dir) || line.includes('mesos-workqueue-framework-')),
    ).length;
}

const all = flags.quick ? [framework, factoryTuned, floor] : [framework, factoryTuned, factoryDefault, floor];
const contenders = flags.ours ? [framework] : all;
const results = [];
const columns = [
  'firstWorker',
  'allWorkers',
  'done',
  'makespan',
  'paidOverUsed',
  'idleWorkerSeconds',
  'goneAfter',
  'launchesOverTasks',
];
const show = (/** @type {number | undefined} */ value) =>
  (value === undefined ? 'never' : value.toFixed(2)).padStart(9);
console.log(
  `${''.padEnd(30)} ${''.padEnd(18)} ${['first', 'all', 'done', '/ideal', 'paid/used', 'idle w.s', 'gone', 'launches'].map((head) => head.padStart(9)).join(' ')}`,
);
for (const scenario of SCENARIOS.filter(({ name }) => name.includes(flags.only))) {
  for (const contender of contenders) {
    const cycles = contender.name.startsWith('factory')
      ? flags.quick
        ? [0.5]
        : [0.1, 0.5, 0.9]
      : flags.quick
        ? [0]
        : [0, 0, 0];
    for (const cycle of cycles) {
      const measured = await measure(contender, scenario, 3000 + cycle * FACTORY_CYCLE_MS);
      results.push({ scenario: scenario.name, contender: contender.name, ...measured });
      console.log(
        `${scenario.name.padEnd(30)} ${contender.name.padEnd(18)} ${columns.map((key) => show(measured[/** @type {keyof typeof measured} */ (key)])).join(' ')}`,
      );
    }
  }
}
if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(results, null, 2)}\n`);
