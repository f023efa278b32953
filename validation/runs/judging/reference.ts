import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reference } from '../../checks/judge.ts';
import { InputError } from '../../input/input-error.ts';
import type { Report } from '../../report/model.ts';
import { type RunRecord, statusOf } from '../store/record.ts';
import type { RunDir, RunStore } from '../store/store.ts';

/** Earlier good runs that durations and sizes are compared with: more say little more about what is usual. */
const EARLIER = 10;

/** The report of a run as it was stored; undefined where there is none. */
export function readReport(run: RunDir): Report | undefined {
  try {
    return JSON.parse(readFileSync(join(run.reportDir, 'report.json'), 'utf8')) as Report;
  } catch {
    return undefined;
  }
}

/** Passed, or failed and accepted by somebody who knows why. One that was interrupted or broken says nothing. */
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
  const good = store
    .list()
    .filter(({ record: other }) => other.created < record.created && isLike(other, record) && isGood(other))
    .reverse();
  const reference = chosen === undefined ? good.find(({ run }) => readReport(run))?.run : store.find(chosen);
  if (!reference) return undefined;
  const report = readReport(reference);
  if (!report) throw new InputError([{ message: `${chosen} has no report: it cannot be compared with` }]);
  if (report.run === record.id) throw new InputError([{ message: `${chosen} is the run itself: name another one` }]);
  const others = good
    .filter(({ record: { id } }) => id !== report.run)
    .slice(0, EARLIER - 1)
    .flatMap(({ run }) => readReport(run) ?? []);
  return { report, earlier: [report, ...others] };
}

/** Whether a run does the same as another: where only a part of the stages was run the rest would seem to be new. */
function isLike(one: RunRecord, other: RunRecord): boolean {
  return (
    one.workflow === other.workflow &&
    one.name === other.name &&
    (['startAt', 'stopAt', 'only'] as const).every((key) => one.request[key] === other.request[key])
  );
}
