import type { StepState } from './model.ts';

/** Whether a step in this state has ended. */
export function isFinal(state: StepState): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'broken' || state === 'aborted';
}

/**
 * The word of docs/glossary.md for a state.
 * @param runEnded the run has ended: a step that still waits did not run
 */
export function stateWord(state: StepState, runEnded = false): string {
  if (state === 'aborted') return 'not run';
  if (state === 'submitted') return runEnded ? 'not run' : 'waiting for a worker';
  return state === 'waiting' && runEnded ? 'not run' : state;
}

/** The parts of a RunEvent that decide the state of its step. */
export type StateEvent = { type: string; retried?: boolean; state?: StepState };

/** The state of a step after an event about it; undefined if the event does not change it. */
export function stateAfter(event: StateEvent): StepState | undefined {
  switch (event.type) {
    case 'step-submitted':
    case 'step-requeued':
      return 'submitted';
    case 'step-running':
      return 'running';
    case 'step-ended':
      return event.retried ? 'submitted' : event.state;
    default:
      return undefined;
  }
}
