import { InputError } from '../input/input-error.ts';
import type { NightName } from '../report/since.ts';
import { wildcardMatches } from '../workflow/scope.ts';
import type { HistoryLine } from './line.ts';
import { type Lines, linesOf, type RecordedRun } from './store.ts';

/** One of the last nights of a name. */
export interface NightMark extends NightName {
  verdict: HistoryLine['verdict'];
}

/** A name that has a history. Runs with the same name do the same. */
export interface NamedHistory {
  name: string;
  workflow: string;
  /** The number of runs that have ended, with removed ones. */
  runs: number;
  /** The newest run: ms since 1970, release and verdict. */
  last: number;
  release?: string;
  verdict: HistoryLine['verdict'];
  /** The last nights, oldest first. */
  nights: NightMark[];
  /** The share of `nights` that passed, of those that passed or failed: the others say nothing about the release. */
  passRate?: number;
}

type Ended = Pick<HistoryLine, 'id' | 'name' | 'workflow' | 'created' | 'release'> & {
  verdict?: HistoryLine['verdict'];
  removed?: true;
};

/** A night: the line of a run. */
export interface Night extends HistoryLine {
  /** The run itself was removed. */
  removed?: true;
}

/**
 * All names that have a history. The name with the newest run comes first.
 * @param shown the number of last nights of each name
 */
export function namesIn(
  runs: readonly RecordedRun[],
  known: Lines,
  shown: number,
  filter: NightFilter = {},
): NamedHistory[] {
  const names = new Map<string, Ended[]>();
  for (const run of chosenNights(endedRuns(runs, known), filter)) {
    if (run.verdict === undefined) continue;
    const key = JSON.stringify([run.workflow, run.name]);
    const own = names.get(key);
    if (own) own.push(run);
    else names.set(key, [run]);
  }
  return [...names.values()].map((own) => namedHistory(own, shown)).sort((a, b) => b.last - a.last);
}

function namedHistory(runs: Ended[], shown: number): NamedHistory {
  runs.sort(byTime);
  const { name, workflow, created, release, verdict } = runs.at(-1) as Ended & Pick<HistoryLine, 'verdict'>;
  const nights = runs.slice(-shown);
  const [passed, failed] = (['passed', 'failed'] as const).map(
    (wanted) => nights.filter((night) => night.verdict === wanted).length,
  ) as [number, number];
  return {
    ...{ name, workflow, runs: runs.length, last: created, verdict },
    ...(release !== undefined && { release }),
    nights: nights.map(({ id, created: time, release: tested, verdict: end, removed }) => ({
      ...{ run: id, created: time, verdict: end as HistoryLine['verdict'] },
      ...(tested !== undefined && { release: tested }),
      ...(removed && { removed }),
    })),
    ...(passed + failed > 0 && { passRate: passed / (passed + failed) }),
  };
}

function byTime(a: Pick<Ended, 'created' | 'id'>, b: Pick<Ended, 'created' | 'id'>): number {
  return a.created - b.created || (a.id < b.id ? -1 : 1);
}

function endedRuns(runs: readonly RecordedRun[], known: Lines): Ended[] {
  const there = new Set(runs.map(({ record }) => record.id));
  const ended = runs.map(({ record }) => record).filter(({ state }) => state === 'ended');
  const removed = [...known.values()].filter(({ id }) => !there.has(id));
  return [...ended, ...removed.map((line) => ({ ...line, removed: true as const }))];
}

/**
 * The nights of a name, oldest first. The name is a name of runs (of a nightly, or of the JDL). Or it is a workflow: then all its
 * runs count.
 * @returns `fresh`: new lines, which the caller must store. Undefined: no run that has ended has this name
 */
export async function nightsOf(
  wanted: string,
  runs: readonly RecordedRun[],
  known: Lines,
): Promise<{ nights: Night[]; fresh: HistoryLine[] } | undefined> {
  const all = endedRuns(runs, known);
  const by = (['name', 'workflow'] as const).find((key) => all.some((run) => run[key] === wanted));
  if (by === undefined) return undefined;
  const there = new Set(runs.map(({ record }) => record.id));
  const { lines, fresh } = await linesOf(
    runs.filter(({ record }) => record[by] === wanted),
    known,
  );
  const removed = [...known.values()].filter((line) => line[by] === wanted && !there.has(line.id));
  const nights: Night[] = [...lines, ...removed.map((line) => ({ ...line, removed: true as const }))];
  return { nights: nights.sort(byTime), fresh };
}

/** The choice of nights. */
export interface NightFilter {
  /** Only nights from this time on, ms since 1970. */
  since?: number | undefined;
  /** Glob over the release. */
  release?: string | undefined;
}

export function chosenNights<Night extends Pick<Ended, 'created' | 'release'>>(
  nights: readonly Night[],
  { since, release }: NightFilter,
): Night[] {
  return nights.filter(
    (night) =>
      (since === undefined || night.created >= since) &&
      (release === undefined || wildcardMatches(release, night.release ?? '')),
  );
}

/**
 * A date such as `2026-11-01` in UTC, with or without a time after it; ms since 1970.
 * @throws InputError when it is not a date
 */
export function dateOf(text: string, flag: string): number {
  const isDate = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z?)?$/.test(text);
  const ms = isDate ? Date.parse(text.includes('T') && !text.endsWith('Z') ? `${text}Z` : text) : Number.NaN;
  // Date.parse reads the 30th of February as a day in March.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text.slice(0, 10)) {
    throw new InputError([{ message: `${flag} ${text}: expected a date such as 2026-11-01, in UTC` }]);
  }
  return ms;
}
