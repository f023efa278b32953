import { formatDuration } from '../../units/time.ts';
import { now } from '../state/clock.ts';
import { formatAge } from '../words.ts';

/** `3 h ago`, with date and time of the reader's place where the pointer rests. @param ms since 1970 */
export function Ago({ ms }: { ms: number }) {
  const date = new Date(ms);
  return (
    <time
      dateTime={date.toISOString()}
      title={date.toLocaleString(undefined, { dateStyle: 'full', timeStyle: 'long' })}
    >
      {formatAge(now.value - ms)}
    </time>
  );
}

/** How long something took, or has taken until now. @param start ms since 1970 */
export function Took({ start, end }: { start: number; end?: number | undefined }) {
  return <>{formatDuration(((end ?? now.value) - start) / 1000)}</>;
}
