// npm run bench:starts -- [--rounds 3] [--start-ms 250] [--at-once 20] [--agents 1] [--only NAME] [--before DIST/framework/main.js]
// How soon workers come where an agent starts executors slowly, and how many core-seconds are paid for in vain. An agent of 48
// cores (or several) starts at most 1000 / --start-ms executors a second, and --at-once launches share it equally. 48 tasks of one core:
// with one worker each, with `granularity: 16`, and with the default. `fresh`: the framework has just started; `later`: it has
// served another flow. The rate is emulated: the embedded master's agent waits before it starts a task.
// `uneven`: tasks of 1 to 10 s in the place of 5 s each. Seconds after makeflow's start, median (least, most): first task on a worker, all
// tasks on workers, flow done. Idle core-seconds as a part of the work: of the workers that are connected, and of all that
// Mesos has given away (so with the time in which workers start and leave). --before: another build takes part.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { askManager } from '../../dist/modules/framework/workqueue/manager.js';
import { launch } from './contenders.mjs';
import { portOf, startFlow } from './flows.mjs';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    'start-ms': { type: 'string', default: '250' },
    'at-once': { type: 'string', default: '20' },
    agents: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    before: { type: 'string' },
  },
});
const FRAMEWORK = join(import.meta.dirname, '..', '..', 'dist', 'framework', 'main.js');
const MASTER = join(import.meta.dirname, '..', 'e2e', 'framework', 'master-program.mjs');
const TASKS = 48;
const POLL_MS = 50;
const LIMIT_S = 120;

/** @typedef {{name: string, program: string, args: string[]}} Contender */
/** @type {Contender[]} */
const CONTENDERS = [
  { name: 'granularity 1', program: FRAMEWORK, args: ['--granularity', '1'] },
  { name: 'granularity 16', program: FRAMEWORK, args: ['--granularity', '16'] },
  { name: 'auto', program: FRAMEWORK, args: [] },
];
if (flags.before !== undefined) {
  const program = flags.before;
  CONTENDERS.push(
    { name: 'before, granularity 1', program, args: ['--granularity', '1'] },
    { name: 'before, auto', program, args: [] },
    { name: 'before, granularity 16', program, args: ['--granularity', '16'] },
  );
}

/** Cores that the master counts as used by tasks. @param {string} master */
async function coresUsed(master) {
  /** @type {{frameworks: {tasks: {state: string, resources: {cpus: number}}[]}[]}} */
  const { frameworks } = JSON.parse(await (await fetch(`http://${master}/state`)).text());
  const alive = frameworks
    .flatMap(({ tasks }) => tasks)
    .filter(({ state }) => !/FINISHED|FAILED|KILLED|LOST/.test(state));
  return alive.reduce((sum, { resources }) => sum + resources.cpus, 0);
}

/** @param {number | undefined} port @returns {Promise<{tasks: number, cores: number} | undefined>} tasks on workers, and cores of all workers */
async function onWorkers(port) {
  if (!port) return undefined;
  try {
    const times = { connectMs: 1000, silentMs: 1000, onSilent: () => {} };
    const { records } = await askManager({ host: '127.0.0.1', port }, 'queue_status', times);
    const [status] = /** @type {Record<string, number>[]} */ (/** @type {unknown} */ (records));
    return { tasks: status?.tasks_on_workers ?? 0, cores: status?.cores_total ?? 0 };
  } catch {
    return undefined;
  }
}

/** @param {Contender} contender @param {{later: boolean, seconds: number | number[], work: number}} scenario */
async function measure({ program, args }, { later, seconds, work }) {
  const dir = mkdtempSync(join(tmpdir(), 'bench-starts-'));
  const port = 20_000 + Math.floor(Math.random() * 6000) * 2;
  const catalog = `127.0.0.1:${port}`;
  const own = ['-I', '127.0.0.1', '-p', `${port}`, '-n', 'localhost', '-H', join(dir, 'history')];
  const children = [launch('catalog_server', [...own, '-u', '127.0.0.1:1'], dir, 'catalog.log')];
  const agent = { cpus: TASKS, memory: 1024 * TASKS, disk: 1024 * TASKS };
  const agents = Array.from({ length: Number(flags.agents) }, () => agent);
  const timings = { executorStart: Number(flags['start-ms']), executorsAtOnce: Number(flags['at-once']) };
  const cluster = fork(MASTER, [JSON.stringify({ agents, timings, workDir: join(dir, 'agents') })]);
  try {
    const [{ address: master }] = await once(cluster, 'message');
    const all = [
      '--master',
      master,
      '--docker',
      'none',
      '--catalog',
      catalog,
      '--state-dir',
      join(dir, 'state'),
      ...args,
    ];
    children.push(launch(process.execPath, [program, ...all], dir, 'framework.log'));
    await sleep(2500);
    if (later) {
      await once(startFlow(dir, catalog, { project: 'prior', stages: [16], seconds: 1, at: 0 }).child, 'exit');
      await sleep(5000);
    }
    const flow = startFlow(dir, catalog, { project: 'flow', stages: [TASKS], seconds, at: 0 });
    children.push(flow.child);
    let ended = false;
    flow.child.once('exit', () => {
      ended = true;
    });
    const since = () => (Date.now() - flow.started) / 1000;
    let [first, running, done, given, connected, last, cores] = [0, 0, 0, 0, 0, since(), 0];
    for (;;) {
      const used = await coresUsed(master);
      const now = since();
      given += used * (now - last);
      connected += cores * (now - last);
      last = now;
      cores = 0;
      if (ended) done ||= now;
      else {
        const seen = await onWorkers(portOf(flow.dir));
        cores = seen?.cores ?? 0;
        if (seen && seen.tasks > 0) first ||= since();
        if (seen?.tasks === TASKS) running ||= since();
      }
      if ((done && used === 0) || now > LIMIT_S) break;
      await sleep(POLL_MS);
    }
    return { first, running, done, connected: connected / work - 1, given: given / work - 1 };
  } finally {
    for (const child of children) child.kill('SIGTERM');
    await sleep(1000);
    for (const child of children) child.kill('SIGKILL');
    cluster.disconnect();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

const show = (/** @type {number[]} */ values, digits = 1) => {
  const [least, median, most] = [values.at(0), values[values.length >> 1], values.at(-1)];
  return `${median?.toFixed(digits)} (${least?.toFixed(digits)}, ${most?.toFixed(digits)})`.padEnd(18);
};
const even = { seconds: 5, work: 5 * TASKS };
const lengths = Array.from({ length: TASKS }, (_, task) => 1 + ((task * 7) % 10));
const uneven = { seconds: lengths, work: lengths.reduce((sum, length) => sum + length, 0) };
const SCENARIOS = [
  { name: 'fresh', later: false, ...even },
  { name: 'later', later: true, ...even },
  { name: 'fresh, uneven', later: false, ...uneven },
];
const heads = ['first', 'all running', 'done', 'idle connected, %', 'idle given, %'];
console.log(`${''.padEnd(36)}${heads.map((head) => head.padEnd(18)).join('')}`);
for (const scenario of SCENARIOS) {
  const taking = CONTENDERS.map((contender) => ({
    contender,
    name: `${contender.name}, ${scenario.name}`,
    runs: /** @type {Awaited<ReturnType<typeof measure>>[]} */ ([]),
  })).filter(({ name }) => name.includes(flags.only));
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const { contender, runs } of taking) runs.push(await measure(contender, scenario));
  }
  for (const { name, runs } of taking) {
    const of = (/** @type {keyof (typeof runs)[0]} */ key, scale = 1, digits = 1) =>
      show(
        runs.map((run) => run[key] * scale).sort((a, b) => a - b),
        digits,
      );
    const times = `${of('first')}${of('running')}${of('done')}`;
    console.log(`${name.padEnd(36)}${times}${of('connected', 100, 0)}${of('given', 100, 0)}`);
  }
}
