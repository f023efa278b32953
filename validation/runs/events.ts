import type { StepState } from '../report/model.ts';

/**
 * One line of events.ndjson: everything that happened to a run, in order, appended and never changed. `time` in ms
 * since 1970. All views of a run's progress are made from it.
 */
export type RunEvent = { time: number } & (
  | { type: 'created'; name: string; workflow: string }
  /** The steps of a phase are known; listed in makeflow's order. */
  | { type: 'planned'; phase: number; steps: { id: string; stage: string }[] }
  | { type: 'phase-started'; phase: number; makeflow: number }
  /** Handed to Work Queue: it waits for a worker from now on. */
  | { type: 'step-submitted'; step: string; attempt: number }
  /** A worker has it. */
  | { type: 'step-running'; step: string; worker: string }
  /** Its worker was lost; Work Queue gives the same attempt to another. */
  | { type: 'step-requeued'; step: string }
  | {
      type: 'step-ended';
      step: string;
      attempt: number;
      state: Extract<StepState, 'succeeded' | 'failed' | 'broken' | 'aborted'>;
      /** True when makeflow tries it again. */
      retried: boolean;
      exitStatus?: number;
      signal?: string;
      message?: string;
      seconds?: number;
      host?: string;
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
  attempt: number;
  /** ms since 1970: since when it has its state. */
  since?: number;
  worker?: string;
  message?: string;
  seconds?: number;
}

/** How far a run is, made from its events. */
export interface RunView {
  phase: number;
  steps: Map<string, StepView>;
  verdict?: string;
  reason?: string;
}

export function emptyView(): RunView {
  return { phase: 0, steps: new Map() };
}

/** Takes one event into a view. */
export function applyEvent(view: RunView, event: RunEvent): void {
  switch (event.type) {
    case 'planned':
      for (const { id, stage } of event.steps) {
        if (!view.steps.has(id)) view.steps.set(id, { id, stage, state: 'waiting', attempt: 0 });
      }
      break;
    case 'phase-started':
      view.phase = event.phase;
      break;
    case 'step-submitted':
      change(view, event.step, { state: 'submitted', attempt: event.attempt, since: event.time });
      break;
    case 'step-running':
      change(view, event.step, { state: 'running', worker: event.worker, since: event.time });
      break;
    case 'step-requeued':
      change(view, event.step, { state: 'submitted', since: event.time });
      break;
    case 'step-ended':
      change(view, event.step, {
        state: event.retried ? 'submitted' : event.state,
        attempt: event.attempt,
        since: event.time,
        ...(event.message !== undefined && { message: event.message }),
        ...(event.seconds !== undefined && { seconds: event.seconds }),
      });
      break;
    case 'ended':
      view.verdict = event.verdict;
      view.reason = event.reason;
      break;
  }
}

function change(view: RunView, id: string, to: Partial<StepView>): void {
  const step = view.steps.get(id);
  if (step) view.steps.set(id, { ...step, ...to });
}

export function countStates(view: RunView): Record<StepState, number> {
  const counts = { waiting: 0, submitted: 0, running: 0, succeeded: 0, failed: 0, broken: 0, aborted: 0 };
  for (const { state } of view.steps.values()) counts[state]++;
  return counts;
}
