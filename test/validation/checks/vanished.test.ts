import { describe, expect, it } from 'vitest';
import { vanishedChanges, vanishedOutputs } from '../../../validation/checks/vanished.ts';
import type { StepReport } from '../../../validation/report/model.ts';

const step = (names: string[], change: Partial<StepReport> = {}): StepReport => ({
  ...{ id: 'sim', stage: 'sim', state: 'succeeded', attempts: 1, logs: [] },
  outputs: names.map((name) => ({ name, size: 1 })),
  ...change,
});

const byId = (runs: StepReport[][]) => runs.map((steps) => new Map(steps.map((one) => [one.id, one])));

describe('vanishedOutputs', () => {
  it('are outputs that the step made in all earlier runs', () => {
    const earlier = byId([[step(['a', 'b', 'c'])], [step(['a', 'b'])], [step(['a', 'b', 'd'])]]);
    expect(vanishedOutputs(step(['b', 'e']), earlier)).toEqual(['a']);
    expect(vanishedOutputs(step(['a', 'b']), earlier)).toEqual([]);
    expect(vanishedOutputs(step([], { id: 'rec' }), earlier)).toEqual([]);
  });

  it('are empty if the step failed in the earlier runs, or there are none', () => {
    expect(vanishedOutputs(step([]), [])).toEqual([]);
    expect(vanishedOutputs(step([]), byId([[step(['a'])], [step([], { state: 'failed' })]]))).toEqual(['a']);
  });

  it('exclude, with one earlier run, names that may contain a time or a process id', () => {
    expect(vanishedOutputs(step([]), byId([[step(['a.root', 'a-20261122.root', 'core.4711'])]]))).toEqual(['a.root']);
    const twice = byId([[step(['a-20261122.root'])], [step(['a-20261122.root'])]]);
    expect(vanishedOutputs(step([]), twice)).toEqual(['a-20261122.root']);
  });
});

describe('vanishedChanges', () => {
  it('give the usual size of each such output', () => {
    const sized = (size: number) => [
      step([], {
        outputs: [
          { name: 'a', size },
          { name: 'b', size: 1 },
        ],
      }),
    ];
    expect(vanishedChanges([step(['b'])], byId([sized(10), sized(30), sized(20)]))).toEqual([
      {
        stage: 'sim',
        step: 'sim',
        output: 'a',
        quantity: 'outputBytes',
        value: 0,
        usual: 20,
        spread: 0,
        runs: 3,
        direction: 'less',
      },
    ]);
    expect(vanishedChanges([step([], { state: 'failed' })], byId([sized(10)]))).toEqual([]);
  });
});
