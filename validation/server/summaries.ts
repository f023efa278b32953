import { isFailedLine } from '../preflight/check.ts';
import type { Report, StepReport, StepState } from '../report/model.ts';
import { isFinal } from '../report/step-states.ts';
import type { StepView } from '../runs/store/events.ts';
import { isLive, type RunStatus } from '../runs/store/record.ts';
import { TextTable } from '../runs/store/text-table.ts';
import { median, quantile } from '../statistics/quantiles.ts';
import type { RunDetail, RunSummary, StageSummary, StepPage, StepSummary, Timeline } from './api.ts';
import type { AttemptTimes, RunProgress } from './progress.ts';
import type { FindingCounts } from './reports.ts';
import type { IndexedRun } from './run-index.ts';

/** The longest reason in a list of runs, characters. */
const LONGEST_REASON = 4000;

export function summarize({ id, record, status }: IndexedRun, counts: FindingCounts | undefined): RunSummary {
  const { name, workflow, release, reason, created, ended, totals, accepted } = record;
  return {
    id,
    name,
    workflow,
    ...(release !== undefined && { release }),
    status,
    ...(reason !== undefined && { reason: reason.slice(0, LONGEST_REASON) }),
    created,
    ...(ended !== undefined && { ended }),
    totals,
    ...(record.state === 'ended' && counts),
    ...(accepted && { accepted }),
  };
}

export interface StepSource {
  progress: RunProgress;
  report: Report | undefined;
  /** The run goes on. */
  live: boolean;
}

/** @param expected the expected end, ms since 1970 */
export function describeRun(
  run: IndexedRun,
  counts: FindingCounts | undefined,
  source: StepSource,
  expected?: number,
): RunDetail {
  const { progress } = source;
  const { view } = progress;
  const judged = view.verdict === undefined ? undefined : source.report?.totals;
  const { succeeded, failed, broken } = judged ?? view.counts;
  const { running } = view.counts;
  const obstacles = view.steps.size === 0 && run.status === 'broken' ? run.record.checks?.filter(isFailedLine) : [];
  const totals = { steps: Math.max(view.steps.size, run.record.totals.steps), succeeded, failed, broken, running };
  return {
    ...summarize(run, counts),
    totals: view.steps.size > 0 ? totals : run.record.totals,
    directory: run.root,
    phase: view.phase,
    ...(expected !== undefined && { expectedEnd: Math.round(expected) }),
    stages: stagesOf(source),
    events: progress.offset,
    hasReport: source.report !== undefined,
    checks: Object.keys(source.report?.checks ?? {}),
    ...(isLive(run.status) && view.heldUp.length > 0 && { heldUp: view.heldUp.map(({ message }) => message) }),
    ...(obstacles && obstacles.length > 0 && { obstacles }),
  };
}

/**
 * The state of a step: from the report if the run has ended, else from the events. A step whose payload ended well can fail
 * because of errors in its log. A step that still waits in a run that does not go on did not run.
 */
function stateOf({ id, state }: StepView, { progress, report, live }: StepSource): StepState {
  const judged = progress.view.verdict === undefined ? undefined : reportedSteps(report)?.steps.get(id)?.state;
  const known = judged ?? state;
  return !live && (known === 'waiting' || known === 'submitted') ? 'aborted' : known;
}

/** The states of all steps. */
export function stepStates(source: StepSource): Pick<StepSummary, 'id' | 'stage' | 'state'>[] {
  const steps = [...source.progress.view.steps.values()];
  return steps.map((step) => ({ id: step.id, stage: step.stage, state: stateOf(step, source) }));
}

function stagesOf(source: StepSource): StageSummary[] {
  const { view, phases } = source.progress;
  const stages = new Map<string, { phase: number; counts: StageSummary['counts']; seconds: number[] }>();
  for (const step of view.steps.values()) {
    const { id, stage, seconds } = step;
    const state = stateOf(step, source);
    const known = stages.get(stage) ?? {
      phase: phases.get(id) ?? 0,
      counts: { waiting: 0, submitted: 0, running: 0, succeeded: 0, failed: 0, broken: 0, aborted: 0 },
      seconds: [],
    };
    stages.set(stage, known);
    known.counts[state]++;
    if (seconds !== undefined && isFinal(state)) known.seconds.push(seconds);
  }
  return [...stages].map(([name, { phase, counts, seconds }]) => {
    return {
      name,
      phase,
      counts,
      ...(seconds.length > 0 && { medianSeconds: median(seconds), longestSeconds: quantile(seconds, 1) }),
    };
  });
}

/** The number of errors of each step, and the report's result of each step. */
export interface ReportedSteps {
  errors: ReadonlyMap<string, number>;
  steps: ReadonlyMap<string, StepReport>;
}

const REPORTED = new WeakMap<Report, ReportedSteps>();

/** Computed once for each report in memory. */
export function reportedSteps(report: Report | undefined): ReportedSteps | undefined {
  if (!report) return undefined;
  const known = REPORTED.get(report);
  if (known) return known;
  const errors = new Map<string, number>();
  for (const { step, severity, more } of report.findings) {
    if (severity === 'error') errors.set(step, (errors.get(step) ?? 0) + 1 + (more ?? 0));
  }
  const made = { errors, steps: new Map(report.steps.map((step) => [step.id, step])) };
  REPORTED.set(report, made);
  return made;
}

/** All steps in the order of the plan. */
export function stepSummaries(source: StepSource): StepSummary[] {
  return [...source.progress.view.steps.keys()].map((id) => stepSummary(id, source));
}

/** Absent: all. The search is in small letters. */
export interface StepFilter {
  stage: string | undefined;
  states: readonly string[] | undefined;
  search: string | undefined;
}

/** A part of the steps that fit, in the order of the plan. Only the steps of this part are described. */
export function stepPage(source: StepSource, filter: StepFilter, offset: number, limit: number): StepPage {
  const { stage, states, search } = filter;
  const steps: StepSummary[] = [];
  let total = 0;
  for (const step of source.progress.view.steps.values()) {
    if (stage !== undefined && step.stage !== stage) continue;
    if (states && !states.includes(stateOf(step, source))) continue;
    if (search !== undefined) {
      const texts = [step.id, hostOf(step, source), step.message];
      if (!texts.some((text) => text?.toLowerCase().includes(search))) continue;
    }
    if (total++ >= offset && steps.length < limit) steps.push(stepSummary(step.id, source));
  }
  return { steps, total };
}

function hostOf({ id, attempt }: StepView, { progress, report }: StepSource): string | undefined {
  return reportedSteps(report)?.steps.get(id)?.host ?? progress.attempts.get(id)?.get(attempt)?.host;
}

export function stepSummary(id: string, source: StepSource): StepSummary {
  const { progress } = source;
  const reported = reportedSteps(source.report);
  const step = progress.view.steps.get(id);
  if (!step) throw new RangeError(`no step ${id}`);
  const times: AttemptTimes = progress.attempts.get(id)?.get(step.attempt) ?? {};
  const said = reported?.steps.get(id);
  const host = hostOf(step, source);
  const start = said?.start ?? times.started;
  const worker = times.worker ?? step.worker;
  const cpuTime = said?.cpuTime ?? times.cpuTime;
  const peakMemory = said?.peakMemory ?? times.peakMemory;
  return {
    id,
    stage: step.stage,
    state: stateOf(step, source),
    attempt: step.attempt,
    ...(step.since !== undefined && { since: step.since }),
    ...(start !== undefined && { start }),
    ...(step.seconds !== undefined && { seconds: step.seconds }),
    ...(worker !== undefined && { worker }),
    ...(host !== undefined && { host }),
    ...(step.message !== undefined && { message: step.message }),
    ...(cpuTime !== undefined && { cpuTime }),
    ...(peakMemory !== undefined && { peakMemory }),
    ...(reported && { errors: reported.errors.get(id) ?? 0 }),
  };
}

/** When and on which worker the last attempt of each step ran. @param now ms since 1970, the end of a live run */
export function timelineOf(run: IndexedRun, source: StepSource, now: number): Timeline {
  const { view, attempts } = source.progress;
  const stages = new TextTable();
  const workers = new TextTable();
  const steps: Timeline['steps'] = { id: [], stage: [], state: [], submitted: [], started: [], ended: [], worker: [] };
  let last = run.record.created;
  for (const step of view.steps.values()) {
    const { id, stage, attempt } = step;
    const times = attempts.get(id)?.get(attempt) ?? {};
    steps.id.push(id);
    steps.stage.push(stages.placeOf(stage));
    steps.state.push(stateOf(step, source));
    steps.submitted.push(times.submitted ?? -1);
    steps.started.push(times.started ?? -1);
    steps.ended.push(times.ended ?? -1);
    steps.worker.push(times.worker === undefined ? -1 : workers.placeOf(times.worker));
    last = Math.max(last, times.submitted ?? 0, times.started ?? 0, times.ended ?? 0);
  }
  const end = run.record.ended ?? (isLive(run.status) ? now : last);
  return { start: run.record.created, end, stages: stages.texts, workers: workers.texts, steps };
}

/** Whether the log of an attempt is complete. */
export function attemptHasEnded(status: RunStatus, progress: RunProgress, step: string, attempt: number): boolean {
  if (!isLive(status)) return true;
  const latest = progress.view.steps.get(step);
  if (latest && attempt < latest.attempt) return true;
  if (progress.attempts.get(step)?.get(attempt)?.ended !== undefined) return true;
  return latest?.attempt === attempt && isFinal(latest.state);
}
