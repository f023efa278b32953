import { signal } from '@preact/signals';
import { formatClock, formatTime } from '../../units/time.ts';
import { zone } from '../state/zone.ts';

/** The time before each line: the clock time of its arrival, the time since the start of the attempt, or none. */
export type Stamps = 'none' | 'clock' | 'since';
const KEY = 'relval-times';
const NEXT: Record<Stamps, Stamps> = { none: 'clock', clock: 'since', since: 'none' };

const stored = localStorage.getItem(KEY);
export const stamps = signal<Stamps>(stored === 'clock' || stored === 'since' ? stored : 'none');

/** Switches to the next of the three. The browser remembers it. */
export function switchStamps(): void {
  stamps.value = NEXT[stamps.value];
  localStorage.setItem(KEY, stamps.value);
}

/**
 * The text before a line; undefined if there is none.
 * @param time ms since 1970; undefined if it is not known
 * @param start start of the attempt; without it the clock time is shown
 */
export function stamp(time: number | undefined, start: number | undefined) {
  const how = stamps.value;
  if (how === 'none') return undefined;
  if (time === undefined) return { text: ' '.repeat(10), title: undefined };
  const title = formatTime(time, zone.value);
  const text = how === 'since' && start !== undefined ? formatSince(time - start) : formatClock(time, zone.value);
  return { text: text.padStart(10), title };
}

/** ms as `+0:07.4`, `+12:05.0`, `+3:12:05.0`; negative where the clocks of two machines disagree. */
function formatSince(ms: number): string {
  const tenths = Math.floor(Math.abs(ms) / 100);
  const seconds = Math.floor(tenths / 10);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const before = hours > 0 ? `${hours}:${twoDigits(minutes)}` : String(minutes);
  return `${ms < 0 ? '-' : '+'}${before}:${twoDigits(seconds % 60)}.${tenths % 10}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
