import { dirname } from 'node:path';
import { quote } from '../step/shell-words.ts';
import { commandOf, type Nightly } from './nightly.ts';
import { fieldsOf, nextStarts, WEEKDAYS, wallClock } from './times.ts';

interface Volume {
  hostPath: string;
  containerPath: string;
  mode: 'RO' | 'RW';
}

/** A job for Chronos: the documented fields of `POST /v1/scheduler/iso8601` that relval uses. */
export interface ChronosJob {
  name: string;
  command: string;
  /** `R/START/PERIOD`. */
  schedule: string;
  scheduleTimeZone: string;
  /** ISO 8601 duration: how late it may start. */
  epsilon: string;
  owner: string;
  cpus: number;
  /** MB. */
  mem: number;
  disk: number;
  retries: number;
  async: boolean;
  disabled: boolean;
  concurrent: boolean;
  environmentVariables: { name: string; value: string }[];
  constraints: string[][];
  container?: { type: 'DOCKER'; image: string; network: 'HOST'; volumes: Volume[] };
}

/** Most jobs for one nightly: one job for each start of a week would fill the list that people read. */
const MOST_JOBS = 28;

/** Chronos 3 does not have these fields any more: it accepts a job with them, and lists it without (JobSerializer.scala). */
const FORGOTTEN: readonly string[] = ['epsilon', 'async'] satisfies (keyof ChronosJob)[];

/** All jobs of a nightly have this name, or this name, a dot and more. */
export function jobPrefix(name: string): string {
  return `relval.${name}`;
}

export function isJobOf(name: string, job: string): boolean {
  return job === jobPrefix(name) || job.startsWith(`${jobPrefix(name)}.`);
}

/**
 * The jobs that start a nightly at its times. Chronos repeats a job with a fixed period, so there is one job for each time of
 * the day or, if the nightly does not run every day, one for each time of the week.
 * @param after ms since 1970: the first start is later than this
 * @throws {RangeError} when the times do not repeat by the day or by the week
 */
export function chronosJobs(nightly: Nightly, after: number): ChronosJob[] {
  const { name, times, resources, environment } = nightly;
  const { minutes, hours, days, months, weekdays } = fieldsOf(times.cron);
  if (days || months) {
    throw new RangeError(
      `Chronos cannot run '${times.cron}', because it repeats jobs with a fixed period. Use days of the week instead of days of the month or months, or another scheduler`,
    );
  }
  const clocks = (hours ?? [...Array(24).keys()]).flatMap((hour) => minutes.map((minute) => ({ hour, minute })));
  const starts = (weekdays ?? [undefined]).flatMap((weekday) => clocks.map((clock) => ({ ...clock, weekday })));
  if (starts.length > MOST_JOBS) {
    throw new RangeError(`'${times.cron}' would need ${starts.length} jobs of Chronos, but the limit is ${MOST_JOBS}`);
  }
  return starts.map(({ hour, minute, weekday }) => {
    const cron = `${minute} ${hour} * * ${weekday ?? '*'}`;
    const day = weekday === undefined ? '' : `${WEEKDAYS[weekday]}-`;
    return {
      name: starts.length === 1 ? jobPrefix(name) : `${jobPrefix(name)}.${day}${two(hour)}${two(minute)}`,
      command: commandOf(nightly, ['relval']).map(quote).join(' '),
      schedule: `R/${startOf(cron, times.timeZone, after)}/${weekday === undefined ? 'P1D' : 'P7D'}`,
      scheduleTimeZone: times.timeZone,
      epsilon: `PT${nightly.startWithin}S`,
      owner: nightly.owner ?? '',
      cpus: resources.cores,
      mem: resources.memory,
      disk: resources.disk,
      // Exit status 1 is a verdict, not a failure of the job: another attempt would hide it.
      retries: 0,
      async: false,
      disabled: false,
      // Whether it may start while another run exists is decided at the start, where this is known.
      concurrent: true,
      environmentVariables: Object.entries(environment).map(([key, value]) => ({ name: key, value })),
      constraints: nightly.constraints ?? [],
      ...(nightly.image !== undefined && {
        container: { type: 'DOCKER', image: nightly.image, network: 'HOST', volumes: volumesOf(nightly) } as const,
      }),
    };
  });
}

/**
 * The next start. Chronos takes the clock time that is written here, with the zone of `scheduleTimeZone` in place of the
 * written one (Iso8601Expressions.scala of Chronos: withZoneRetainFields).
 */
function startOf(cron: string, timeZone: string, after: number): string {
  const [next = after] = nextStarts({ cron, timeZone }, after, 1);
  const { year, month, day, hour, minute } = wallClock(next, timeZone);
  return `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:00Z`;
}

/** Volumes of the container in addition to the configured ones: the nightly's file, its input, the password, and the directory of its runs. */
function volumesOf({ file, input, runs, password, volumes }: Nightly): Volume[] {
  const all: Volume[] = [...volumes];
  const add = (path: string, mode: 'RO' | 'RW') => {
    const seen = all.some(
      (one) =>
        (one.mode === 'RW' || mode === 'RO') && `${path}/`.startsWith(`${one.containerPath.replace(/\/$/, '')}/`),
    );
    if (!seen) all.push({ hostPath: path, containerPath: path, mode });
  };
  add(runs, 'RW');
  for (const path of [file, input, ...(password === undefined ? [] : [password])]) add(dirname(path), 'RO');
  return all;
}

/**
 * Whether a job in Chronos is the wanted one: every field that is sent is compared with the returned one. Of the start
 * only the clock time and, with a period of a week, the weekday count: Chronos changes the date after every run.
 */
export function isSameJob(wanted: ChronosJob, found: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(wanted).every(([key, value]) => {
    if (key === 'schedule') return isSameSchedule(wanted, String(found.schedule));
    return (found[key] === undefined && FORGOTTEN.includes(key)) || isWithin(value, found[key]);
  });
}

function isSameSchedule({ schedule }: ChronosJob, found: string): boolean {
  const [repeat = '', start = '', period = ''] = schedule.split('/');
  const [foundRepeat, foundStart = '', foundPeriod = ''] = found.split('/');
  if (foundRepeat !== repeat || foundPeriod.replace('P1W', 'P7D') !== period) return false;
  // The printed clock time counts, whatever zone follows it: see startOf.
  const [wantedClock, foundClock] = [clockOf(start), clockOf(foundStart)];
  if (!wantedClock || !foundClock || wantedClock.time !== foundClock.time) return false;
  return period === 'P1D' || wantedClock.weekday === foundClock.weekday;
}

function clockOf(start: string): { time: string; weekday: number } | undefined {
  const [, date, time] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)/.exec(start) ?? [];
  if (date === undefined || time === undefined) return undefined;
  return { time, weekday: new Date(`${date}T00:00Z`).getUTCDay() };
}

/** Whether every part of `wanted` is in `found`; an empty list equals a missing one. */
function isWithin(wanted: unknown, found: unknown): boolean {
  if (Array.isArray(wanted)) {
    const list = Array.isArray(found) ? found : [];
    return list.length === wanted.length && wanted.every((item, i) => isWithin(item, list[i]));
  }
  if (typeof wanted !== 'object' || wanted === null) return wanted === (found ?? (wanted === '' ? '' : undefined));
  if (typeof found !== 'object' || found === null) return false;
  return Object.entries(wanted).every(([key, value]) => isWithin(value, (found as Record<string, unknown>)[key]));
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
