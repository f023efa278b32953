import type { RunEvent } from '../../runs/store/events.ts';
import type { StepSummary } from '../../server/api.ts';

/** A step after an event about it; the same one after any other. */
export function applyToStep(step: StepSummary, event: RunEvent): StepSummary {
  switch (event.type) {
    case 'step-submitted':
      return { ...step, state: 'submitted', attempt: event.attempt, since: event.time };
    case 'step-running':
      return { ...step, state: 'running', worker: event.worker, since: event.time, start: event.time };
    case 'step-requeued':
      return { ...step, state: 'submitted', since: event.time };
    case 'step-ended': {
      const { message, seconds, host, cpuTime, peakMemory } = event;
      return {
        ...step,
        state: event.retried ? 'submitted' : event.state,
        attempt: event.attempt,
        since: event.time,
        ...(message !== undefined && { message }),
        ...(seconds !== undefined && { seconds }),
        ...(host !== undefined && { host }),
        ...(cpuTime !== undefined && { cpuTime }),
        ...(peakMemory !== undefined && { peakMemory }),
      };
    }
    default:
      return step;
  }
}
