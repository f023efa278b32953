import { Cron } from 'croner';
import { zoneProblem } from './zones.ts';

/** The times of a repeated start, as minutes and hours of a clock in a time zone. */
export interface Times {
  /** Five fields of crontab(5): minute, hour, day of the month, month, day of the week. */
  cron: string;
  /** Name in the tz database. */
  timeZone: string;
}

/** The values of the five fields; undefined: every value. Days of the week from 0, Sunday. */
export interface Fields {
  minutes: readonly number[];
  hours: readonly number[] | undefined;
  days: readonly number[] | undefined;
  months: readonly number[] | undefined;
  weekdays: readonly number[] | undefined;
}

/** A start at which the clock skips the wanted time, or shows it twice. */
export interface ClockChange {
  /** ms since 1970. */
  time: number;
  /** `skipped`: the day has no such time; `twice`: it has two. */
  what: 'skipped' | 'twice';
}

const HOUR_MS = 3_600_000;
/** Long enough to contain both clock changes of a year. */
const LOOK_AHEAD_MS = 370 * 24 * HOUR_MS;
const MOST_LOOKED_AT = 10_000;

/** @returns the mistake in the expression or the zone; undefined if there is none */
export function problemOf({ cron, timeZone }: Times): string | undefined {
  const zone = zoneProblem(timeZone);
  if (zone !== undefined) return zone;
  try {
    const next = jobOf({ cron, timeZone }).nextRun(new Date(0));
    return next ? undefined : `'${cron}' matches no date`;
  } catch (error) {
    return `'${cron}' is not a cron expression: ${(error as Error).message.replace(/^Cron\w+: /, '')}`;
  }
}

/** The canonical name of a zone with several names, such as `Etc/UTC` and `UTC`. @throws {RangeError} for an unknown zone */
export function canonicalZone(name: string): string {
  return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
}

/** The next `count` starts after `after` (ms since 1970). */
export function nextStarts(times: Times, after: number, count: number): number[] {
  return jobOf(times)
    .nextRuns(count, new Date(after))
    .map((date) => date.getTime());
}

/** The last start that was due at `now`, or in that second; undefined if there was none. */
export function lastDue(times: Times, now: number): number | undefined {
  return jobOf(times)
    .previousRuns(1, new Date(now + 1000))[0]
    ?.getTime();
}

/** The clock changes of the next year that affect a start at fixed hours, in order. */
export function clockChanges(times: Times, after: number): ClockChange[] {
  const { hours, minutes } = fieldsOf(times.cron);
  if (hours === undefined) return [];
  const job = jobOf(times);
  const changes: ClockChange[] = [];
  let from = new Date(after);
  for (let looked = 0; looked < MOST_LOOKED_AT; looked++) {
    const next = job.nextRun(from);
    if (!next || next.getTime() > after + LOOK_AHEAD_MS) break;
    const time = next.getTime();
    const { hour, minute } = wallClock(time, times.timeZone);
    if (!hours.includes(hour) || !minutes.includes(minute)) changes.push({ time, what: 'skipped' });
    else {
      const later = wallClock(time + HOUR_MS, times.timeZone);
      if (later.hour === hour && later.minute === minute) changes.push({ time, what: 'twice' });
    }
    from = next;
  }
  return changes;
}

/**
 * The values of the fields of a cron expression that croner accepts.
 * @throws {RangeError} for an invalid expression, or one with what only croner knows (`L`, `W`, `#`): other schedulers do not
 */
export function fieldsOf(cron: string): Fields {
  const fields = cron.trim().split(/\s+/);
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = fields;
  if (fields.length !== 5) throw new RangeError(`'${cron}': expected five fields`);
  const weekdays = listOf(weekday, 0, 7, WEEKDAYS);
  return {
    minutes: listOf(minute, 0, 59) ?? range(0, 59, 1),
    hours: listOf(hour, 0, 23),
    days: listOf(day, 1, 31),
    months: listOf(month, 1, 12, MONTHS, 1),
    weekdays: weekdays && [...new Set(weekdays.map((number) => number % 7))].sort((a, b) => a - b),
  };
}

export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] as const;

function listOf(
  field: string,
  first: number,
  last: number,
  names: readonly string[] = [],
  nameBase = 0,
): number[] | undefined {
  if (field === '*') return undefined;
  const number = (text: string): number => {
    const named = names.indexOf(text.toLowerCase());
    const value = named >= 0 ? named + nameBase : /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= first && value <= last) return value;
    throw new RangeError(`'${field}': '${text}' is not a number from ${first} to ${last}`);
  };
  const numbers = field.split(',').flatMap((part) => {
    const [, from = '', to, step = '1'] = /^([^-/]+)(?:-([^-/]+))?(?:\/(\d+))?$/.exec(part) ?? [];
    if (from === '*') return range(first, last === 7 ? 6 : last, Number(step));
    const start = number(from);
    if (to === undefined && part.includes('/')) throw new RangeError(`'${part}': a step needs a range or *`);
    return range(start, to === undefined ? start : number(to), Number(step));
  });
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function range(first: number, last: number, step: number): number[] {
  if (step < 1) throw new RangeError('the step must not be 0');
  const numbers: number[] = [];
  for (let n = first; n <= last; n += step) numbers.push(n);
  return numbers;
}

/** The time on a clock in a zone. Days of the week from 0, Sunday. */
export function wallClock(time: number, timeZone: string) {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(time);
  const of = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  const [year, month, day] = [of('year'), of('month'), of('day')];
  const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
  return { year, month, day, hour: of('hour'), minute: of('minute'), second: of('second'), weekday };
}

function jobOf({ cron, timeZone }: Times): Cron {
  // As in cron and systemd: a list of hours also means fixed times.
  return new Cron(cron, { timezone: timeZone, mode: '5-part', paused: true, fixedTimeRule: 'no-wildcard' });
}
