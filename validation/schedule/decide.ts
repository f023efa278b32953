import { formatDuration } from '../units/time.ts';

/** The facts when a scheduler calls for a nightly. Times are ms since 1970. */
export interface StartQuestion {
  now: number;
  /** The time of the call. */
  called: number;
  /** When the last start was due; undefined: none has been due yet. */
  due: number | undefined;
  /** Seconds after `due` within which it may start. */
  startWithin: number;
  /** A person starts it now: the time when it was due does not matter. */
  anyTime: boolean;
  /** A run of the same nightly that has not ended. */
  running: { id: string; created: number } | undefined;
  whenRunning: 'skip' | 'queue' | 'stop';
  /** It was asked to stop already. */
  told: boolean;
}

export type StartDecision =
  | { do: 'start' }
  /** Ask again later; it may still start `until` this time (ms since 1970). */
  | { do: 'wait'; until: number; reason: string }
  | { do: 'stop'; run: string; until: number; reason: string }
  /** The reason is a sentence for the person who reads it in the morning. */
  | { do: 'leave'; reason: string };

/** Decides whether a nightly that its scheduler calls starts. */
export function decideStart(question: StartQuestion): StartDecision {
  const { now, called, due, startWithin, anyTime, running, whenRunning, told } = question;
  const allowed = formatDuration(startWithin);
  if (!anyTime && due === undefined) return { do: 'leave', reason: 'not started: its schedule has had no start yet' };
  const from = anyTime || due === undefined ? called : due;
  const until = from + startWithin * 1000;
  if (!running) {
    if (now <= until) return { do: 'start' };
    const late = formatDuration((now - from) / 1000);
    return { do: 'leave', reason: `not started: it was due ${late} ago, but may start only within ${allowed}` };
  }
  const still = `${running.id}, which has run for ${formatDuration((now - running.created) / 1000)}, has not ended`;
  if (whenRunning === 'skip') return { do: 'leave', reason: `not started: ${still}` };
  if (now > until) {
    return { do: 'leave', reason: `not started: ${still} within the ${allowed} in which this one may start` };
  }
  if (whenRunning === 'stop' && !told) return { do: 'stop', run: running.id, until, reason: `stops ${running.id}` };
  return { do: 'wait', until, reason: `waiting: ${still}` };
}
