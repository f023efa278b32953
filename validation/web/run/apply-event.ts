import { stateAfter } from '../../report/step-states.ts';
import type { RunEvent } from '../../runs/store/events.ts';
import type { StepSummary } from '../../server/api.ts';

/** A step after an event about it. Events that do not change its state leave it unchanged. */
export function applyToStep(step: StepSummary, event: RunEvent): StepSummary {
  const state = stateAfter(event);
  if (state === undefined) return step;
  return { ...step, state, since: event.time, ...detailsOf(event) };
}

function detailsOf(event: RunEvent): Partial<StepSummary> {
  switch (event.type) {
    case 'step-submitted':
      return { attempt: event.attempt };
    case 'step-running':
      return { worker: event.worker, start: event.time };
    case 'step-ended': {
      const { attempt, message, seconds, host, cpuTime, peakMemory } = event;
      return {
        attempt,
        ...(message !== undefined && { message }),
        ...(seconds !== undefined && { seconds }),
        ...(host !== undefined && { host }),
        ...(cpuTime !== undefined && { cpuTime }),
        ...(peakMemory !== undefined && { peakMemory }),
      };
    }
    default:
      return {};
  }
}
