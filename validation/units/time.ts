/** `0.4 s`, `7 s`, `3 min 5 s`, `20 min`, `2 h 10 min`: two units at most. */
export function formatDuration(seconds: number): string {
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return twoUnits(Math.floor(whole / 60), 'min', whole % 60, 's');
  return twoUnits(Math.floor(whole / 3600), 'h', Math.floor((whole % 3600) / 60), 'min');
}

function twoUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return `${large} ${largeUnit}${small === 0 ? '' : ` ${small} ${smallUnit}`}`;
}

/** The last ms of the year 9999. */
export const LATEST = Date.UTC(10_000, 0) - 1;

/** ms since 1970 as `2026-11-22 15:33:20 UTC`. In UTC, because a report is read in several places. */
export function formatUtc(ms: number): string {
  if (!(ms >= 0 && ms <= LATEST)) return 'an impossible time';
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** In which time zone times are shown to a person: that of the reader's machine, or UTC. */
export type Zone = 'local' | 'utc';

/** ms since 1970 as `2026-11-22 16:33:20 +01:00`, or as `2026-11-22 15:33:20 UTC`. */
export function formatTime(ms: number, zone: Zone): string {
  const ahead = zone === 'utc' ? undefined : offsetAt(ms);
  if (ahead === undefined || !isShown(ms, ahead)) return formatUtc(ms);
  const iso = isoText(ms, ahead);
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} ${formatOffset(ahead)}`;
}

/** ms since 1970 as `15:33:20.4`. */
export function formatClock(ms: number, zone: Zone): string {
  const ahead = offsetAt(ms);
  if (!isShown(ms, ahead)) return '--:--:--.-';
  return isoText(ms, zone === 'utc' ? 0 : ahead).slice(11, 21);
}

/** Whether a year of four digits and a day can be said of it, in UTC and in the local time. @param ahead of UTC, minutes */
function isShown(ms: number, ahead: number): boolean {
  return ms >= 0 && ms + Math.max(0, ahead) * MINUTE <= LATEST;
}

/** The time in a zone in the form of `toISOString`. @param ahead of UTC, minutes */
function isoText(ms: number, ahead: number): string {
  return new Date(ms + ahead * MINUTE).toISOString();
}

/** A date whose UTC fields are the fields of the time in a zone. @param ms since 1970 */
export function inZone(ms: number, zone: Zone): Date {
  return new Date(ms + (zone === 'local' ? offsetAt(ms) * MINUTE : 0));
}

/** The zone at a time, as it stands behind one: `+01:00`, or `UTC`. */
export function zoneAt(ms: number, zone: Zone): string {
  return zone === 'utc' ? 'UTC' : formatOffset(offsetAt(ms));
}

const MINUTE = 60_000;

/** Minutes that the local time is ahead of UTC. */
function offsetAt(ms: number): number {
  return -new Date(ms).getTimezoneOffset();
}

/** The last offset, and its text: a list shows the same one thousands of times. */
let last = { minutes: 0, text: '+00:00' };

function formatOffset(minutes: number): string {
  if (minutes === last.minutes) return last.text;
  const two = (number: number): string => String(Math.floor(number)).padStart(2, '0');
  const size = Math.abs(minutes);
  last = { minutes, text: `${minutes < 0 ? '-' : '+'}${two(size / 60)}:${two(size % 60)}` };
  return last.text;
}
