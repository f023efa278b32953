import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reference } from '../../checks/judge.ts';
import { InputError } from '../../input/input-error.ts';
import type { Report } from '../../report/model.ts';
import { type RunRecord, statusOf } from '../store/record.ts';
import type { RunDir, RunStore } from '../store/store.ts';

/** Earlier good runs that durations and sizes are compared with: more say little more about what is usual. */
const EARLIER = 10;

/** Good runs that outputs are compared with: more cost time and change little. */
const ALIKE = 5;

/** The report of a run as it was stored; undefined where there is none. */
export function readReport(run: RunDir): Report | undefined {
  try {
    return JSON.parse(readFileSync(join(run.reportDir, 'report.json'), 'utf8')) as Report;
  } catch {
    return undefined;
  }
}

/** Whether a run is good: it passed, or it failed and a person accepted it. */
export function isGood(record: RunRecord): boolean {
  const status = statusOf(record);
  return status === 'passed' || (status === 'failed' && record.accepted !== undefined);
}

/**
 * What a run is compared with: the run that was chosen, else the last good one before it of the same workflow and name and
 * of the same stages. Undefined where there is none.
 * @param chosen as RunStore.find takes it
 * @throws {InputError} the chosen run is not there, or has no report
 */
export function findReference(store: RunStore, record: RunRecord, chosen?: string): Reference | undefined {
  const good = goodBefore(store.list(), record);
  const reference = chosen === undefined ? good.find(({ run }) => readReport(run))?.run : store.find(chosen);
  if (!reference) return undefined;
  const report = readReport(reference);
  if (!report) throw new InputError([{ message: `${chosen} has no report, so nothing can be compared with it` }]);
  if (report.run === record.id) throw new InputError([{ message: `${chosen} is the run itself: give another run` }]);
  const others = good
    .filter(({ record: { id } }) => id !== report.run)
    .slice(0, EARLIER - 1)
    .flatMap(({ run }) => readReport(run) ?? []);
  const earlier = [report, ...others];
  if (chosen !== undefined) return { report, earlier, alike: [report] };
  const alike = alikeOf(earlier);
  const last = alike.at(-1);
  const before = last && hasDifferences(last) ? alikeOf(earlier.slice(alike.length)) : [];
  return { report, earlier, alike, ...(before.length > 0 && { before }) };
}

/**
 * Good runs whose outputs say the same, newest first: back to the one that differs from those before it. Whoever accepts a
 * difference makes it the new standard; so does a run in which an accepted difference has gone again.
 */
function alikeOf(reports: readonly Report[]): Report[] {
  const last = reports.findIndex(
    (report) => hasDifferences(report) || report.fixed?.some(({ compared }) => compared !== undefined),
  );
  return reports.slice(0, Math.min(ALIKE, last < 0 ? ALIKE : last + 1));
}

/** The good runs before a run that do the same as it, newest first: it is compared with the first of them. */
export function goodBefore<Run extends { record: RunRecord }>(runs: readonly Run[], record: RunRecord): Run[] {
  return runs
    .filter(({ record: other }) => other.created < record.created && isLike(other, record) && isGood(other))
    .sort((a, b) => b.record.created - a.record.created);
}

/** Whether checks found new differences from the runs before it. */
function hasDifferences({ findings }: Report): boolean {
  return findings.some(({ compared, severity }) => compared !== undefined && severity !== 'info');
}

/** Whether a run does the same as another: where only a part of the stages was run the rest would seem to be new. */
function isLike(one: RunRecord, other: RunRecord): boolean {
  return (
    one.workflow === other.workflow &&
    one.name === other.name &&
    (['startAt', 'stopAt', 'only'] as const).every((key) => one.request[key] === other.request[key])
  );
}
