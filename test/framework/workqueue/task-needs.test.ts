import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shareOut, taskPicture, waitingNeeds } from '../../../framework/workqueue/task-needs.ts';
import { managerRecord } from './peers.ts';

const small = { category: 'sim', cores: 1, memory: 64 };
const big = { category: 'sim', cores: 4, memory: 2048 };

describe('taskPicture', () => {
  it('groups waiting tasks by category and need, and keeps the largest need on workers', () => {
    const picture = taskPicture([
      { ...small, state: 'WAITING' },
      { ...big, state: 'WAITING' },
      { ...small, state: 'WAITING' },
      { category: 'merge', state: 'WAITING' },
      { ...small, state: 'RUNNING' },
      { ...big, state: 'WAITING_RETRIEVAL' },
      { ...big, state: 'DONE' },
    ]);
    expect(picture.waiting).toEqual([
      { ...small, count: 2 },
      { ...big, count: 1 },
      { category: 'merge', count: 1 },
    ]);
    expect(picture.running).toEqual([{ ...big, count: 2 }]);
  });

  it('tells apart what needs GPUs', () => {
    const picture = taskPicture([
      { ...small, state: 'WAITING' },
      { ...small, gpus: 1, state: 'WAITING' },
    ]);
    expect(picture.waiting).toEqual([
      { ...small, count: 1 },
      { ...small, gpus: 1, count: 1 },
    ]);
  });
});

describe('waitingNeeds', () => {
  const record = (waiting: Record<string, number>, change = {}) =>
    managerRecord({
      tasks_waiting: Object.values(waiting).reduce((a, b) => a + b, 0),
      categories: Object.entries(waiting).map(([category, n]) => ({ category, tasks_waiting: n })),
      ...change,
    });

  it('takes the counts from the record and the needs from the last picture', () => {
    const picture = {
      waiting: [
        { ...small, count: 6 },
        { ...big, count: 2 },
      ],
      running: [],
    };
    expect(waitingNeeds(record({ sim: 4 }), picture)).toEqual([
      { ...small, count: 3 },
      { ...big, count: 1 },
    ]);
  });

  it('guesses from the largest need where no task of the category was seen', () => {
    const guessed = record(
      { sim: 4 },
      {
        categories: [
          { category: 'whole queue', max_cores: '2.000', max_memory: '512', max_disk: '64' },
          { category: 'sim', tasks_waiting: 4, max_memory: '256' },
        ],
      },
    );
    expect(waitingNeeds(guessed, undefined)).toEqual([{ category: 'sim', count: 4, cores: 2, memory: 256, disk: 64 }]);
  });

  it('guesses from the average where not even that is known', () => {
    const lean = managerRecord({
      categories: undefined,
      tasks_waiting: 3,
      tasks_on_workers: 1,
      tasks_total_cores: 6,
      tasks_total_disk: 0,
    });
    expect(waitingNeeds(lean, undefined)).toEqual([{ category: 'default', count: 3, cores: 2, memory: 64 }]);
  });

  it('always adds up to the tasks that wait', () => {
    const categories = fc.array(
      fc.record({ category: fc.constantFrom('a', 'b', 'c', '__proto__'), tasks_waiting: fc.nat(1000) }),
      { maxLength: 5 },
    );
    const needs = fc.array(
      fc.record({
        category: fc.constantFrom('a', 'b', '__proto__'),
        count: fc.nat(100),
        cores: fc.integer({ min: 1, max: 4 }),
      }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(fc.nat(2000), categories, needs, (tasksWaiting, listed, waiting) => {
        const found = waitingNeeds(managerRecord({ tasks_waiting: tasksWaiting, categories: listed }), {
          waiting,
          running: [],
        });
        expect(found.reduce((sum, need) => sum + need.count, 0)).toBe(tasksWaiting);
        expect(found.every((need) => need.count > 0)).toBe(true);
        const kinds = found.map(({ count: _, ...kind }) => JSON.stringify(kind));
        expect(new Set(kinds).size).toBe(kinds.length);
      }),
    );
  });
});

describe('shareOut', () => {
  it('gives whole shares that add up and are within one of the exact ones', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.array(fc.nat(1000), { minLength: 1, maxLength: 10 }), (total, weights) => {
        const shares = shareOut(total, weights);
        const sum = weights.reduce((a, b) => a + b, 0);
        expect(shares.reduce((a, b) => a + b, 0)).toBe(total);
        weights.forEach((weight, i) => {
          if (sum > 0) expect(Math.abs((shares[i] ?? 0) - (total * weight) / sum)).toBeLessThan(1 + 1e-6);
        });
      }),
    );
  });
});
