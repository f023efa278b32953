import type { StepState } from '../../report/model.ts';
import { stateAfter } from '../../report/step-states.ts';

/**
 * One line of events.ndjson: everything that happened to a run, in order, appended and never changed. `time` in ms
 * since 1970. All views of a run's progress are made from it.
 */
export type RunEvent = { time: number } & (
  | { type: 'created'; name: string; workflow: string }
  /** The steps of a phase are known; listed in makeflow's order. */
  | { type: 'planned'; phase: number; steps: { id: string; stage: string }[] }
  | { type: 'phase-started'; phase: number; makeflow: number }
  /**
   * Handed to Work Queue: it waits for a worker from now on. `attempt`: which one its execution will be. `task` names the
   * submission, in all makeflows of the run: `PHASE.MAKEFLOW.JOB`.
   */
  | { type: 'step-submitted'; step: string; attempt: number; task: string }
  /**
   * A worker has started it: an attempt begins, whose directory is `steps/STEP/ATTEMPT`. `task` names the execution:
   * that of the submission, and which one of it.
   */
  | { type: 'step-running'; step: string; attempt: number; task: string; worker: string }
  /** The attempt has reached the log receiver: its log is written as it grows. `execution` is in its result.json too. */
  | { type: 'step-connected'; step: string; attempt: number; execution: string; host: string }
  /** Its worker was lost, and the attempt with it; Work Queue gives the step to another. */
  | { type: 'step-requeued'; step: string; attempt: number; message: string }
  | {
      type: 'step-ended';
      step: string;
      /** The last one; 0: it never ran. */
      attempt: number;
      /** The submission that has ended. */
      task: string;
      state: Extract<StepState, 'succeeded' | 'failed' | 'broken' | 'aborted'>;
      /** True when makeflow tries it again. */
      retried: boolean;
      exitStatus?: number;
      signal?: string;
      message?: string;
      seconds?: number;
      host?: string;
      /** Seconds of CPU time and bytes of memory at its peak, of the payload and its children. */
      cpuTime?: number;
      peakMemory?: number;
    }
  | { type: 'phase-ended'; phase: number; how: string }
  | { type: 'resumed'; pid: number }
  | { type: 'ended'; verdict: string; reason: string }
  /** Somebody was told about the run, or could not be. */
  | {
      type: 'notified';
      channel: string;
      event: 'started' | 'finished';
      outcome: 'sent' | 'failed';
      attempts: number;
      message?: string | undefined;
    }
);

export interface StepView {
  id: string;
  stage: string;
  state: StepState;
  /** The last one that began; 0: none has. */
  attempt: number;
  /** ms since 1970: since when it has its state. */
  since?: number;
  /** ms since 1970: begin of the last attempt. */
  start?: number;
  worker?: string;
  host?: string;
  /** What the last attempt that ended said. */
  message?: string;
  /** How long the last attempt that ended took. */
  seconds?: number;
}

export type StateCounts = Record<StepState, number>;

export interface StageView {
  /** Its steps by their states. */
  counts: StateCounts;
  /** ms since 1970: when the first of its steps started, and when the last so far ended. */
  start?: number;
  end?: number;
}

/** How far a run is, made from its events. Taking an event in costs the same whatever the number of steps. */
export interface RunView {
  phase: number;
  steps: Map<string, StepView>;
  /** All steps by their states. */
  counts: StateCounts;
  /** In the order of the plan. */
  stages: Map<string, StageView>;
  /** Ids of the steps that run now, in the order in which they started. */
  running: Set<string>;
  verdict?: string;
  reason?: string;
}

export function emptyView(): RunView {
  return { phase: 0, steps: new Map(), counts: noSteps(), stages: new Map(), running: new Set() };
}

function noSteps(): StateCounts {
  return { waiting: 0, submitted: 0, running: 0, succeeded: 0, failed: 0, broken: 0, aborted: 0 };
}

/** Takes one event into a view. */
export function applyEvent(view: RunView, event: RunEvent): void {
  switch (event.type) {
    case 'planned':
      for (const { id, stage } of event.steps) if (!view.steps.has(id)) addStep(view, id, stage);
      break;
    case 'phase-started':
      view.phase = event.phase;
      break;
    case 'step-submitted':
      change(view, event.step, changeOfState(event));
      break;
    case 'step-running':
      change(view, event.step, {
        ...changeOfState(event),
        attempt: event.attempt,
        worker: event.worker,
        host: undefined,
        start: event.time,
      });
      break;
    case 'step-connected':
      change(view, event.step, { host: event.host });
      break;
    case 'step-requeued':
      change(view, event.step, { ...changeOfState(event), message: event.message });
      break;
    case 'step-ended':
      change(view, event.step, {
        ...changeOfState(event),
        attempt: event.attempt,
        message: event.message,
        seconds: event.seconds,
        ...(event.host !== undefined && { host: event.host }),
      });
      break;
    case 'ended':
      view.verdict = event.verdict;
      view.reason = event.reason;
      break;
    case 'resumed':
      delete view.verdict;
      delete view.reason;
      break;
  }
}

function changeOfState(event: RunEvent): Change {
  const state = stateAfter(event);
  return state === undefined ? {} : { state, since: event.time };
}

function addStep(view: RunView, id: string, stage: string): void {
  const ofStage = view.stages.get(stage) ?? { counts: noSteps() };
  view.stages.set(stage, ofStage);
  view.steps.set(id, { id, stage, state: 'waiting', attempt: 0 });
  view.counts.waiting++;
  ofStage.counts.waiting++;
}

/** What is undefined is not known any more. */
type Change = { [Key in keyof StepView]?: StepView[Key] | undefined };

/** In place: a run has 10,000 steps, and some events of each. */
function change(view: RunView, id: string, to: Change): void {
  const next = view.steps.get(id);
  if (!next) return;
  const before = next.state;
  Object.assign(next, to);
  if (next.state === before) return;
  const stage = view.stages.get(next.stage) as StageView;
  for (const counts of [view.counts, stage.counts]) {
    counts[before]--;
    counts[next.state]++;
  }
  const since = next.since ?? 0;
  if (next.state === 'running') {
    view.running.add(id);
    stage.start = Math.min(stage.start ?? since, since);
  } else if (before === 'running') {
    view.running.delete(id);
    stage.end = Math.max(stage.end ?? since, since);
  }
}
