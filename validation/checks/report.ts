import type { Report } from '../report/model.ts';
import { builtInCriteria, type Criteria, type Judgement, judge } from './judge.ts';
import type { Outcome } from './outcome.ts';

/** Facts about a run, in addition to its outcome, for its report. */
export type RunFacts = Pick<Report, 'run' | 'name' | 'workflow' | 'start' | 'end' | 'heldUp' | 'provenance'>;

/**
 * Judges a run that has ended, and makes its report.
 * @param criteria absent: the built-in ones, at the time when the run ended, without a reference
 */
export function buildReport(facts: RunFacts, outcome: Outcome, criteria?: Criteria): Report {
  return withFacts(facts, judge(outcome, criteria ?? builtInCriteria(facts.end)));
}

/** The report of a run that was judged. */
export function withFacts(facts: RunFacts, judgement: Judgement): Report {
  const { run, name, workflow, start, end, heldUp, provenance } = facts;
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
