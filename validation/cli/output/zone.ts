import { formatClock, formatTime, type Zone } from '../../units/time.ts';

let zone: Zone = 'local';

/** Decides in which time zone the command shows times. */
export function useZone(wanted: Zone): void {
  zone = wanted;
}

/** ms since 1970, as date and time with the offset from UTC. */
export const when = (ms: number): string => formatTime(ms, zone);

/** ms since 1970, as the time of the day. */
export const clock = (ms: number): string => formatClock(ms, zone);
