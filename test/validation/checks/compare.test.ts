import { describe, expect, it } from 'vitest';
import { compareRuns, fixedSince, withAges } from '../../../validation/checks/compare.ts';
import type { Finding, StepReport } from '../../../validation/report/model.ts';

const finding = (step: string, fingerprint: string, change: Partial<Finding> = {}): Finding => ({
  ...{ step, stage: 'sim', attempt: 1, severity: 'error', rule: 'killed', file: 'logs/rec.log', message: 'Killed' },
  fingerprint,
  ...change,
});
const step = (id: string, change: Partial<StepReport> = {}): StepReport => ({
  ...{ id, stage: 'sim', state: 'succeeded', attempts: 1, logs: [], outputs: [] },
  ...change,
});

describe('findings of two runs', () => {
  const before = {
    steps: [step('a', { state: 'failed' }), step('b', { state: 'failed' }), step('c', { state: 'failed' })],
    findings: [finding('a', 'one'), finding('b', 'two'), finding('c', 'three'), finding('c', 'three')],
  };

  it('are new or known by their fingerprints, in any step of the stage', () => {
    const findings = [finding('b', 'one'), finding('b', 'four'), finding('b', 'five', { rule: 'infrastructure' })];
    expect(withAges(findings, before).map(({ age }) => age)).toEqual(['known', 'new', undefined]);
  });

  it('are new if the reference had them only as notes: excused, or tolerated', () => {
    const excused = before.findings.map((one) => ({ ...one, severity: 'info' as const, known: 'because' }));
    const reference = { ...before, findings: excused };
    const age = (severity: Finding['severity']) => withAges([finding('a', 'one', { severity })], reference)[0]?.age;
    expect([age('error'), age('warning'), age('info')]).toEqual(['new', 'new', 'known']);
  });

  it('are compared with a report of an older relval by the old fingerprint', () => {
    const both = (own: string, earlier: string) => finding('a', own, { earlierFingerprint: earlier });
    const ages = (findings: Finding[], reference: Finding[]) =>
      withAges(findings, { ...before, findings: reference }).map(({ age }) => age);
    expect(ages([both('new1', 'old'), both('new2', 'else')], [finding('a', 'old')])).toEqual(['known', 'new']);
    // Two findings of today had one fingerprint then.
    expect(ages([both('new1', 'old'), both('new2', 'old')], [both('new1', 'old')])).toEqual(['known', 'new']);
    const gone = (findings: Finding[]) =>
      fixedSince({ ...before, findings: [finding('a', 'old')] }, { steps: [step('a')], findings });
    expect([gone([both('new1', 'old')]).length, gone([both('new1', 'else')]).length]).toEqual([0, 1]);
  });

  it('are not fixed if the run has no rule for them', () => {
    const steps = [step('a'), step('b'), step('c')];
    expect(fixedSince(before, { steps, findings: [] }, new Set(['bus-error']))).toEqual([]);
    expect(fixedSince(before, { steps, findings: [] }, new Set(['killed']))).toHaveLength(3);
  });

  it('are fixed, each once, if their step ended in this run too', () => {
    const steps = [step('a'), step('b', { state: 'broken' }), step('c')];
    const fixed = fixedSince(before, { steps, findings: [] });
    expect(fixed.map(({ fingerprint }) => fingerprint)).toEqual(['one', 'three']);
  });

  it('are not fixed if they may be among lines that are only counted', () => {
    const steps = [step('a'), step('b'), step('c')];
    const findings = [finding('a', 'other', { more: 3 }), finding('b', 'other', { more: 3, rule: 'bus-error' })];
    expect(fixedSince(before, { steps, findings }).map(({ step: id }) => id)).toEqual(['b', 'c']);
  });

  it('are not fixed if they are excused now, or were only notes', () => {
    const steps = [step('a'), step('b'), step('c')];
    const excused = finding('a', 'one', { severity: 'info', known: 'because' });
    expect(fixedSince(before, { steps, findings: [excused] }).map(({ step: id }) => id)).toEqual(['b', 'c']);
    const notes = before.findings.map((one) => ({ ...one, severity: 'info' as const }));
    expect(fixedSince({ ...before, findings: notes }, { steps, findings: [] })).toEqual([]);
  });

  it('are listed with steps and times of both runs', () => {
    const after = {
      steps: [step('a', { start: 0, end: 2000 }), step('d', { state: 'failed' })],
      findings: [finding('d', 'one'), finding('d', 'six')],
    };
    const { steps, ...rest } = compareRuns(before, after);
    expect(rest).toMatchObject({ new: [{ fingerprint: 'six' }], known: [{ fingerprint: 'one' }], fixed: [] });
    expect(steps).toEqual([
      { id: 'a', stage: 'sim', stateA: 'failed', stateB: 'succeeded', secondsB: 2 },
      { id: 'd', stage: 'sim', stateB: 'failed' },
      { id: 'b', stage: 'sim', stateA: 'failed' },
      { id: 'c', stage: 'sim', stateA: 'failed' },
    ]);
  });
});
