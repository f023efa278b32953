import { dirname } from 'node:path';
import type { HistoryLine } from '../../history/line.ts';
import { lineOfReport } from '../../history/make-line.ts';
import { nightsOf } from '../../history/nights.ts';
import { sinceOf } from '../../history/since.ts';
import { readLines } from '../../history/store.ts';
import type { Report } from '../../report/model.ts';
import type { RunRecord } from '../store/record.ts';
import { type RunDir, RunStore } from '../store/store.ts';

/**
 * The report with the answer to "since when" for its findings, from the earlier nights of the same name. A history that cannot be
 * read does not keep a run from its verdict: then the answer is missing.
 */
export async function withSince(run: RunDir, record: RunRecord, report: Report): Promise<Report> {
  const { verdict } = report;
  const own = lineOfReport({ ...record, state: 'ended', verdict }, report, '');
  if (!own || own.findings.length === 0) return report;
  try {
    const since = sinceOf(await earlierNights(run, record), own, report.findings);
    return Object.keys(since).length > 0 ? { ...report, since } : report;
  } catch {
    return report;
  }
}

async function earlierNights(run: RunDir, { id, name, created }: RunRecord): Promise<HistoryLine[]> {
  const store = new RunStore(dirname(run.path));
  const runs = store
    .list()
    .filter(({ record }) => record.name === name && record.id !== id)
    .map(({ run: { path }, record }) => ({ path, record }));
  const found = await nightsOf(name, runs, readLines(store.dir));
  // A removed run of the same id, and later runs, say nothing about the time before this one.
  return found?.nights.filter((night) => night.name === name && night.id !== id && night.created < created) ?? [];
}
