import { type Compared, compareRuns } from '../checks/compare.ts';
import type { Diff, RunSummary } from './api.ts';
import { type StepSource, stepSummaries } from './summaries.ts';

export interface DiffSide extends StepSource {
  summary: RunSummary;
}

/** The comparison of two runs. If one of them has no report yet, only the steps are compared. */
export function diffOf(a: DiffSide, b: DiffSide): Diff {
  return { a: a.summary, b: b.summary, ...compareRuns(comparedOf(a), comparedOf(b)) };
}

function comparedOf(side: DiffSide): Compared {
  if (side.report) return side.report;
  const steps = stepSummaries(side).map(({ id, stage, state, attempt, start, seconds }) => ({
    id,
    stage,
    state,
    attempts: attempt,
    ...(start !== undefined && { start, ...(seconds !== undefined && { end: start + seconds * 1000 }) }),
    logs: [],
    outputs: [],
  }));
  return { findings: [], steps };
}
