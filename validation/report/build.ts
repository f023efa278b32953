import { judge, type Outcome } from '../checks/judge.ts';
import type { Report } from './model.ts';

/** What a report says of a run beside its outcome. */
export type RunFacts = Pick<Report, 'run' | 'name' | 'workflow' | 'start' | 'end' | 'provenance'>;

/** Judges a run that is over; all renderings are made from the result. */
export function buildReport(facts: RunFacts, outcome: Outcome): Report {
  const { run, name, workflow, start, end, provenance } = facts;
  return { schema: 'relval-report-1', run, name, workflow, start, end, ...judge(outcome), provenance };
}
