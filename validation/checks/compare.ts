import { KnownTroubles } from '../report/known.ts';
import type { Change, Finding, Report, StepReport } from '../report/model.ts';
import { isAboutInfrastructure } from './judge-step.ts';
import { findChanges } from './measures.ts';

/** What of a run another one is compared with. */
export type Compared = Pick<Report, 'findings' | 'steps'>;

/** Findings that say nothing about the release are not compared: what the infrastructure did is no news of it. */
function isCompared(finding: Finding): boolean {
  return !isAboutInfrastructure(finding) && finding.rule !== 'not-run' && finding.fingerprint !== undefined;
}

function troublesOf({ findings }: Pick<Report, 'findings'>): KnownTroubles {
  return new KnownTroubles(findings.filter(isCompared));
}

/**
 * The findings with their `age`: whether the reference run had them too. An error or a warning that was only a note there,
 * since an exception excused it or so many were tolerated, is new: nobody has accepted it.
 */
export function withAges(findings: readonly Finding[], reference: Compared): Finding[] {
  const notes = troublesOf(reference);
  const serious = troublesOf({ findings: reference.findings.filter(({ severity }) => severity !== 'info') });
  return findings.map((finding) => {
    if (!isCompared(finding)) return finding;
    const before = finding.severity === 'info' ? notes : serious;
    return { ...finding, age: before.has(finding) ? 'known' : 'new' };
  });
}

/**
 * Errors and warnings of the reference run that are gone, each once. A finding counts as gone where its step came to its
 * end in both runs, and not where the list of that rule's lines is cut short in this run: it may be among the others.
 * @param lookedFor ids of the rules that this run was judged by: what nobody has looked for is not gone. Absent: all
 */
export function fixedSince(reference: Compared, run: Compared, lookedFor?: ReadonlySet<string>): Finding[] {
  const now = troublesOf(run);
  const done = new Set(run.steps.filter(cameToItsEnd).map(({ id }) => id));
  const cut = new Set(run.findings.filter(({ more }) => more).map(listOf));
  const seen = new Set<string>();
  const gone = reference.findings.filter((finding) => {
    const { fingerprint = '', severity, step } = finding;
    if (!isCompared(finding) || severity === 'info' || now.has(finding) || seen.has(fingerprint)) return false;
    if (lookedFor && !lookedFor.has(finding.rule)) return false;
    if (!done.has(step) || cut.has(listOf(finding))) return false;
    seen.add(fingerprint);
    return true;
  });
  // Whether it was new in that run is nobody's question any more.
  return gone.map(({ age: _, ...finding }) => finding);
}

function cameToItsEnd({ state }: StepReport): boolean {
  return state === 'succeeded' || state === 'failed';
}

function listOf({ step, rule, file = '' }: Finding): string {
  return JSON.stringify([step, rule, file]);
}

/** How run B differs from run A. */
export interface Comparison {
  /** Errors and warnings in B only, in both (as B has them), in A only. */
  new: Finding[];
  known: Finding[];
  fixed: Finding[];
  /** All steps of either, in the order of B. */
  steps: {
    id: string;
    stage: string;
    stateA?: StepReport['state'];
    stateB?: StepReport['state'];
    secondsA?: number;
    secondsB?: number;
  }[];
  /** Of one run, with no more to say what is noise: only what is far off. */
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
