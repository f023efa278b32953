import { dirname } from 'node:path';
import { quote } from '../step/shell-words.ts';
import { commandOf, type Nightly } from './nightly.ts';
import { fieldsOf, nextStarts, WEEKDAYS, wallClock } from './times.ts';

interface Volume {
  hostPath: string;
  containerPath: string;
  mode: 'RO' | 'RW';
}

/** What we tell Chronos of a job: the documented fields of `POST /v1/scheduler/iso8601`, those that we use. */
export interface ChronosJob {
  name: string;
  command: string;
  /** `R/START/PERIOD`. */
  schedule: string;
  scheduleTimeZone: string;
  /** ISO 8601: how late it may start. */
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

/** More than that is no nightly: a job for each start of a week fills the list that people look at. */
const MOST_JOBS = 28;

/** Chronos 3 has them no longer: it takes a job that has them, and lists it without (JobSerializer.scala). */
const FORGOTTEN: readonly string[] = ['epsilon', 'async'] satisfies (keyof ChronosJob)[];

/** All jobs of a nightly have this name, or this and a dot before the rest. */
export function jobPrefix(name: string): string {
  return `relval.${name}`;
}

export function isJobOf(name: string, job: string): boolean {
  return job === jobPrefix(name) || job.startsWith(`${jobPrefix(name)}.`);
}

/**
 * The jobs that start a nightly at its times. Chronos repeats a job by a fixed period, so there is one for each time of
 * the day, and where not every day is meant, one for each time of the week.
 * @param after ms since 1970: the first start is behind that
 * @throws {RangeError} times that do not repeat by the day or by the week
 */
export function chronosJobs(nightly: Nightly, after: number): ChronosJob[] {
  const { name, times, resources, environment } = nightly;
  const { minutes, hours, days, months, weekdays } = fieldsOf(times.cron);
  if (days || months) {
    throw new RangeError(
      `Chronos repeats by a fixed period: '${times.cron}' names days of the month or months; use days of the week, or another scheduler`,
    );
  }
  const clocks = (hours ?? [...Array(24).keys()]).flatMap((hour) => minutes.map((minute) => ({ hour, minute })));
  const starts = (weekdays ?? [undefined]).flatMap((weekday) => clocks.map((clock) => ({ ...clock, weekday })));
  if (starts.length > MOST_JOBS) {
    throw new RangeError(`'${times.cron}' would be ${starts.length} jobs of Chronos, the most is ${MOST_JOBS}`);
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
      // Exit status 1 is a verdict, not an accident: trying again would hide it.
      retries: 0,
      async: false,
      disabled: false,
      // Whether one may start while another runs is decided when it starts, where that can be told.
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
 * The next start. Chronos takes the clock that is written here, and the zone of `scheduleTimeZone` in the place of the
 * one that is written (Iso8601Expressions.scala of Chronos: withZoneRetainFields).
 */
function startOf(cron: string, timeZone: string, after: number): string {
  const [next = after] = nextStarts({ cron, timeZone }, after, 1);
  const { year, month, day, hour, minute } = wallClock(next, timeZone);
  return `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:00Z`;
}

/** What the container must see beside what was asked for: the nightly's file, its input, the password, and where its runs are. */
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
 * Whether a job as Chronos has it does what we want: every field that we send, compared with what came back. Of the start
 * only the clock and, with a period of a week, the weekday counts: Chronos moves it on with every run.
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
  // The clock that is printed counts, whatever zone stands behind it: see startOf.
  const [wantedClock, foundClock] = [clockOf(start), clockOf(foundStart)];
  if (!wantedClock || !foundClock || wantedClock.time !== foundClock.time) return false;
  return period === 'P1D' || wantedClock.weekday === foundClock.weekday;
}

function clockOf(start: string): { time: string; weekday: number } | undefined {
  const [, date, time] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)/.exec(start) ?? [];
  if (date === undefined || time === undefined) return undefined;
  return { time, weekday: new Date(`${date}T00:00Z`).getUTCDay() };
}

/** Every part of `wanted` is in `found`; empty lists and what is not there are the same. */
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
