import type { StepState } from './model.ts';

/** The states in which a step stays once its run has ended. */
export function isFinal(state: StepState): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'broken' || state === 'aborted';
}

/**
 * The word for a state, as docs/glossary.md has it.
 * @param runEnded the step's run has ended: what waits then was not run
 */
export function stateWord(state: StepState, runEnded = false): string {
  if (state === 'aborted') return 'not run';
  if (state === 'submitted') return runEnded ? 'not run' : 'waiting for a worker';
  return state === 'waiting' && runEnded ? 'not run' : state;
}

/** What of an event about a step decides its state; see RunEvent. */
export type StateEvent = { type: string; retried?: boolean; state?: StepState };

/** The state of a step after an event about it; undefined where the event does not change it. */
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
