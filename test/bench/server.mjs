// What the server of runs takes for the largest of what it is made for: a list of 5,000 runs, a run of 10,000 steps, a log of
// 100 MB at its end and searched. The built server in a process of its own; medians of 5, cold ones by themselves.
// Usage: npm run bench:server
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const CLI = join(ROOT, 'dist', 'validation', 'cli', 'main.js');
const RUNS = 5000;
const STEPS = 10_000;
const LOG_BYTES = 100e6;
const REPEATS = 5;
const FIRST = Date.parse('2029-01-01T00:00:00Z');

const dir = mkdtempSync(join(tmpdir(), 'bench-server-'));
const runs = join(dir, 'runs');
let child;
try {
  makeRuns();
  makeLargeRun();
  await makeLargeLog();
  const start = performance.now();
  child = spawn(process.execPath, [CLI, 'serve', '--no-config', '--listen', '127.0.0.1:0', '--runs', runs], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  const url = /http:\/\/\S+/.exec(String(line))?.[0];
  row('start, until it serves 5,000 runs', [performance.now() - start], 0);
  const log = `/api/v1/runs/large/steps/sim00001/log`;
  await measure('list of 5,000 runs: the first 100', '/api/v1/runs?limit=100');
  await measure('list of 5,000 runs: 1,000 of them', '/api/v1/runs?limit=1000');
  await measure('list of 5,000 runs: filtered by words', '/api/v1/runs?search=r0042');
  await measure('history of all workflows', '/api/v1/history');
  await measure('run of 10,000 steps: the run', '/api/v1/runs/large');
  await measure('run of 10,000 steps: 500 steps', '/api/v1/runs/large/steps?limit=500');
  await measure('run of 10,000 steps: all of them', '/api/v1/runs/large/steps?limit=20000');
  await measure('run of 10,000 steps: timeline', '/api/v1/runs/large/timeline');
  await measure('log of 100 MB: its last 200 lines', `${log}?line=-200&lines=200`);
  await measure('log of 100 MB: 200 lines in the middle', `${log}?line=500000&lines=200`);
  await measure('log of 100 MB: search, one hit at the end', `${log}/search?q=needle&case=1`);
  await measure('log of 100 MB: the same, capitals alike', `${log}/search?q=NEEDLE`);
  await measure(
    'log of 100 MB: by an expression',
    `${log}/search?q=${encodeURIComponent('need[a-z]e$')}&regex=1`,
    true,
  );
  console.log(`memory of the server afterwards: ${Math.round(memory() / 1e6)} MB`);

  /** @param {string} what @param {string} path @param {boolean} [untilDone] goes on as long as there may be more */
  async function measure(what, path, untilDone = false) {
    const times = [];
    let size = 0;
    for (let n = 0; n <= REPEATS; n++) {
      const begin = performance.now();
      for (let after = 0, next = true; next; ) {
        const answer = await fetch(`${url}${path}${after ? `&after=${after}` : ''}`);
        const text = await answer.text();
        if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${text}`);
        size = text.length;
        after = untilDone ? (JSON.parse(text).next ?? 0) : 0;
        next = after > 0;
      }
      times.push(performance.now() - begin);
    }
    row(what, times, size);
  }
} finally {
  child?.kill('SIGTERM');
  if (child) await once(child, 'exit');
  rmSync(dir, { recursive: true, force: true });
}

/** @param {string} what @param {number[]} times the first one cold @param {number} size */
function row(what, [cold = 0, ...warm], size) {
  const median = warm.sort((a, b) => a - b)[warm.length >> 1];
  const ms = (/** @type {number | undefined} */ value) =>
    (value === undefined ? '' : `${value.toFixed(0)} ms`).padStart(9);
  console.log(
    `${what.padEnd(44)} first ${ms(cold)}   median ${ms(median)}   ${(size / 1000).toFixed(0).padStart(6)} kB`,
  );
}

function memory() {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1024;
}

/** @param {string} id @param {number} created @param {number} steps */
function record(id, created, steps) {
  return {
    schema: 'relval-run-1',
    id,
    name: `gpmc${Number(id.slice(-1)) % 4 || ''}`,
    workflow: 'mc',
    request: {
      input: '/data/gpmc.jdl',
      set: [],
      setAppend: [],
      lenient: false,
      local: false,
      catalog: 'localhost:9097',
    },
    state: 'ended',
    verdict: 'failed',
    reason: 'one step of 40 failed',
    process: { pid: 1, start: '1', host: hostname() },
    project: id,
    created,
    ended: created + 3_600_000,
    totals: { steps, succeeded: steps - 1, failed: 1, broken: 0, running: 0 },
  };
}

/** @param {string} id @param {number} created @param {string[]} steps */
function report(id, created, steps) {
  const finding = (n) => ({
    step: steps[n % steps.length],
    stage: 'sim',
    attempt: 1,
    severity: n % 3 === 0 ? 'error' : 'warning',
    rule: 'segmentation-violation',
    file: 'stdout.log',
    line: 100 + n,
    message: ` *** Break *** Segmentation violation ${n}`,
    context: { before: ['one line', 'and another'], after: ['and what comes then'] },
    fingerprint: `${n}`.padStart(16, '0'),
    age: n % 2 === 0 ? 'new' : 'known',
  });
  return {
    schema: 'relval-report-1',
    run: id,
    name: 'gpmc',
    workflow: 'mc',
    verdict: 'failed',
    reason: 'one step of 40 failed',
    start: created,
    end: created + 3_600_000,
    totals: {
      steps: steps.length,
      succeeded: steps.length - 1,
      failed: 1,
      broken: 0,
      notRun: 0,
      errors: 4,
      warnings: 8,
    },
    findings: Array.from({ length: 12 }, (_, n) => finding(n)),
    reference: { run: 'before', start: 0, runs: [] },
    fixed: [],
    steps: steps.map((step, n) => ({
      id: step,
      stage: 'sim',
      state: 'succeeded',
      attempts: 1,
      exitStatus: 0,
      start: created + n,
      end: created + n + 60_000,
      host: `worker${n % 50}.example.org`,
      cpuTime: 55.5,
      peakMemory: 2e9,
      logs: [`steps/${step}/1/stdout.log`],
      outputs: [{ name: 'AliESDs.root', size: 1_234_567 }],
    })),
    provenance: {},
  };
}

/** @param {string} id @param {number} created @param {number} count */
function makeRun(id, created, count) {
  const path = join(runs, id);
  const steps = Array.from({ length: count }, (_, n) => `sim${String(n + 1).padStart(5, '0')}`);
  mkdirSync(join(path, 'report'), { recursive: true });
  writeFileSync(join(path, 'run.json'), JSON.stringify(record(id, created, count), null, 2));
  writeFileSync(join(path, 'report', 'report.json'), JSON.stringify(report(id, created, steps), null, 1));
  const events = [
    { time: created, type: 'planned', phase: 0, steps: steps.map((step) => ({ id: step, stage: 'sim' })) },
  ];
  for (const [n, step] of steps.entries()) {
    const of = { time: created + n, step, attempt: 1, task: `0.0.${n}` };
    events.push({ ...of, type: 'step-submitted' }, { ...of, type: 'step-running', worker: `worker${n % 50}:9123` });
    events.push({
      ...of,
      type: 'step-ended',
      state: 'succeeded',
      retried: false,
      seconds: 60,
      host: `worker${n % 50}`,
    });
  }
  writeFileSync(join(path, 'events.ndjson'), `${events.map((event) => JSON.stringify(event)).join('\n')}\n`);
}

function makeRuns() {
  for (let n = 0; n < RUNS - 1; n++) makeRun(`r${String(n).padStart(4, '0')}`, FIRST + n * 3_600_000, 40);
}

function makeLargeRun() {
  makeRun('large', FIRST + RUNS * 3_600_000, STEPS);
}

async function makeLargeLog() {
  const attempt = join(runs, 'large', 'steps', 'sim00001', '1');
  mkdirSync(attempt, { recursive: true });
  const file = createWriteStream(join(attempt, 'stdout.log'));
  let line = 0;
  for (let size = 0; size < LOG_BYTES; ) {
    let text = '';
    while (text.length < 1e6)
      text += `I-AliReconstruction::ProcessEvent: event ${++line}, ${line % 97} tracks, ${'.'.repeat(line % 60)}\n`;
    size += text.length;
    if (!file.write(text)) await once(file, 'drain');
  }
  file.end('and the needle\n');
  await once(file, 'close');
}
