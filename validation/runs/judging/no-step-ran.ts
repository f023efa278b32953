import { steadyNow } from '../../../framework/tools/steady-clock.ts';
import { buildReport } from '../../checks/report.ts';
import type { Report } from '../../report/model.ts';
import { writeReport } from '../../report/write.ts';
import type { Plan } from '../../workflow/plan.ts';
import type { RunJournal } from '../store/journal.ts';
import { provenanceOf } from '../store/provenance.ts';

/**
 * Ends a run before its first step, because the infrastructure keeps it from starting. The run is broken, and its report says
 * why.
 */
export async function endBeforeSteps(journal: RunJournal, plan: Plan, reason: string): Promise<Report> {
  const { run, record } = journal;
  const { id, name, workflow, created } = record;
  const report = buildReport(
    {
      run: id,
      name,
      workflow,
      start: created,
      end: steadyNow(),
      provenance: await provenanceOf(plan, record, run.work),
    },
    { steps: [], inLogs: [], problem: reason },
  );
  await writeReport(run.reportDir, report);
  journal.end(report.verdict, report.reason);
  return report;
}
