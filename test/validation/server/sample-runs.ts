import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Finding, Report, Verdict } from '../../../validation/report/model.ts';
import { writeReport } from '../../../validation/report/write.ts';
import type { NewEvent } from '../../../validation/runs/store/journal.ts';
import { RunJournal } from '../../../validation/runs/store/journal.ts';
import { type RunRecord, thisProcess } from '../../../validation/runs/store/record.ts';
import { RunDir } from '../../../validation/runs/store/store.ts';

/** A run's record as `relval run` writes it. The run goes on, and this process executes it. */
export function record(id: string, change: Partial<RunRecord> = {}): RunRecord {
  return {
    schema: 'relval-run-1',
    id,
    name: 'gpmc',
    workflow: 'mc',
    request: { input: '/nowhere/gpmc.jdl', set: [], setAppend: [], lenient: false, local: true },
    state: 'running',
    process: thisProcess(),
    project: `relval-${id}`,
    created: Date.parse('2029-06-15T08:00:00Z'),
    totals: { steps: 0, succeeded: 0, failed: 0, broken: 0, running: 0 },
    ...change,
  };
}

/** The fields of events that name a step's submission. */
export const TASK = { task: '0.0.1' };

/** A run directory with its journal. */
export function makeRun(
  runs: string,
  id: string,
  change: Partial<RunRecord> = {},
): { run: RunDir; journal: RunJournal } {
  mkdirSync(join(runs, id), { recursive: true });
  const run = new RunDir(join(runs, id));
  const journal = new RunJournal(run, record(id, change));
  journal.add({ type: 'created', name: journal.record.name, workflow: journal.record.workflow });
  return { run, journal };
}

/** The run `live`, whose one step `sim0001` is running. */
export function makeRunningStep(runs: string): ReturnType<typeof makeRun> {
  const made = makeRun(runs, 'live');
  made.journal.add({ type: 'planned', phase: 0, steps: [{ id: 'sim0001', stage: 'sim' }] });
  made.journal.add({ type: 'step-submitted', step: 'sim0001', attempt: 1, ...TASK });
  made.journal.add({ type: 'step-running', step: 'sim0001', worker: 'w:1', ...{ attempt: 1, ...TASK } });
  return made;
}

/** Writes a log of a step; its directory is made. */
export function writeLog(run: RunDir, step: string, attempt: number, file: string, text: string | Buffer): string {
  const path = join(run.attemptDir(step, attempt), file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

export function ran(
  journal: RunJournal,
  step: string,
  end: Partial<Extract<NewEvent, { type: 'step-ended' }>> = {},
): void {
  journal.add({ type: 'step-submitted', step, attempt: 1, ...TASK });
  journal.add({ type: 'step-running', step, worker: 'worker1:1234', ...{ attempt: 1, ...TASK } });
  journal.add({
    type: 'step-ended',
    step,
    attempt: 1,
    state: 'succeeded',
    retried: false,
    seconds: 2.5,
    host: 'worker1',
    exitStatus: 0,
    ...TASK,
    ...end,
  });
}

export function report(journal: RunJournal, verdict: Verdict, findings: Finding[], more: Partial<Report> = {}): Report {
  const { id, name, workflow, created } = journal.record;
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  return {
    schema: 'relval-report-1',
    run: id,
    name,
    workflow,
    verdict,
    reason: `it ${verdict}`,
    start: created,
    end: created + 60_000,
    totals: { steps: 1, succeeded: 1, failed: 0, broken: 0, notRun: 0, errors, warnings: findings.length - errors },
    findings,
    steps: [...journal.view.steps.values()].map(({ id: step, stage, state }) => ({
      id: step,
      stage,
      state,
      attempts: 1,
      start: created + 1000,
      end: created + 3500,
      cpuTime: 1.5,
      peakMemory: 3_000_000,
      logs: [`steps/${step}/1/stdout.log`],
      outputs: [],
    })),
    provenance: {},
    ...more,
  };
}

/** A run that has ended, with its report. */
export async function endedRun(
  runs: string,
  id: string,
  verdict: Verdict,
  findings: Finding[],
  change: Partial<RunRecord> = {},
  more: Partial<Report> = {},
): Promise<RunDir> {
  const { run, journal } = makeRun(runs, id, change);
  journal.add({ type: 'planned', phase: 0, steps: [{ id: 'sim0001', stage: 'sim' }] });
  ran(journal, 'sim0001');
  writeLog(run, 'sim0001', 1, 'stdout.log', `log of ${id}\n`);
  await writeReport(run.reportDir, report(journal, verdict, findings, more));
  journal.end(verdict, `it ${verdict}`);
  return run;
}

export function finding(message: string, change: Partial<Finding> = {}): Finding {
  return {
    step: 'sim0001',
    stage: 'sim',
    attempt: 1,
    severity: 'error',
    rule: 'crash',
    file: 'stdout.log',
    line: 1,
    column: 1,
    message,
    fingerprint: message,
    ...change,
  };
}
