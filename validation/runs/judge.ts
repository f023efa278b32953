import { loadRules } from '../checks/rules.ts';
import { scanStepLogs } from '../checks/step-logs.ts';
import { buildReport } from '../report/build.ts';
import type { Finding, Report } from '../report/model.ts';
import { writeReport } from '../report/write.ts';
import type { Plan } from '../workflow/plan.ts';
import { attemptLogs, outcomeOf } from './collect.ts';
import type { RunJournal } from './journal.ts';
import { provenanceOf } from './provenance.ts';

/** How a run came to its end. */
export interface RunEnd {
  /** Why it was stopped before its end ("stopped by SIGINT"); absent when it was not. */
  interrupted?: string;
  /** What kept it as a whole from working; absent when nothing did. */
  problem?: string;
  /** What was found in files that decide how many steps a stage has. */
  inMadeFiles: readonly Finding[];
}

/** Judges what a run has come to, writes its report, and ends it in the records. */
export async function judgeRun(journal: RunJournal, plan: Plan, end: RunEnd): Promise<Report> {
  const { run, record, view } = journal;
  const { inMadeFiles, ...how } = end;
  journal.update({ state: 'judging' });
  const rules = loadRules();
  const now = Date.now();
  const inLogs: Finding[] = [...inMadeFiles];
  const steps = [];
  for (const step of plan.steps) {
    steps.push(await outcomeOf(run, step, view.steps.get(step.id)));
    const logs = await attemptLogs(run, step);
    if (logs) inLogs.push(...(await scanStepLogs(logs, rules, { now })));
  }
  const report = buildReport(
    {
      run: record.id,
      name: record.name,
      workflow: record.workflow,
      start: record.created,
      end: now,
      provenance: await provenanceOf(plan, record),
    },
    { steps, inLogs, ...how },
  );
  await writeReport(run.reportDir, report);
  journal.end(report.verdict, report.reason);
  return report;
}
