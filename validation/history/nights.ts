import { InputError } from '../input/input-error.ts';
import { wildcardMatches } from '../workflow/scope.ts';
import type { HistoryLine } from './line.ts';
import { type Lines, linesOf, type RecordedRun } from './store.ts';

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
}

type Named = Pick<HistoryLine, 'id' | 'name' | 'workflow' | 'created' | 'release'> & {
  verdict?: HistoryLine['verdict'];
};

/** A night: the line of a run. */
export interface Night extends HistoryLine {
  /** The run itself was removed. */
  removed?: true;
}

/** All names that have a history. The name with the newest run comes first. */
export function namesIn(runs: readonly RecordedRun[], known: Lines): NamedHistory[] {
  const names = new Map<string, NamedHistory>();
  for (const { name, workflow, created, release, verdict } of endedRuns(runs, known)) {
    if (verdict === undefined) continue;
    const key = JSON.stringify([workflow, name]);
    const before = names.get(key);
    const count = (before?.runs ?? 0) + 1;
    const newest = { name, workflow, runs: count, last: created, ...(release !== undefined && { release }), verdict };
    names.set(key, before && before.last > created ? { ...before, runs: count } : newest);
  }
  return [...names.values()].sort((a, b) => b.last - a.last);
}

function endedRuns(runs: readonly RecordedRun[], known: Lines): Named[] {
  const there = new Set(runs.map(({ record }) => record.id));
  const ended = runs.map(({ record }) => record).filter(({ state }) => state === 'ended');
  return [...ended, ...[...known.values()].filter(({ id }) => !there.has(id))];
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
  return { nights: nights.sort((a, b) => a.created - b.created || (a.id < b.id ? -1 : 1)), fresh };
}

/** The choice of nights. */
export interface NightFilter {
  /** Only nights from this time on, ms since 1970. */
  since?: number | undefined;
  /** Glob over the release. */
  release?: string | undefined;
}

export function chosenNights(nights: readonly Night[], { since, release }: NightFilter): Night[] {
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
