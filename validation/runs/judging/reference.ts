import { join } from 'node:path';
import type { Reference } from '../../checks/judge.ts';
import { readRegular } from '../../files/regular-file.ts';
import { InputError } from '../../input/input-error.ts';
import type { Report } from '../../report/model.ts';
import { type RunRecord, statusOf } from '../store/record.ts';
import { REPORT_LIMIT, type RunDir, type RunStore } from '../store/store.ts';

/** The number of earlier good runs that durations and sizes are compared with. More would hardly improve the estimate. */
const EARLIER = 10;

/** The number of good runs that outputs are compared with. More cost time and change little. */
const ALIKE = 5;

/** The stored report of a run; undefined if there is none. */
export function readReport(run: RunDir): Report | undefined {
  try {
    return JSON.parse(readRegular(join(run.reportDir, 'report.json'), REPORT_LIMIT)) as Report;
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
 * Finds the reference of a run: the chosen run, else the last good run before it with the same workflow, name and stages.
 * Undefined if there is none.
 * @param chosen as for RunStore.find
 * @throws {InputError} when the chosen run does not exist, or has no report
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
 * Good runs whose outputs are alike, newest first: back to the run that differs from those before it. A person who accepts a
 * difference makes it the new reference. So does a run in which an accepted difference is gone again.
 */
function alikeOf(reports: readonly Report[]): Report[] {
  const last = reports.findIndex(
    (report) => hasDifferences(report) || report.fixed?.some(({ compared }) => compared !== undefined),
  );
  return reports.slice(0, Math.min(ALIKE, last < 0 ? ALIKE : last + 1));
}

/** The good runs before a run with the same workflow, name and stages, newest first. It is compared with the first. */
export function goodBefore<Run extends { record: RunRecord }>(runs: readonly Run[], record: RunRecord): Run[] {
  return runs
    .filter(({ record: other }) => other.created < record.created && isLike(other, record) && isGood(other))
    .sort((a, b) => b.record.created - a.record.created);
}

/** Whether checks found new differences from the runs before. */
function hasDifferences({ findings }: Report): boolean {
  return findings.some(({ compared, severity }) => compared !== undefined && severity !== 'info');
}

/** Whether two runs have the same workflow, name and stages. If one had fewer stages, the others would seem to be new. */
function isLike(one: RunRecord, other: RunRecord): boolean {
  return (
    one.workflow === other.workflow &&
    one.name === other.name &&
    (['startAt', 'stopAt', 'only'] as const).every((key) => one.request[key] === other.request[key])
  );
}
