// Thirty nights of one workflow as directories of runs, as `relval run` leaves them: what a history must find in them.
// node test/e2e/thirty-nights.mjs DIR writes them below DIR.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { writeEvents, writeReport, writeRun } from './page-stores.mjs';

export const NIGHTLY = 'mc-nightly';
const DAY = 86_400_000;

/** Night 1; a night is a number from 1 to 30. */
export const FIRST = Date.parse('2026-10-01T03:00:00Z');
/** The regression is there from the first to the last of these nights. A new release comes on each even night. */
export const REGRESSION = { first: 12, last: 19 };
/** sim0004 fails in these nights, and succeeds in a second attempt in those. */
export const FLAKY = { failed: [4, 5, 9, 16, 25], retried: [7, 18, 27, 29] };
/** The cluster fails in this night; somebody stops the run in that one before reco begins. */
export const BROKEN = 15;
export const STOPPED = 22;
/** reco takes so much more from night to night. */
export const DRIFT = 0.02;

const STAGES = [
  { name: 'sim', steps: 6, seconds: 900, memory: 1.1e9, output: 4e8 },
  { name: 'reco', steps: 6, seconds: 1500, memory: 2.3e9, output: 9e8 },
  { name: 'qaMerge', steps: 1, seconds: 240, memory: 6e8, output: 3e7 },
];

/** @param {number} night */
export const releaseOf = (night) => `AliPhysics::v5-09-${String(40 + Math.floor(night / 2)).padStart(2, '0')}`;

/** @param {number} night @param {string} [name] of the runs */
export function runOf(night, name = NIGHTLY) {
  const stamp = new Date(FIRST + (night - 1) * DAY).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${name}-${stamp}`;
}

/** Numbers that look random and are the same each time (mulberry32). @param {number} seed */
export function randomFrom(seed) {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}

/** @typedef {'succeeded' | 'failed' | 'broken' | 'waiting'} State */

/** @param {string} step @param {number} night @returns {State} */
function stateOf(step, night) {
  const late = !step.startsWith('sim');
  if (night === STOPPED && late) return 'waiting';
  if (night === BROKEN && late) return 'broken';
  if (step === 'sim0004' && FLAKY.failed.includes(night)) return 'failed';
  const isBad = night >= REGRESSION.first && night <= REGRESSION.last;
  if (isBad && (step === 'reco0002' || step === 'reco0005')) return 'failed';
  // It needs the outputs of all others.
  if (isBad && step === 'qaMerge') return 'waiting';
  return 'succeeded';
}

/** @param {string} step @param {string} stage @param {number} night */
function findingsOf(step, stage, night) {
  const common = { step, stage, attempt: 1, file: 'stdout.log', line: 40, column: 1 };
  const state = stateOf(step, night);
  if (state === 'failed' && stage === 'reco') {
    const message = ' *** Break *** segmentation violation in AliTPCtracker::FollowProlongation';
    return [
      {
        ...common,
        severity: 'error',
        rule: 'segmentation-violation',
        message,
        fingerprint: '5e6f00000000aaaa',
        component: 'TPC',
      },
    ];
  }
  if (state === 'failed') {
    const message = 'E-TAlienFile::Open: cannot read OCDB/GRP/CTP/Config: timeout after 300 s';
    return [
      { ...common, severity: 'error', rule: 'ocdb', message, fingerprint: '0cdb00000000bbbb', component: 'Grid' },
    ];
  }
  if (step === 'qaMerge' && state === 'succeeded') {
    const message = 'W-AliITSQADataMaker::Merge: 3 histograms have no entries';
    return [
      { ...common, severity: 'warning', rule: 'warning', message, fingerprint: '17500000000ccccc', component: 'ITS' },
    ];
  }
  return [];
}

/** @param {string} runs directory of runs @param {number} night @param {string} [name] of the runs */
export function writeNight(runs, night, name = NIGHTLY) {
  const created = FIRST + (night - 1) * DAY;
  const id = runOf(night, name);
  const { uniform, normal } = randomFrom(night * 7919);
  const steps = [];
  const planned = [];
  /** @type {ReturnType<typeof findingsOf>} */
  const findings = [];
  /** @type {Record<string, unknown>[]} */
  const events = [];
  let begin = created + 20_000;
  for (const stage of STAGES) {
    const ofNight = Math.exp(0.06 * normal());
    const drift = stage.name === 'reco' ? (1 + DRIFT) ** (night - 1) : 1;
    let latest = begin;
    for (let n = 1; n <= stage.steps; n++) {
      const step = stage.steps === 1 ? stage.name : `${stage.name}${String(n).padStart(4, '0')}`;
      const outlier = uniform() < 0.03 ? 2.5 : 1;
      const seconds = stage.seconds * drift * ofNight * outlier * Math.exp(0.12 * normal());
      const state = stateOf(step, night);
      const attempts = step === 'sim0004' && FLAKY.retried.includes(night) ? 2 : 1;
      const peakMemory = Math.round(stage.memory * Math.exp(0.03 * normal()));
      const outputBytes = Math.round(stage.output * Math.exp(0.02 * normal()));
      planned.push({ id: step, stage: stage.name });
      const found = findingsOf(step, stage.name, night);
      findings.push(...found);
      if (state === 'waiting') {
        steps.push({ id: step, stage: stage.name, state, attempts: 0, logs: [], outputs: [] });
        continue;
      }
      const start = Math.round(begin + uniform() * 30_000);
      const end = Math.round(start + seconds * 1000);
      latest = Math.max(latest, end);
      const exitStatus = state === 'failed' ? 139 : state === 'broken' ? 1 : 0;
      for (let attempt = 1; attempt <= attempts; attempt++) {
        const common = { step, attempt, task: `0.0.${planned.length}` };
        const last = attempt === attempts;
        events.push(
          { time: start - 9000 + attempt, type: 'step-submitted', ...common },
          { time: last ? start : start - 5000, type: 'step-running', ...common, worker: '10.0.0.7:9000' },
          {
            ...{ time: last ? end : start - 1000, type: 'step-ended', ...common },
            ...{ state: last ? state : 'broken', retried: !last, exitStatus: last ? exitStatus : 1 },
            ...{ seconds: last ? (end - start) / 1000 : 4, host: `node${n}` },
          },
        );
        const directory = join(runs, id, 'steps', step, String(attempt));
        mkdirSync(directory, { recursive: true });
        writeFileSync(
          join(directory, 'stdout.log'),
          `start\n${found.map(({ message }) => `${message}\n`).join('')}end\n`,
        );
        writeFileSync(join(directory, 'stderr.log'), '');
      }
      const outputs = state === 'succeeded' ? [{ name: `${stage.name}.root`, size: outputBytes }] : [];
      steps.push({
        ...{ id: step, stage: stage.name, state, attempts, exitStatus, start, end, host: `node${n}` },
        ...{ cpuTime: seconds * 0.93, peakMemory, outputBytes: state === 'succeeded' ? outputBytes : 0 },
        ...{ worker: '10.0.0.7:9000', logs: [`steps/${step}/${attempts}/stdout.log`], outputs },
      });
    }
    begin = latest + 5000;
  }
  events.sort((a, b) => Number(a.time) - Number(b.time));
  const failed = steps.filter(({ state }) => state === 'failed').length;
  const broken = steps.filter(({ state }) => state === 'broken').length;
  /** @type {'passed' | 'failed' | 'broken' | 'interrupted'} */
  const verdict = night === STOPPED ? 'interrupted' : failed > 0 ? 'failed' : broken > 0 ? 'broken' : 'passed';
  const reason = {
    passed: `all ${steps.length} steps succeeded, without errors in the logs; 1 warning`,
    failed: `${failed} of ${steps.length} steps failed`,
    broken: `${broken} of ${steps.length} steps are broken: the worker was lost 5 times`,
    interrupted: 'stopped by ann',
  }[verdict];
  const seconds = (begin - created) / 1000;
  const run = {
    ...{ id, name, workflow: 'mc', created, seconds, release: releaseOf(night), verdict, reason },
    ...{ steps: steps.length, failed },
  };
  const directory = writeRun(runs, run);
  const succeeded = steps.filter(({ state }) => state === 'succeeded').length;
  const file = join(directory, 'run.json');
  const totals = { steps: steps.length, succeeded, failed, broken, running: 0 };
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), totals }));
  writeEvents(directory, [
    { time: created, type: 'created', name, workflow: 'mc' },
    { time: created + 1000, type: 'planned', phase: 0, steps: planned },
    ...events,
    { time: begin, type: 'ended', verdict, reason },
  ]);
  const count = (/** @type {string} */ severity) => findings.filter((one) => one.severity === severity).length;
  writeReport(directory, run, {
    totals: {
      ...{ steps: steps.length, succeeded, failed, broken, notRun: steps.length - succeeded - failed - broken },
      ...{ errors: count('error') > 0 ? 1 : 0, warnings: count('warning') },
    },
    findings,
    steps,
    provenance: { release: releaseOf(night), packages: [releaseOf(night)] },
  });
}

/** @param {string} runs directory of runs @param {number} [nights] @param {string} [name] of the runs */
export function writeNights(runs, nights = 30, name = NIGHTLY) {
  mkdirSync(runs, { recursive: true });
  for (let night = 1; night <= nights; night++) writeNight(runs, night, name);
}

if (process.argv[1] && resolve(process.argv[1]) === import.meta.filename) writeNights(process.argv[2] ?? 'runs');
