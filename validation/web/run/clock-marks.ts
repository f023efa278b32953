import { inZone, type Zone } from '../../units/time.ts';
import { marksOf } from './timeline-layout.ts';

/** The smallest distance of two marks, px. */
const APART = 90;

/** Round clock times in a time zone, as marks of an axis. @param width width of the axis, px */
export function clockMarks(from: number, to: number, width: number, zone: Zone): number[] {
  const sinceMidnight = inZone(from, zone).getTime() % 86_400_000;
  return marksOf(from, to, from - sinceMidnight, Math.max(2, width / APART)).times;
}

/** `15:33`, or with seconds, `15:33:20`; at midnight the date. */
export function clockOf(time: number, seconds: boolean, zone: Zone): string {
  const text = inZone(time, zone).toISOString();
  const clock = text.slice(11, seconds ? 19 : 16);
  return /^[0:]+$/.test(clock) ? text.slice(0, 10) : clock;
}
