import { formatDuration } from '../units/time.ts';

/** What is known when a scheduler has called for a nightly. Times in ms since 1970. */
export interface StartQuestion {
  now: number;
  /** When the scheduler called. */
  called: number;
  /** When the last start was due; undefined: none was yet. */
  due: number | undefined;
  /** Seconds behind `due` in which it may start. */
  startWithin: number;
  /** Somebody wants it now: when it was due does not matter. */
  anyTime: boolean;
  /** A run of the same nightly that has not ended. */
  running: { id: string; created: number } | undefined;
  whenRunning: 'skip' | 'queue' | 'stop';
  /** It was told to stop already. */
  told: boolean;
}

export type StartDecision =
  | { do: 'start' }
  /** Ask again in a while; `until` (ms since 1970) it may still start. */
  | { do: 'wait'; until: number; reason: string }
  | { do: 'stop'; run: string; until: number; reason: string }
  /** The reason is a sentence for whoever looks in the morning. */
  | { do: 'leave'; reason: string };

/** Whether a nightly that its scheduler has called starts. */
export function decideStart(question: StartQuestion): StartDecision {
  const { now, called, due, startWithin, anyTime, running, whenRunning, told } = question;
  const allowed = formatDuration(startWithin);
  if (!anyTime && due === undefined)
    return { do: 'leave', reason: 'not started: by its schedule it was never due yet' };
  const from = anyTime || due === undefined ? called : due;
  const until = from + startWithin * 1000;
  if (!running) {
    if (now <= until) return { do: 'start' };
    const late = formatDuration((now - from) / 1000);
    return { do: 'leave', reason: `not started: it was due ${late} ago, and may start only within ${allowed}` };
  }
  const still = `${running.id}, which has run for ${formatDuration((now - running.created) / 1000)}, has not ended`;
  if (whenRunning === 'skip') return { do: 'leave', reason: `not started: ${still}` };
  if (now > until) {
    return { do: 'leave', reason: `not started: ${still} within the ${allowed} in which this one may start` };
  }
  if (whenRunning === 'stop' && !told) return { do: 'stop', run: running.id, until, reason: `stops ${running.id}` };
  return { do: 'wait', until, reason: `waits: ${still}` };
}
