import type { Report } from '../report/model.ts';
import { builtInCriteria, type Criteria, judge } from './judge.ts';
import type { Outcome } from './outcome.ts';

/** What a report says of a run beside its outcome. */
export type RunFacts = Pick<Report, 'run' | 'name' | 'workflow' | 'start' | 'end' | 'heldUp' | 'provenance'>;

/**
 * Judges a run that is over; all renderings are made from the result.
 * @param criteria without them, those that come with relval at the run's end, and no reference
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
