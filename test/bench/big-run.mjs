// npm run bench:run -- [--steps 10000] [--at-once 20] [--step-seconds 30] [--seconds 120] [--status-runs 10] [--rate 50]
// What a run of many steps costs the machine that carries it: relval alone, with a catalog server and a worker beside it
// (`relval run --catalog`). Prints CPU (% of one core) while it prepares and while steps run, the most memory it ever had
// (MB), and how long `relval status` takes for it meanwhile, beside `node --version` (ms, median and worst: the machine's
// own noise). Then the same of a run that is over, all of whose steps have ended: its events are made up.
// With --rate, no step runs: stand-in-makeflow.mjs ends so many in a second, until the whole run has ended and was judged. Then
// the CPU time that relval needs for each step counts (ms), and the memory at the end.
import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { launch } from './contenders.mjs';

const { values: flags } = parseArgs({
  options: {
    steps: { type: 'string', default: '10000' },
    'at-once': { type: 'string', default: '20' },
    'step-seconds': { type: 'string', default: '30' },
    seconds: { type: 'string', default: '120' },
    'status-runs': { type: 'string', default: '10' },
    rate: { type: 'string' },
  },
});
const RELVAL = join(import.meta.dirname, '..', '..', 'dist', 'validation', 'cli', 'main.js');
const CATALOG_PORT = 19_397;
const STEPS = Number(flags.steps);

/** CPU seconds so far (fields 14 and 15 of /proc/PID/stat, in ticks of 10 ms), and the most MB ever. @param {number} pid */
function use(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  const [, kilobytes = '0'] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return {
    cpu: (Number(fields[11]) + Number(fields[12])) / 100,
    most: Number(kilobytes) / 1024,
    at: performance.now(),
  };
}

/** @param {{cpu: number, at: number}} before @param {{cpu: number, at: number}} after */
const share = (before, after) => (((after.cpu - before.cpu) * 100_000) / (after.at - before.at)).toFixed(1);

/** Median and worst of so many runs of a command, in ms. @param {string[]} args */
function timed(args) {
  const times = Array.from({ length: Number(flags['status-runs']) }, () => {
    const before = performance.now();
    execFileSync(process.execPath, args, { stdio: 'pipe', env, cwd: dir });
    return performance.now() - before;
  }).sort((a, b) => a - b);
  return `median ${Math.round(times[Math.floor(times.length / 2)] ?? 0)} ms, worst ${Math.round(times.at(-1) ?? 0)} ms`;
}

const dir = mkdtempSync(join(tmpdir(), 'big-run-bench-'));
/** @type {NodeJS.ProcessEnv & {RELVAL_RUNS: string}} */
const env = { ...process.env, RELVAL_RUNS: join(dir, 'runs'), NO_COLOR: '1' };
if (flags.rate !== undefined) {
  env.REAL_MAKEFLOW = execFileSync('which', ['makeflow'], { encoding: 'utf8' }).trim();
  env.STAND_IN_RATE = flags.rate;
  env.PATH = `${join(dir, 'bin')}:${env.PATH}`;
  mkdirSync(join(dir, 'bin'));
  symlinkSync(join(import.meta.dirname, 'stand-in-makeflow.mjs'), join(dir, 'bin', 'makeflow'));
}
const workflow = join(dir, 'big.yaml');
writeFileSync(
  workflow,
  `name: big
defaults: { resources: { memory: 10, disk: 10 } }
stages:
  - { name: sim, each: { jobs: 1-${STEPS - 1} }, command: 'echo "step #alien_counter#"; sleep ${flags['step-seconds']}' }
  - { name: merge, after: [sim], command: 'echo merged' }
`,
);
/** @type {{kill: (signal?: NodeJS.Signals) => unknown}[]} */
const children = [];
try {
  const catalogFlags = ['-I', '127.0.0.1', '-p', String(CATALOG_PORT), '-u', '127.0.0.1:1', '-n', 'localhost'];
  children.push(launch('catalog_server', [...catalogFlags, '-H', join(dir, 'history')], dir, 'catalog.log'));
  const began = performance.now();
  const relval = spawn(
    process.execPath,
    [RELVAL, 'run', workflow, '--catalog', `127.0.0.1:${CATALOG_PORT}`, '--log-address', '127.0.0.1', '--no-check'],
    { cwd: dir, env, stdio: ['ignore', 'ignore', flags.rate === undefined ? 'inherit' : 'ignore'] },
  );
  relval.stderr?.resume();
  children.push(relval);
  const pid = /** @type {number} */ (relval.pid);
  const run = await newRun();
  if (flags.rate === undefined) await runOnWorker(relval, pid, run, began);
  else await followToEnd(relval, pid, run);
} finally {
  for (const child of children) child.kill('SIGKILL');
  await sleep(500);
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 500 });
}

/** All steps end, by the stand-in. @param {import('node:child_process').ChildProcess} relval @param {number} pid @param {string} run */
async function followToEnd(relval, pid, run) {
  while (!existsSync(join(run, 'work', 'Makeflow.0.makeflowlog'))) await sleep(50);
  const before = use(pid);
  let last = before;
  const events = join(run, 'events.ndjson');
  while (!endOf(events).includes('"phase-ended"') && existsSync(`/proc/${pid}/stat`)) {
    last = use(pid);
    await sleep(100);
  }
  const each = ((last.cpu - before.cpu) * 1000) / STEPS;
  const seconds = ((last.at - before.at) / 1000).toFixed(0);
  console.log(
    `${STEPS} steps end in ${seconds} s: ${each.toFixed(2)} ms of CPU a step, at most ${last.most.toFixed(0)} MB`,
  );
  while (relval.exitCode === null && existsSync(`/proc/${pid}/stat`)) {
    const now = use(pid);
    if (now.most > 0) last = now; // a process that has ended has no memory
    await sleep(20);
  }
  console.log(`with judgement and report: ${last.cpu.toFixed(1)} s of CPU in all, at most ${last.most.toFixed(0)} MB`);
  console.log(`relval status, when it has ended: ${timed([RELVAL, 'status', run])}`);
}

/**
 * Real makeflow with a real worker.
 * @param {import('node:child_process').ChildProcess} relval @param {number} pid @param {string} run @param {number} began
 */
async function runOnWorker(relval, pid, run, began) {
  const portFile = join(run, 'work', 'Makeflow.0.port');
  while (!existsSync(portFile) || readFileSync(portFile, 'utf8') === '') await sleep(100);
  console.log(`${STEPS} steps: makeflow listens after ${((performance.now() - began) / 1000).toFixed(1)} s`);
  const cores = flags['at-once'];
  const shape = ['--cores', cores, '--memory', String(Number(cores) * 10), '--disk', String(Number(cores) * 10)];
  const port = readFileSync(portFile, 'utf8').trim();
  children.push(launch('work_queue_worker', [...shape, '-t', '600', '-s', dir, '127.0.0.1', port], dir, 'worker.log'));
  while (!/"type":"step-connected"/.test(readFileSync(join(run, 'events.ndjson'), 'utf8'))) await sleep(100);
  const started = use(pid);
  console.log(`until the first step runs: ${started.cpu.toFixed(1)} s of CPU, at most ${started.most.toFixed(0)} MB`);
  await sleep(Number(flags.seconds) * 1000);
  const after = use(pid);
  const ended = readFileSync(join(run, 'events.ndjson'), 'utf8').split('"step-ended"').length - 1;
  console.log(
    `while steps run, ${cores} at once, ${(ended / Number(flags.seconds)).toFixed(2)} ending a second: ` +
      `${share(started, after)} % of one core, at most ${after.most.toFixed(0)} MB`,
  );
  console.log(`relval status: ${timed([RELVAL, 'status', run])} (node --version: ${timed(['--version'])})`);
  relval.kill('SIGKILL');
  finish(run);
  console.log(`relval status, when all steps have ended: ${timed([RELVAL, 'status', run])}`);
}

/** The last bytes of a file. @param {string} path */
function endOf(path) {
  const file = openSync(path, 'r');
  const bytes = Buffer.alloc(1000);
  const length = readSync(file, bytes, 0, bytes.length, Math.max(0, fstatSync(file).size - bytes.length));
  closeSync(file);
  return bytes.toString('latin1', 0, length);
}

/** @returns {Promise<string>} */
async function newRun() {
  for (;;) {
    const names = existsSync(env.RELVAL_RUNS) ? readdirSync(env.RELVAL_RUNS) : [];
    const path = names.map((name) => join(env.RELVAL_RUNS, name)).find((one) => existsSync(join(one, 'events.ndjson')));
    if (path) return path;
    await sleep(100);
  }
}

/** The events of all steps, as if they had run. @param {string} run */
function finish(run) {
  const lines = Array.from({ length: STEPS }, (_, n) => {
    const step = `sim${String(n + 1).padStart(4, '0')}`;
    const common = { step, attempt: 1, task: `0.1.${n}` };
    return [
      { time: n, type: 'step-submitted', ...common },
      { time: n + 1, type: 'step-running', ...common, worker: '127.0.0.1:1' },
      { time: n + 2, type: 'step-connected', step, attempt: 1, execution: `${step}-1`, host: 'h' },
      { time: n + 3, type: 'step-ended', ...common, state: 'succeeded', retried: false, seconds: n % 100, host: 'h' },
    ];
  }).flat();
  appendFileSync(join(run, 'events.ndjson'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}
