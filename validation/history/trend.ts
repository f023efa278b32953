import type { NightName } from '../report/since.ts';
import { type Drift, driftsOf } from './drift.ts';
import type { HistoryLine } from './line.ts';
import type { Night } from './nights.ts';
import { type FindingCourse, findingCourses, flakySteps, type StepCourse } from './things.ts';

/** A change between two known nights; the nights between them are unknown. */
export interface Change {
  /** Absent: no known night before, or after, was different. */
  before?: NightName;
  after?: NightName;
  between?: NightName[];
}

type Course = Omit<FindingCourse, 'firstBad' | 'lastBad' | 'lastGood' | 'firstGood'>;

/** A finding over the nights. */
export interface FindingTrend extends Course {
  /** It appeared: `before` is the last good night, `after` the first bad one. */
  came: Change & { after: NightName };
  /** The last night that has it. */
  last: NightName;
  /** It disappeared: `before` is the last bad night, `after` the first good one. Absent: it is still there. */
  went?: Change & { before: NightName; after: NightName };
}

/** A flaky step over the nights. */
export interface StepTrend extends Omit<StepCourse, 'lastBad'> {
  last: NightName;
}

/** A stage whose time, memory or output changes over the nights. */
export interface DriftTrend extends Omit<Drift, 'from' | 'to'> {
  from: NightName;
  to: NightName;
}

/** The data of a night. */
export interface NightTrend
  extends NightName,
    Omit<HistoryLine, 'schema' | 'stamp' | 'id' | 'findings' | 'stages' | 'cut' | 'more'> {
  stages: Omit<HistoryLine['stages'][number], 'failedSteps' | 'unjudgedSteps' | 'retriedSteps'>[];
}

/** The history of a workflow, with its findings, flaky steps and drifts. */
export interface Trend {
  schema: 'relval-trend-1';
  name: string;
  /** The number of all nights. `nights` has the last ones, oldest first. */
  total: number;
  nights: NightTrend[];
  /** Findings that are there in one of `nights`, or disappeared in one. Their marks have one letter for each of `nights`. */
  findings: FindingTrend[];
  /** Flaky steps. */
  steps: StepTrend[];
  drifts: DriftTrend[];
}

/** The largest number of nights that count: three years. */
export const MOST_NIGHTS = 1000;

/**
 * Computes the history from the nights. Up to 1000 nights count, and the last ones are shown.
 * @param all oldest first
 * @param last number of shown nights
 */
export function trendOf(name: string, all: readonly Night[], last: number): Trend {
  const nights = all.slice(-Math.max(MOST_NIGHTS, last));
  const from = Math.max(0, nights.length - last);
  const nameOf = (n: number): NightName => nightName(nights[n] as Night);
  const between = (one: number, other: number): { between?: NightName[] } => {
    const list = nights.slice(one + 1, other).map(nightName);
    return list.length > 0 ? { between: list } : {};
  };
  const findings = findingCourses(nights, from).map(
    ({ firstBad, lastBad, lastGood, firstGood, marks, ...course }): FindingTrend => {
      const cameFrom = lastGood === undefined ? {} : { before: nameOf(lastGood), ...between(lastGood, firstBad) };
      return {
        ...course,
        marks: marks.slice(from),
        came: { ...cameFrom, after: nameOf(firstBad) },
        last: nameOf(lastBad),
        ...(firstGood !== undefined && {
          went: { before: nameOf(lastBad), ...between(lastBad, firstGood), after: nameOf(firstGood) },
        }),
      };
    },
  );
  return {
    schema: 'relval-trend-1',
    name,
    total: all.length,
    nights: nights.slice(from).map(nightTrend),
    findings,
    steps: flakySteps(nights)
      .filter(({ lastBad }) => lastBad >= from)
      .map(({ lastBad, marks, ...course }) => ({ ...course, marks: marks.slice(from), last: nameOf(lastBad) })),
    drifts: driftsOf(nights).map((drift) => ({ ...drift, from: nameOf(drift.from), to: nameOf(drift.to) })),
  };
}

/** The name of a night. */
export function nightName({ id, created, release, removed }: Night): NightName {
  return { run: id, created, ...(release !== undefined && { release }), ...(removed && { removed }) };
}

function nightTrend(night: Night): NightTrend {
  const { schema: _schema, stamp: _stamp, id: _id, findings: _findings, cut: _cut, more: _more, ...rest } = night;
  const stages = night.stages.map(
    ({ failedSteps: _failed, unjudgedSteps: _unjudged, retriedSteps: _retried, ...stage }) => stage,
  );
  return { ...rest, ...nightName(night), stages };
}
