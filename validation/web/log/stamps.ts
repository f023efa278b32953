import { signal } from '@preact/signals';
import { formatClock, formatTime } from '../../units/time.ts';
import { zone } from '../state/zone.ts';

/** Whether lines have the time at which they came: that of the clock, or since the attempt began. */
export type Stamps = 'none' | 'clock' | 'since';
const KEY = 'relval-times';
const NEXT: Record<Stamps, Stamps> = { none: 'clock', clock: 'since', since: 'none' };

const stored = localStorage.getItem(KEY);
export const stamps = signal<Stamps>(stored === 'clock' || stored === 'since' ? stored : 'none');

/** The next of the three: what the switch does. The browser remembers it. */
export function switchStamps(): void {
  stamps.value = NEXT[stamps.value];
  localStorage.setItem(KEY, stamps.value);
}

/**
 * What stands before a line; undefined when nothing is to.
 * @param time ms since 1970; undefined where nobody knows
 * @param start of the attempt; without it the clock's time is shown
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
