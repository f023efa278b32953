import type { Finding, Report } from '../report/model.ts';
import type { Diff, RunSummary } from './api.ts';
import { type StepSource, stepSummaries } from './summaries.ts';

export interface DiffSide extends StepSource {
  summary: RunSummary;
}

/** What two runs have in common, and what not: findings by their fingerprint, steps by their ids. */
export function diffOf(a: DiffSide, b: DiffSide): Diff {
  const inA = fingerprints(a.report);
  const inB = fingerprints(b.report);
  const ofB = judged(b.report);
  const stepsA = new Map(stepSummaries(a).map((step) => [step.id, step]));
  const stepsB = new Map(stepSummaries(b).map((step) => [step.id, step]));
  return {
    a: a.summary,
    b: b.summary,
    new: ofB.filter(({ fingerprint }) => !inA.has(fingerprint ?? '')),
    known: ofB.filter(({ fingerprint }) => inA.has(fingerprint ?? '')),
    fixed: judged(a.report).filter(({ fingerprint, step }) => !inB.has(fingerprint ?? '') && stepsB.has(step)),
    steps: [...new Set([...stepsA.keys(), ...stepsB.keys()])].map((id) => {
      const [stepA, stepB] = [stepsA.get(id), stepsB.get(id)];
      return {
        id,
        stage: stepB?.stage ?? stepA?.stage ?? '',
        ...(stepA && { stateA: stepA.state }),
        ...(stepB && { stateB: stepB.state }),
        ...(stepA?.seconds !== undefined && { secondsA: stepA.seconds }),
        ...(stepB?.seconds !== undefined && { secondsB: stepB.seconds }),
      };
    }),
  };
}

/** Errors and warnings. */
function judged(report: Report | undefined): Finding[] {
  return report?.findings.filter(({ severity }) => severity !== 'info') ?? [];
}

function fingerprints(report: Report | undefined): Set<string> {
  return new Set(judged(report).flatMap(({ fingerprint }) => fingerprint ?? []));
}
