import { KnownFindings } from '../report/known.ts';
import type { Change, Finding, Report, StepReport } from '../report/model.ts';
import { isAboutInfrastructure } from './judge-step.ts';
import { findChanges } from './measures.ts';

/** The part of a report that a comparison of two runs needs. */
export type Compared = Pick<Report, 'findings' | 'steps'>;

/**
 * Whether a finding is compared with those of the reference. Findings about the infrastructure are not, because they say
 * nothing about the release. Nor are differences from a reference: the check that found them has set their age.
 */
function isCompared(finding: Finding): boolean {
  return (
    finding.compared === undefined &&
    !isAboutInfrastructure(finding) &&
    finding.rule !== 'not-run' &&
    finding.fingerprint !== undefined
  );
}

function fingerprintsOf({ findings }: Pick<Report, 'findings'>): KnownFindings {
  return new KnownFindings(findings.filter(isCompared));
}

/**
 * Adds to each finding its `age`: whether the reference had it too. An error or warning is new if it was only a note in the
 * reference, because an exception excused it or a rule tolerated it: nobody has accepted it.
 */
export function withAges(findings: readonly Finding[], reference: Compared): Finding[] {
  const notes = fingerprintsOf(reference);
  const serious = fingerprintsOf({ findings: reference.findings.filter(({ severity }) => severity !== 'info') });
  return findings.map((finding) => {
    if (!isCompared(finding)) return finding;
    const before = finding.severity === 'info' ? notes : serious;
    return { ...finding, age: before.has(finding) ? 'known' : 'new' };
  });
}

/**
 * The fixed errors and warnings of the reference, each once. A finding is fixed only if its step ended in both runs. It is
 * not fixed if this run lists only some of the rule's lines: the finding may be among the others.
 * @param lookedFor ids of the rules that this run was judged by: findings of other rules are not fixed. Absent: all rules
 */
export function fixedSince(reference: Compared, run: Compared, lookedFor?: ReadonlySet<string>): Finding[] {
  const now = fingerprintsOf(run);
  const done = new Set(run.steps.filter(hasEnded).map(({ id }) => id));
  const cut = new Set(run.findings.filter(({ more }) => more).map(listKey));
  const seen = new Set<string>();
  const gone = reference.findings.filter((finding) => {
    const { fingerprint = '', severity, step } = finding;
    if (!isCompared(finding) || severity === 'info' || now.has(finding) || seen.has(fingerprint)) return false;
    if (lookedFor && !lookedFor.has(finding.rule)) return false;
    if (!done.has(step) || cut.has(listKey(finding))) return false;
    seen.add(fingerprint);
    return true;
  });
  // The age compares the reference with its own reference, so it means nothing here.
  return gone.map(({ age: _, ...finding }) => finding);
}

function hasEnded({ state }: StepReport): boolean {
  return state === 'succeeded' || state === 'failed';
}

function listKey({ step, rule, file = '' }: Finding): string {
  return JSON.stringify([step, rule, file]);
}

/** How run B differs from run A. */
export interface Comparison {
  /** Errors and warnings: new ones are only in B, known ones in both (as B has them), fixed ones only in A. */
  new: Finding[];
  known: Finding[];
  fixed: Finding[];
  /** The steps of B in their order, then those that only A has. */
  steps: {
    id: string;
    stage: string;
    stateA?: StepReport['state'];
    stateB?: StepReport['state'];
    secondsA?: number;
    secondsB?: number;
  }[];
  /** Only large differences, because one earlier run does not show the noise. */
  changes: Change[];
}

export function compareRuns(a: Compared, b: Compared): Comparison {
  const aged = withAges(b.findings, a).filter(({ severity }) => severity !== 'info');
  const inA = new Map(a.steps.map((step) => [step.id, step]));
  const inB = new Map(b.steps.map((step) => [step.id, step]));
  const both = [...b.steps, ...a.steps.filter(({ id }) => !inB.has(id))];
  return {
    new: aged.filter(({ age }) => age === 'new'),
    known: aged.filter(({ age }) => age === 'known'),
    fixed: fixedSince(a, b),
    steps: both.map(({ id, stage }) => {
      const one = inA.get(id);
      const other = inB.get(id);
      const secondsA = one && secondsOf(one);
      const secondsB = other && secondsOf(other);
      return {
        id,
        stage,
        ...(one && { stateA: one.state }),
        ...(other && { stateB: other.state }),
        ...(secondsA !== undefined && { secondsA }),
        ...(secondsB !== undefined && { secondsB }),
      };
    }),
    changes: findChanges(b.steps, [a.steps], 1),
  };
}

function secondsOf({ start, end }: StepReport): number | undefined {
  return start === undefined || end === undefined ? undefined : (end - start) / 1000;
}
