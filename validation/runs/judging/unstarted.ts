import { buildReport } from '../../checks/report.ts';
import type { Report } from '../../report/model.ts';
import { writeReport } from '../../report/write.ts';
import type { Plan } from '../../workflow/plan.ts';
import type { RunJournal } from '../store/journal.ts';
import { provenanceOf } from '../store/provenance.ts';

/**
 * Ends a run before any of its steps: something stands in its way that is no fault of the release. It is broken, with a
 * report that says why, so that whoever looks finds an answer in the place of nothing.
 */
export async function endUnstarted(journal: RunJournal, plan: Plan, reason: string): Promise<Report> {
  const { run, record } = journal;
  const { id, name, workflow, created } = record;
  const report = buildReport(
    { run: id, name, workflow, start: created, end: Date.now(), provenance: await provenanceOf(plan, record) },
    { steps: [], inLogs: [], problem: reason },
  );
  await writeReport(run.reportDir, report);
  journal.end(report.verdict, report.reason);
  return report;
}
