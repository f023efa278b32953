// Directories of runs as `relval run` leaves them, made at once and as large as wanted: for what a browser must cope with.
import { appendFileSync, closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** A process that is gone: the run has ended, or was interrupted. */
const GONE = { pid: 1, start: '-', host: hostname() };
const WORKFLOWS = ['mc-nightly', 'reco-nightly', 'train-qa', 'mc-weekly'];
const STAGES = ['sim', 'simQa', 'reco', 'recoQa', 'merge'];

/**
 * @typedef {{id: string, name?: string, workflow?: string, created: number, seconds?: number, release?: string,
 *   verdict?: 'passed' | 'failed' | 'broken' | 'interrupted', reason?: string, steps?: number, failed?: number,
 *   process?: {pid: number, start: string, host: string}, input?: string}} Run
 */

/** run.json. Without a verdict it is running. @param {string} runs @param {Run} run @returns {string} its directory */
export function writeRun(runs, run) {
  const { id, created, verdict, reason, steps = 0, failed = 0, seconds = 600 } = run;
  const { name = id, workflow = 'mc', release, process = GONE, input = '/none.jdl' } = run;
  const directory = join(runs, id);
  mkdirSync(join(directory, 'report'), { recursive: true });
  const record = {
    schema: 'relval-run-1',
    id,
    name,
    workflow,
    request: { input, set: [], setAppend: [], lenient: false, local: false },
    state: verdict ? 'ended' : 'running',
    ...(verdict && { verdict, ended: created + seconds * 1000 }),
    ...(reason && { reason }),
    process,
    ...(release && { release }),
    project: id,
    created,
    totals: { steps, succeeded: verdict ? steps - failed : 0, failed, broken: 0, running: 0 },
  };
  writeFileSync(join(directory, 'run.json'), JSON.stringify(record));
  return directory;
}

/** @param {string} directory of a run @param {Record<string, unknown>[]} events */
export function writeEvents(directory, events) {
  appendFileSync(join(directory, 'events.ndjson'), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
}

/** report.json. @param {string} directory @param {Run} run @param {Record<string, unknown>} rest */
export function writeReport(directory, run, rest = {}) {
  const { id, name = id, workflow = 'mc', verdict = 'passed', reason = '', created, seconds = 600 } = run;
  const findings = /** @type {{severity: string}[]} */ (rest.findings ?? []);
  const count = (/** @type {string} */ severity) => findings.filter((one) => one.severity === severity).length;
  const steps = run.steps ?? 0;
  const failed = run.failed ?? 0;
  const report = {
    schema: 'relval-report-1',
    run: id,
    name,
    workflow,
    verdict,
    reason,
    start: created,
    end: created + seconds * 1000,
    totals: {
      steps,
      succeeded: steps - failed,
      failed,
      broken: 0,
      notRun: 0,
      errors: count('error'),
      warnings: count('warning'),
    },
    findings: [],
    steps: [],
    provenance: {},
    ...rest,
  };
  writeFileSync(join(directory, 'report', 'report.json'), JSON.stringify(report));
}

/** Many small runs of some workflows, one an hour, newest now. @param {string} runs @param {number} count @param {number} now */
export function writeManyRuns(runs, count, now) {
  for (let n = 0; n < count; n++) {
    const workflow = WORKFLOWS[n % WORKFLOWS.length] ?? 'mc';
    const created = now - (n + 1) * 3_600_000;
    const stamp = new Date(created).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
    const failed = n % 7 === 3 ? 2 : 0;
    const verdict = failed > 0 ? 'failed' : n % 31 === 5 ? 'broken' : n % 53 === 7 ? 'interrupted' : 'passed';
    const reason = {
      passed: 'all 40 steps succeeded',
      failed: '2 of 40 steps failed',
      broken: 'the catalog was not reached',
      interrupted: '',
    }[verdict];
    /** @type {Run} */
    const run = {
      id: `${workflow}-${stamp}`,
      name: workflow,
      workflow: workflow.split('-')[0] ?? 'mc',
      created,
      seconds: 1200 + ((n * 37) % 900),
      release: `v5-09-${String(60 - Math.floor(n / 96)).padStart(2, '0')}`,
      verdict,
      reason,
      steps: 40,
      failed,
    };
    const directory = writeRun(runs, run);
    const steps = ['sim0001', 'sim0002'];
    writeEvents(directory, [
      { time: created, type: 'created', name: run.name, workflow: run.workflow },
      { time: created, type: 'planned', phase: 0, steps: steps.map((id) => ({ id, stage: 'sim' })) },
      ...steps.map((step) => ({
        time: created + 9000,
        type: 'step-ended',
        step,
        attempt: 1,
        state: 'succeeded',
        retried: false,
        seconds: 8,
      })),
      { time: created + 1_200_000, type: 'ended', verdict, reason },
    ]);
    const age = n % 14 === 3 ? 'new' : 'known';
    const findings =
      failed > 0 ? ['sim0001', 'sim0002'].map((step) => finding(step, 'sim', 'segmentation-violation', age)) : [];
    writeReport(directory, run, { findings, fixed: [], reference: { run: 'earlier', start: created - 1, runs: [] } });
  }
}

/** @param {string} step @param {string} stage @param {string} rule @param {'new' | 'known'} age @param {number} line */
export function finding(step, stage, rule, age, line = 1) {
  return {
    step,
    stage,
    attempt: 1,
    severity: 'error',
    rule,
    file: 'stdout.log',
    line,
    message: ` *** Break *** ${rule}`,
    fingerprint: `${rule}-${age}`,
    age,
    component: stage === 'sim' ? 'TPC' : 'ITS',
  };
}

/**
 * One run of many steps over 200 workers, ended, with its report. A step in 500 failed.
 * @param {string} runs @param {Run} run @param {number} count
 */
export function writeLargeRun(runs, run, count) {
  const { created } = run;
  const planned = [];
  const events = [];
  const reported = [];
  const findings = [];
  for (let n = 0; n < count; n++) {
    const stage = STAGES[Math.floor((n / count) * STAGES.length)] ?? 'sim';
    const id = `${stage}${String(n).padStart(5, '0')}`;
    const wave = Math.floor(n / 200);
    const start = created + 5000 + wave * 60_000 + ((n * 7919) % 20_000);
    const seconds = 20 + ((n * 104_729) % 35_000) / 1000;
    const state = n % 500 === 77 ? 'failed' : 'succeeded';
    const worker = `10.0.${(n % 200) >> 6}.${n % 200}:9000`;
    const host = `node${String(n % 200).padStart(3, '0')}`;
    planned.push({ id, stage });
    events.push(
      { time: start - 1500 - ((n * 31) % 4000), type: 'step-submitted', step: id, attempt: 1 },
      { time: start, type: 'step-running', step: id, attempt: 1, worker },
      {
        time: start + seconds * 1000,
        type: 'step-ended',
        step: id,
        attempt: 1,
        state,
        retried: false,
        seconds,
        host,
        ...(state === 'failed' && { exitStatus: 139, message: 'exit status 139' }),
      },
    );
    reported.push({
      id,
      stage,
      state,
      attempts: 1,
      start,
      end: start + seconds * 1000,
      host,
      worker,
      cpuTime: seconds * 0.9,
      peakMemory: 4e8 + ((n * 613) % 1000) * 1e6,
      logs: [`steps/${id}/1/stdout.log`],
      outputs: [],
    });
    if (state === 'failed')
      findings.push(finding(id, stage, 'segmentation-violation', n % 1000 === 77 ? 'new' : 'known'));
  }
  events.sort((a, b) => a.time - b.time);
  const end = events.at(-1)?.time ?? created;
  const failed = findings.length;
  const whole = { ...run, steps: count, failed, seconds: (end - created) / 1000 };
  const directory = writeRun(runs, whole);
  writeEvents(directory, [
    { time: created, type: 'created', name: run.id, workflow: 'mc' },
    { time: created, type: 'planned', phase: 0, steps: planned },
    ...events,
  ]);
  writeEvents(directory, [{ time: end, type: 'ended', verdict: run.verdict, reason: run.reason }]);
  writeReport(directory, whole, {
    steps: reported,
    findings,
    fixed: [],
    reference: { run: 'earlier', start: 0, runs: [] },
  });
  return directory;
}

/**
 * A log of many lines, as a simulation writes them: colours, long lines, and `needle NNN` once in 100,000 lines.
 * @param {string} directory of the attempt @param {number} bytes @returns {number} lines
 */
export function writeLog(directory, bytes) {
  mkdirSync(directory, { recursive: true });
  const fd = openSync(join(directory, 'stdout.log'), 'w');
  let lines = 0;
  try {
    for (let written = 0; written < bytes; ) {
      let block = '';
      for (let n = 0; n < 20_000; n++) {
        lines++;
        if (lines % 100_000 === 0) block += `\u001b[1;31mE-AliSimulation: needle ${lines / 100_000}\u001b[0m\n`;
        else if (lines % 1000 === 0)
          block += `\u001b[33mW-AliTPC: sector ${lines % 36} has ${'noisy pads '.repeat(30)}\u001b[m\n`;
        else
          block += `I-AliGeant: event ${lines} track ${(lines * 7919) % 5000} energy ${(lines * 31) % 997} MeV done\n`;
      }
      const buffer = Buffer.from(block);
      for (let at = 0; at < buffer.length; ) at += writeSync(fd, buffer, at);
      written += buffer.length;
    }
  } finally {
    closeSync(fd);
  }
  return lines;
}

/**
 * report.json and histograms.ndjson of a run whose histograms were compared: some differ in each of 50 directories.
 * @param {string} directory @param {Run} run @param {number} count
 */
export function writeHistograms(directory, run, count) {
  const bins = 100;
  const at = (/** @type {number} */ bin, /** @type {number} */ middle) =>
    Math.round(1000 * Math.exp(-((bin - middle) ** 2) / 200));
  const all = Array.from({ length: count }, (_, n) => {
    const state = n % 100 === 0 ? 'changed' : n % 37 === 0 ? 'suspicious' : n % 5 === 0 ? 'identical' : 'compatible';
    const values = (/** @type {number} */ middle) => Array.from({ length: bins }, (_, bin) => at(bin, middle));
    return {
      name: `QA/DET${n % 50}/h${String(n).padStart(5, '0')}`,
      title: `histogram <b>${n}</b>`,
      state,
      reason:
        state === 'changed' ? 'mean 50 → 60, χ²/ndf 20 over 40 bins (p 1e-30)' : 'χ²/ndf 0.9 over 40 bins (p 0.6)',
      critical: false,
      tests: [{ test: 'shape', statistic: 36, ndf: 40, p: 0.6, size: 0.01 }],
      picture: {
        title: '#it{p}_{T} (GeV/#it{c})',
        edges: [0, 10],
        own: values(state === 'changed' ? 60 : 50),
        reference: values(50),
        scale: 1,
      },
    };
  });
  const order = ['changed', 'suspicious', 'compatible', 'identical'];
  all.sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  const lines = all.map((one) => JSON.stringify(one));
  const listed = all
    .filter(({ state }) => state === 'changed' || state === 'suspicious')
    .slice(0, 500)
    .map((one, n) => (n < 10 ? one : { ...one, picture: undefined }));
  /** @type {Record<string, string[]>} */
  const others = {};
  for (const { state, name } of all.slice(listed.length)) {
    others[state] ??= [];
    others[state]?.push(name);
  }
  const counts = Object.fromEntries(order.map((state) => [state, all.filter((one) => one.state === state).length]));
  const file = {
    ...{ step: 'merge', stage: 'merge', file: 'QAresults.root', state: 'different', reason: '', references: ['good'] },
    ...{ counts, objects: listed, more: 0, others, known: 0, fixed: 0 },
    stored: { offset: 0, lengths: lines.map((line) => Buffer.byteLength(line)) },
  };
  writeReport(directory, run, { checks: { histograms: { references: ['good'], files: [file] } } });
  writeFileSync(join(directory, 'report', 'histograms.ndjson'), lines.map((line) => `${line}\n`).join(''));
}
