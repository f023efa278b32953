// Directories of runs in which anything may stand in the place of anything.
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';

const START = Date.UTC(2029, 0);
const STEP = 'sim0001';
/** Of the only finding of a run. */
export const FINGERPRINT = '0123456789abcdef';

/** @typedef {(limit: number) => number} Random a whole number from 0, below the limit */

/** @param {number} seed @returns {Random} the same numbers for the same seed (mulberry32) */
export function randomOf(seed) {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

/** @template T @param {Random} random @param {readonly T[]} list @returns {T} */
export function pick(random, list) {
  return /** @type {T} */ (list[random(list.length)]);
}

/** @param {string} id @param {string} input @param {string} [name] */
function record(id, input, name = 'fuzz') {
  return {
    schema: 'relval-run-1',
    id,
    name,
    workflow: 'mc',
    request: { input, set: [], setAppend: [], lenient: false, local: true },
    state: 'ended',
    verdict: 'failed',
    reason: 'it failed',
    process: { pid: 1, start: '0', host: hostname() },
    project: `relval-${id}`,
    created: START,
    ended: START + 60_000,
    totals: { steps: 1, succeeded: 0, failed: 1, broken: 0, running: 0 },
  };
}

/** @returns {object[]} */
function events() {
  const task = '0.0.1';
  return [
    { type: 'created', name: 'fuzz', workflow: 'mc' },
    { type: 'planned', phase: 0, steps: [{ id: STEP, stage: 'sim' }] },
    { type: 'step-submitted', step: STEP, attempt: 1, task },
    { type: 'step-running', step: STEP, attempt: 1, task, worker: 'w:1' },
    {
      type: 'step-ended',
      step: STEP,
      attempt: 1,
      task,
      state: 'failed',
      retried: false,
      message: 'm',
      seconds: 1,
      host: 'h',
    },
  ].map((event, n) => ({ time: START + n, ...event }));
}

function report(/** @type {string} */ id) {
  const finding = {
    step: STEP,
    stage: 'sim',
    attempt: 1,
    severity: 'error',
    rule: 'r',
    file: 'stdout.log',
    line: 1,
    message: 'm',
    fingerprint: FINGERPRINT,
    component: 'c',
  };
  const totals = { steps: 1, succeeded: 0, failed: 1, broken: 0, notRun: 0, errors: 1, warnings: 0 };
  const step = { id: STEP, stage: 'sim', state: 'failed', attempts: 1, logs: [], outputs: [] };
  return {
    ...{
      schema: 'relval-report-1',
      run: id,
      name: 'fuzz',
      workflow: 'mc',
      verdict: 'failed',
      reason: 'r',
      start: START,
      end: START + 1,
    },
    ...{ totals, findings: [finding], steps: [step], provenance: {} },
  };
}

const JDL =
  'Executable = "/alice/bin/aliroot_dpgsim.sh";\nSplit = "production:1-5";\nArguments = "--run 1";\nOutputDir = "/out/#alien_counter#";\n';
/** Planning it never ends, is very large, or leads elsewhere. */
const EVIL_JDLS = [
  `${JDL}Comment = "${'a'.repeat(60)}b";\nComment_replace = { "^(a+)+$", "x" };\n`,
  JDL.replace('1-5', '1-999999'),
  `${JDL}InputFile = { "LF:../../../../../../../../SECRET", "/etc/passwd" };\n`,
  `${JDL}InputDataCollection = "LF:../../../../../../../../../../../etc/passwd,nodownload";\n`,
  JDL.repeat(20_000),
  `X = { ${'"a", '.repeat(100_000)} "b" };\n`,
  '{'.repeat(100_000),
];

/**
 * A run in which all is as it should be.
 * @param {string} runs @param {string} id @param {{lines?: number, name?: string}} [options] lines of its log, name of the run
 * @returns {string} its directory
 */
export function makeRun(runs, id, { lines = 1000, name } = {}) {
  const dir = join(runs, id);
  const input = '/fuzz/run.jdl';
  write(join(dir, 'run.json'), JSON.stringify(record(id, input, name)));
  write(join(dir, 'events.ndjson'), lineEach(events()));
  write(join(dir, 'report', 'report.json'), JSON.stringify(report(id)));
  write(join(dir, 'report', 'index.html'), '<p>report</p>');
  write(join(dir, 'report', 'junit.xml'), '<testsuites/>');
  write(join(dir, 'report', 'validation_report_full.txt'), 'report\n');
  write(join(dir, 'report', 'histograms.ndjson'), '{}\n');
  write(join(dir, 'input', 'tree', input), JDL);
  write(join(dir, 'input', 'rules.yaml'), 'rules: []\n');
  const attempt = join(dir, 'steps', STEP, '1');
  write(join(attempt, 'stdout.log'), Array.from({ length: lines }, (_, n) => `line ${n} of ${id}\n`).join(''));
  write(join(attempt, 'stdout.log.times'), Buffer.alloc(12 * 50));
  write(join(attempt, 'stderr.log'), 'trouble\n');
  write(join(attempt, 'logs', 'rec.log'), 'rec\n');
  write(join(attempt, 'result.json'), '{}');
  write(join(dir, 'local', 'framework-url'), 'http://127.0.0.1:9/\n');
  return dir;
}

/** Files and directories of a run, in whose place something else may stand. */
const PLACES = [
  'run.json',
  'events.ndjson',
  'report',
  'report/report.json',
  'report/index.html',
  'report/validation_report_full.txt',
  'report/histograms.ndjson',
  'input',
  'input/rules.yaml',
  'input/tree/fuzz/run.jdl',
  'input/tree/fuzz',
  'steps',
  `steps/${STEP}`,
  `steps/${STEP}/1`,
  `steps/${STEP}/1/stdout.log`,
  `steps/${STEP}/1/stdout.log.times`,
  `steps/${STEP}/1/logs`,
  `steps/${STEP}/1/logs/rec.log`,
  'local',
  'local/framework-url',
];

/**
 * A run in whose directory some things are not what they should be.
 * @param {string} runs @param {string} id @param {Random} random
 * @param {{secret: string, secretDir: string}} outside a file and a directory of which nothing may be seen
 */
export function makeHostileRun(runs, id, random, outside) {
  const hidden = join(runs, `.making-${id}`);
  const dir = realpathSync(makeRun(dirname(hidden), `.making-${id}`, { lines: 100 }));
  for (let n = random(4) + 1; n > 0; n--) {
    try {
      spoil(dir, pick(random, PLACES), random, outside);
    } catch (error) {
      // What stands above it is no directory any more.
      if (!['ENOTDIR', 'EISDIR', 'ENOENT', 'ENXIO', 'EEXIST'].includes(String(/** @type {any} */ (error).code)))
        throw error;
    }
  }
  rmSync(join(runs, id), { recursive: true, force: true });
  renameSync(dir, join(runs, id));
}

/** @param {string} dir @param {string} place @param {Random} random @param {{secret: string, secretDir: string}} outside */
function spoil(dir, place, random, { secret, secretDir }) {
  const path = join(dir, place);
  const kind = random(12);
  // A link above it may lead out of the run by now.
  if (!`${realpathSync(dirname(path))}/`.startsWith(`${dir}/`)) return;
  rmSync(path, { recursive: true, force: true });
  if (place === 'run.json' && kind > 5)
    return write(path, JSON.stringify(mutate(record('x', '/fuzz/run.jdl'), random)));
  if (place === 'events.ndjson' && kind > 3) return write(path, spoiledEvents(random));
  if (place === 'report/report.json' && kind > 8) return write(path, JSON.stringify(largeReport(random)));
  if (place === 'report/report.json' && kind > 4) return write(path, JSON.stringify(mutate(report('x'), random)));
  if (place === 'input/rules.yaml' && kind > 3) return write(path, pick(random, EVIL_YAML));
  if (place.endsWith('/stdout.log') && kind > 7) return write(path, pick(random, LOGS));
  if (place.endsWith('.jdl') && kind > 3) return write(path, pick(random, EVIL_JDLS).replace('SECRET', secret));
  rmSync(path, { recursive: true, force: true });
  switch (kind) {
    case 0:
    case 1:
      return void execFileSync('mkfifo', [path]);
    case 2:
      return mkdirSync(path);
    case 3:
      return symlinkSync(secret, path);
    case 4:
      return symlinkSync(secretDir, path);
    case 5:
      return symlinkSync('/dev/zero', path);
    case 6:
      // Sparse: it takes no room.
      closeSync(openSync(path, 'w'));
      return truncateSync(path, 4 * 2 ** 30);
    case 7:
      return write(path, '['.repeat(2_000_000));
    case 8:
      return write(path, `{"a":[${'[],'.repeat(3_000_000)}[]]}`);
    case 9:
      return write(path, Buffer.from(Array.from({ length: 10_000 }, () => random(256))));
    case 10:
      return write(path, 'x'.repeat(20_000_000));
    default:
      mkdirSync(path);
      for (let n = 0; n < 3000; n++) writeFileSync(join(path, `f${n}`), '');
  }
}

/** Names that no terminal, page or table expects. */
const NAMES = ['\u001b]0;x\u0007', '=1+1', '__proto__', '../../secret', 'a\nb\r"c', '%00', '\u202e', 'x'.repeat(1000)];
/** Aliases that grow without end, nesting without end, and expressions that do not end. */
const EVIL_YAML = [
  `rules:\n${Array.from({ length: 12 }, (_, n) => `  - &a${n} [${`*a${n - 1},`.repeat(n === 0 ? 0 : 9)}x]\n`).join('')}`,
  `rules: ${'['.repeat(50_000)}`,
  `rules: [{ id: x, severity: error, matches: '^(a+)+$' }, { id: r, except: [{ matches: '(.*)*x', reason: r }] }]\n`,
  'rules: *nothing\n',
  `rules: [${'{ id: x },'.repeat(20_000)}]\n`,
];
/** Logs that are hard to compare, to fold and to search. */
const LOGS = [
  'a'.repeat(8_000_000),
  '\n'.repeat(3_000_000),
  Array.from({ length: 60_000 }, (_, n) => `${(n * 7919) % 60_000} x\n`).join(''),
  `${'\u001b[31m'.repeat(50_000)}\n`.repeat(10),
  'same\n'.repeat(500_000),
];

/** A report as large as a run may have, whose names no other run has. @param {Random} random */
function largeReport(random) {
  const own = random(1e9);
  const name = () => `${pick(random, NAMES)}${own}`;
  const steps = Array.from({ length: 4000 }, (_, n) => ({
    ...{ id: `s${n}`, stage: `stage ${own}.${n % 400}`, attempts: 1 + random(3), logs: [], outputs: [] },
    ...{ state: pick(random, ['succeeded', 'failed', 'broken', 'aborted']), start: START, end: START + random(1e6) },
    ...{ peakMemory: random(1e9), outputBytes: random(1e9) },
  }));
  const findings = Array.from({ length: 4000 }, (_, n) => ({
    ...{ step: `s${n}`, stage: `stage ${own}.${n % 400}`, attempt: 1, file: 'stdout.log', line: n },
    ...{ severity: pick(random, ['error', 'warning', 'info']), rule: name(), message: `${name()} ${n}` },
    ...{ fingerprint: `${own}-${n}`, component: `${name()}${n}` },
  }));
  return { ...report('x'), findings, steps };
}

/**
 * Puts something in the place of the history of a directory of runs.
 * @param {string} runs @param {Random} random @param {{secret: string}} outside
 */
export function spoilHistory(runs, random, outside) {
  const place = join(runs, 'history', 'runs.ndjson');
  const made = join(runs, '.making-history');
  rmSync(made, { recursive: true, force: true });
  makeHistory(made, random, outside);
  mkdirSync(dirname(place), { recursive: true });
  rmSync(place, { recursive: true, force: true });
  // The server may just have added a line.
  renameSync(made, place);
}

/** @param {string} file @param {Random} random @param {{secret: string}} outside */
function makeHistory(file, random, { secret }) {
  switch (random(7)) {
    case 0:
      return void execFileSync('mkfifo', [file]);
    case 1:
      return symlinkSync(pick(random, [secret, '/dev/zero']), file);
    case 2:
      return mkdirSync(file);
    case 3:
      return write(file, `${'['.repeat(1_000_000)}\n${`{"a":[${'[],'.repeat(300_000)}[]]}\n`.repeat(5)}`);
    case 4:
      return write(file, lineEach(Array.from({ length: 300 }, (_, n) => mutate(historyLine(n, 2, random), random))));
    default:
      // As many nights as count, each with stages and findings of its own.
      return write(file, lineEach(Array.from({ length: 1000 }, (_, n) => historyLine(n, 40, random))));
  }
}

/** A line of a run that was removed. @param {number} night @param {number} size @param {Random} random */
function historyLine(night, size, random) {
  const spread = () => ({ median: random(1000) + 1, low: 1, high: 1000 });
  const own = random(3) === 0 ? night : 0;
  const list = (/** @type {string} */ text) => Array.from({ length: size }, (_, n) => `${text} ${own}.${n}`);
  const counts = { steps: 4, succeeded: 1, failed: 1, broken: 1, notRun: 1 };
  return {
    ...{
      schema: 'relval-history-1',
      stamp: 's',
      id: `gone-${night}`,
      name: pick(random, [...NAMES, 'fuzz', 'fuzz', 'fuzz']),
    },
    ...{
      workflow: 'mc',
      release: `v${random(9)}`,
      created: pick(random, [START, 1e15, -1e15, 1e300]) + night * 86_400_000,
    },
    ...{ verdict: pick(random, ['passed', 'failed', 'broken']), judged: true, totals: counts },
    ...{ errors: 1, warnings: 1, histograms: 1, cut: [] },
    stages: list('stage').map((name) => ({
      ...{ name, ...counts, retried: 1, failedSteps: list('f'), unjudgedSteps: ['u'], retriedSteps: list('r') },
      ...{ duration: spread(), peakMemory: spread(), outputBytes: spread() },
    })),
    findings: list('key').map((key) => ({
      ...{ key, severity: 'error', rule: pick(random, NAMES), text: pick(random, NAMES), stage: 'stage 0.0' },
      ...{ steps: ['f 0.0'], count: 1 },
    })),
    components: Object.fromEntries(list('component').map((name) => [name, { errors: 1, warnings: 0 }])),
  };
}

/** @param {Random} random */
function spoiledEvents(random) {
  const good = events();
  switch (random(5)) {
    case 0:
      return lineEach(good.map((event) => mutate(event, random)));
    case 1:
      return `${lineEach(good)}null\n7\n"text"\n[]\n{}\n{"type":"planned","time":1}\n${'{"type":'.repeat(1000)}`;
    case 2: {
      const steps = Array.from({ length: 150_000 }, (_, n) => ({ id: `s${n}`, stage: `stage${n % 900}` }));
      return lineEach([...good, { time: START, type: 'planned', phase: 0, steps }]);
    }
    case 3:
      return lineEach([
        ...good,
        { time: START, type: 'step-ended', step: STEP, attempt: 1e300, state: '__proto__', message: 'x'.repeat(5e6) },
      ]);
    default:
      return lineEach([...good, ...Array.from({ length: 20_000 }, (_, n) => ({ ...good[3], attempt: n }))]);
  }
}

/** @type {readonly unknown[]} */
const VALUES = [
  null,
  -1,
  1e15,
  1e300,
  '',
  'x'.repeat(100_000),
  [],
  {},
  true,
  '\u001b[2J',
  '__proto__',
  [[[]]],
  { toString: 1 },
];

/** Some values in it are others. @template T @param {T} value @param {Random} random @returns {unknown} */
function mutate(value, random) {
  if (random(6) === 0) return pick(random, VALUES);
  if (Array.isArray(value)) return value.map((one) => mutate(one, random));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, random(3) === 0 ? mutate(one, random) : one]),
  );
}

/** @param {readonly unknown[]} values */
function lineEach(values) {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('');
}

/** @param {string} path @param {string | Buffer} text */
function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
