import { STALE_MS } from './listings.ts';

/** Smaller differences are not corrected and not said, ms: a row may be this much older before a living manager is taken for dead. */
const TOLERATED_MS = 30_000;
/** A difference that was found stays until another one differs by more than this, ms: the catalog's clock has whole seconds. */
const JITTER_MS = 10_000;
/** Offsets of time zones are multiples of this, ms. */
const ZONE_STEP_MS = 15 * 60_000;

/**
 * How much the clock of a catalog server is ahead of this machine's, ms; 0 where they agree.
 *
 * cctools' server sends the time as ctime prints it: in its own zone, which it does not name. So the difference is known but
 * for a multiple of 15 minutes. Which multiple it is, the newest row says: a manager has just reported, and never in the
 * future. Where all rows are old, the smallest difference is taken.
 *
 * @param date the header `Date`
 * @param newest when a manager last reported, ms since 1970 by the catalog's clock; `-Infinity` where there is none
 * @param before the difference that was found last
 */
export function clockDifference(date: string | undefined, newest: number, now: number, before: number): number {
  const found = measured(date, newest, now);
  if (Math.abs(found - before) <= JITTER_MS) return before;
  return Math.abs(found) < TOLERATED_MS ? 0 : found;
}

function measured(date: string | undefined, newest: number, now: number): number {
  const fits = (difference: number): boolean => {
    const age = now + difference - newest;
    return age >= -JITTER_MS && age <= STALE_MS;
  };
  const isAhead = (difference: number): boolean => newest > now + difference + JITTER_MS;
  const proven = (difference: number): number => (isAhead(difference) ? newest - now : difference);
  // A proxy may send the standard's form, which has a zone.
  const exact = date?.endsWith('GMT') === true;
  const said = Date.parse(exact ? `${date}` : `${date} GMT`) - now;
  if (Number.isNaN(said)) return proven(0);
  if (exact) return said;
  const least = said - Math.round(said / ZONE_STEP_MS) * ZONE_STEP_MS;
  const inOurZone = Date.parse(`${date}`) - now;
  return [least, inOurZone].find(fits) ?? proven(least);
}

/** The difference as a sentence for an operator; undefined for none. @param catalog its address */
export function clockWords(catalog: string, difference: number): string | undefined {
  if (difference === 0) return undefined;
  const seconds = Math.round(Math.abs(difference) / 1000);
  const amount = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
  return `the clock of the catalog server ${catalog} differs by ${amount} from this machine's: it is ${difference > 0 ? 'ahead' : 'behind'}`;
}
