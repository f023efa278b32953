import { formatDuration, formatTime } from '../../units/time.ts';
import { now } from '../state/clock.ts';
import { zone } from '../state/zone.ts';
import { formatAge } from '../words.ts';

/** `3 h ago`, with the date beside it; date, seconds and zone where the pointer rests. @param ms since 1970 */
export function Ago({ ms }: { ms: number }) {
  const time = formatTime(ms, zone.value);
  return (
    <time dateTime={new Date(ms).toISOString()} title={time}>
      {formatAge(now.value - ms)} <span class="date">{time.slice(0, 'yyyy-mm-dd hh:mm'.length)}</span>
    </time>
  );
}

/** How long something took, or has taken until now. @param start ms since 1970 */
export function Took({ start, end }: { start: number; end?: number | undefined }) {
  return <>{formatDuration(((end ?? now.value) - start) / 1000)}</>;
}
