import { counted } from '../units/count.ts';
import type { Finding, Report } from './model.ts';

/** The name of a night: a run that has ended. */
export interface NightName {
  run: string;
  /** ms since 1970. */
  created: number;
  release?: string;
  /** The run was removed. */
  removed?: true;
}

/** Since when a finding of a run is there, by the earlier nights of the same name. */
export interface Since {
  /** `open`: it appeared, and is still there; `flaky`: it comes and goes; `always`: it is there in every known night. */
  course: 'open' | 'flaky' | 'always';
  /** The first of the consecutive bad nights until this run. It is this run if the finding is there for the first time. */
  first: NightName;
  /** The last night before it that certainly does not have the finding; absent: no such night is known. */
  lastGood?: NightName;
  /** The number of nights between the two that say nothing about the finding. */
  unknown?: number;
  /** The number of nights that have it, of the nights that can tell; both with this run. */
  bad: number;
  known: number;
}

/** The day of a night: `2026-11-12`, in UTC. */
export function dayOf({ created }: Pick<NightName, 'created'>): string {
  return new Date(created).toISOString().slice(0, 10);
}

/** `2026-11-12 (v5-09-12)`. @param withTime `2026-11-12 03:00 (v5-09-12)`, in UTC */
export function nameNight(night: NightName, withTime = false): string {
  const time = withTime ? ` ${new Date(night.created).toISOString().slice(11, 16)}` : '';
  return `${dayOf(night)}${time}${night.release === undefined ? '' : ` (${night.release})`}`;
}

/** `since 2026-11-12 (B); last good night: 2026-11-11 (A); 2 unknown nights between`. */
export function describeSpell({ first, lastGood, unknown = 0 }: Pick<Since, 'first' | 'lastGood' | 'unknown'>): string {
  if (!lastGood) return `since ${nameNight(first)}; no earlier night without it is known`;
  // Two runs of one day are told apart by their times.
  const name = (night: NightName) => nameNight(night, dayOf(first) === dayOf(lastGood));
  const between = unknown > 0 ? `; ${counted(unknown, 'unknown night')} between` : '';
  return `since ${name(first)}; last good night: ${name(lastGood)}${between}`;
}

/** A note for a change between two nights of the same release. Undefined: the releases differ, or are not known. */
export function describeSameRelease({ before, after }: { before?: NightName; after?: NightName }): string | undefined {
  if (before?.release === undefined || before.release !== after?.release) return undefined;
  return `the release did not change (${before.release}): the cause may be elsewhere`;
}

/** Since when a finding is there; undefined if the report does not say it. */
export function sinceIn(
  { run, since }: Pick<Report, 'run' | 'since'>,
  { fingerprint }: Pick<Finding, 'fingerprint'>,
): { run: string; of: Since } | undefined {
  const of = fingerprint === undefined || !since || !Object.hasOwn(since, fingerprint) ? undefined : since[fingerprint];
  return of && { run, of };
}

/** One or two sentences about a finding of a run. @param run id of the run */
export function describeSince(since: Since, run: string): string {
  const { course, first, lastGood, bad, known } = since;
  const often = `in ${bad} of ${counted(known, 'night')}`;
  if (course === 'flaky') return `Flaky: it comes and goes, ${often}.`;
  if (course === 'always') return `There in every known night, since ${nameNight(first)} or earlier.`;
  const isFirst = first.run === run;
  const spell = describeSpell(since);
  const text = isFirst ? spell.replace(/^since [^;]*/, 'first seen in this run') : spell;
  const same = describeSameRelease({ ...(lastGood && { before: lastGood }), after: first });
  return `${sentence(text)}${same === undefined ? '' : ` ${sentence(same)}`}`;
}

/** The same in a few words: `flaky`, `since 2026-11-12 (B)`. */
export function shortSince({ course, first }: Since, run: string): string {
  if (course === 'flaky') return 'flaky';
  return first.run === run ? 'first seen in this run' : `since ${nameNight(first)}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
