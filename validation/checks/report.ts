import type { Report } from '../report/model.ts';
import { builtInCriteria, type Criteria, judge } from './judge.ts';
import type { Outcome } from './outcome.ts';

/** Facts about a run, in addition to its outcome, for its report. */
export type RunFacts = Pick<Report, 'run' | 'name' | 'workflow' | 'start' | 'end' | 'heldUp' | 'provenance'>;

/**
 * Judges a run that has ended, and makes its report.
 * @param criteria absent: the built-in ones, at the time when the run ended, without a reference
 */
export function buildReport(facts: RunFacts, outcome: Outcome, criteria?: Criteria): Report {
  const { run, name, workflow, start, end, heldUp, provenance } = facts;
  const judgement = judge(outcome, criteria ?? builtInCriteria(end));
  return {
    schema: 'relval-report-1',
    run,
    name,
    workflow,
    start,
    end,
    ...judgement,
    ...(heldUp && { heldUp }),
    provenance,
  };
}
