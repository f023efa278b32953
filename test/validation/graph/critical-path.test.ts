import { expect, it } from 'vitest';
import { criticalPath, type StepTimes } from '../../../validation/graph/critical-path.ts';

const times = (all: Record<string, [number, number]>): Map<string, StepTimes> =>
  new Map(Object.entries(all).map(([id, [started, ended]]) => [id, { started: started * 1000, ended: ended * 1000 }]));

it('the critical path goes back from the last step, each time to the step it waited for', () => {
  const after: Record<string, string[]> = {
    sim1: [],
    sim2: [],
    merge: ['sim1', 'sim2'],
    qa: ['sim1'],
    report: ['merge', 'qa'],
  };
  const steps = times({ sim1: [1, 10], sim2: [2, 30], merge: [35, 40], qa: [11, 39], report: [40, 50] });
  expect(criticalPath(steps, (id) => after[id] ?? [], 0)).toEqual([
    { id: 'sim2', waited: 2, ran: 28 },
    { id: 'merge', waited: 5, ran: 5 },
    { id: 'report', waited: 0, ran: 10 },
  ]);
});

it('the critical path has only steps that have run, and ends also where steps wait for each other', () => {
  expect(criticalPath(new Map(), () => [], 0)).toEqual([]);
  const steps = times({ a: [0, 5], b: [5, 9] });
  steps.set('c', { started: 1000 });
  expect(criticalPath(steps, (id) => (id === 'a' ? ['b', 'c'] : ['a']), 0).map(({ id }) => id)).toEqual(['a', 'b']);
});
