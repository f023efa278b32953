import type { Unavailability } from '../../mesos/messages.ts';

/** When an agent goes, and when it is promised to be back (never, where nothing is said of it); ms since 1970. */
export function timesOf({ start, duration }: Unavailability): { start: number; end: number } {
  const from = Number(start.nanoseconds) / 1e6;
  return { start: from, end: duration ? from + Number(duration.nanoseconds) / 1e6 : Number.POSITIVE_INFINITY };
}
