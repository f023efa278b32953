import { marksOf } from './timeline-layout.ts';

/** The smallest distance of two marks, px. */
const APART = 90;

/** Round times of the clock at the reader's place, as marks of an axis. @param width of the axis in pixels */
export function clockMarks(from: number, to: number, width: number): number[] {
  const midnight = new Date(from);
  midnight.setHours(0, 0, 0, 0);
  return marksOf(from, to, midnight.getTime(), Math.max(2, width / APART)).times;
}

/** `15:33`, or with seconds, `15:33:20`; at midnight the date. */
export function clockOf(time: number, seconds: boolean): string {
  const date = new Date(time);
  const two = (value: number): string => String(value).padStart(2, '0');
  const clock = [date.getHours(), date.getMinutes(), ...(seconds ? [date.getSeconds()] : [])].map(two).join(':');
  if (!/^[0:]+$/.test(clock)) return clock;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The zone of the reader's clock at a time: `UTC+1`, `UTC`, `UTC-3:30`. */
export function zoneOf(time: number): string {
  const minutes = -new Date(time).getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const rest = Math.abs(minutes) % 60;
  const hours = Math.floor(Math.abs(minutes) / 60);
  return `UTC${minutes < 0 ? '-' : '+'}${hours}${rest > 0 ? `:${String(rest).padStart(2, '0')}` : ''}`;
}
