import { describe, expect, it } from 'vitest';
import type { Need, ProjectDemand } from '../../../../framework/demand/demand.ts';
import type { Pool } from '../../../../framework/scheduler/state/pool.ts';
import { newWorker, type Worker } from '../../../../framework/scheduler/state/worker.ts';
import { projectTarget, shapeFor } from '../../../../framework/scheduler/target/target.ts';
import { manager, need, pool, START } from '../fixtures.ts';

const shape = { cores: 4, memory: 4096, disk: 8000 };

function worker(changes: Partial<Worker> = {}): Worker {
  const identity = { id: 'F.1', pool: 'default', project: 'sim', manager: '10.0.0.1:9123', managerStartedAt: 0 };
  return {
    ...newWorker({ ...identity, agentId: 'a', hostname: 'h', shape: pool().shape, launchedAt: START - 1000 }),
    ...changes,
  };
}

const starting = worker({ phase: 'starting' });
const idle = worker({ phase: 'running', connected: true, connectedAt: START - 900, tasksSince: START - 900 });
const busy = worker({ ...idle, tasksRunning: 1 });
const gone = worker({ ...idle, connected: false });

function target(demand: Partial<ProjectDemand>, workers: Worker[] = [], changes: Partial<Pool> = {}, waitedMs = 100) {
  const waiting = { managerStartedAt: START, any: true, since: START - waitedMs };
  return projectTarget(pool(changes), manager(demand), { serving: workers, leaving: 0 }, waiting, START);
}

const missingOf = (...args: Parameters<typeof target>): number =>
  target(...args).missing.reduce((sum, { count }) => sum + count, 0);

describe('shapeFor', () => {
  it.each([
    ['a small task gets the usual worker', { cores: 1, memory: 10 }, { cores: 1, memory: 1024, disk: 1024 }],
    ['a large one gets a grown worker', { cores: 2, memory: 3000.5 }, { cores: 2, memory: 3001, disk: 1024 }],
  ])('%s', (_, asked, expected) => {
    expect(shapeFor(pool(), need(1, asked))).toEqual(expected);
  });

  it.each([
    ['a pool that says nothing of GPUs', {}, undefined],
    ['a limit without GPUs', { limit: shape }, undefined],
    ['a limit that is too low', { limit: { ...shape, gpus: 1 } }, undefined],
    ['a limit that is high enough', { limit: { ...shape, gpus: 2 } }, { cores: 1, memory: 1024, disk: 1024, gpus: 2 }],
    ['a pool whose workers have GPUs', { shape: { ...shape, gpus: 4 } }, { ...shape, gpus: 4 }],
  ])('gives a task its GPUs: %s', (_, changes, expected) => {
    expect(shapeFor(pool(changes), need(1, { gpus: 2 }))).toEqual(expected);
  });

  it('has none for a task beyond the limit', () => {
    expect(shapeFor(pool({ limit: { cores: 2, memory: 2048, disk: 2048 } }), need(1, { cores: 3 }))).toBeUndefined();
  });
});

describe('workers of four cores', () => {
  const large = { cores: 4, memory: 4096, disk: 4096 };
  const needs = [need(1, { cores: 3, memory: 64, disk: 64 }), need(1, { cores: 1, memory: 64, disk: 64 })];
  const inUse = { cores: 3, memory: 64, disk: 64 };
  const partlyUsed = worker({ ...idle, shape: large, tasksRunning: 1, inUse });

  it.each([
    ['requests', [], needs, 1],
    ['shares', [], needs, 2],
    ['requests', [partlyUsed], needs.slice(1), 0],
    ['shares', [{ ...partlyUsed, inUse: large }], needs.slice(1), 1],
    ['requests', [], [need(4, { cores: 1, memory: 1500, disk: 64 })], 2],
  ] as const)('with %s, and %j there', (allotment, workers, waiting, expected) => {
    expect(missingOf({ allotment, waiting: [...waiting] }, [...workers], { shape: large })).toBe(expected);
  });

  it('are reckoned in shares where a task leaves a resource open', () => {
    const open = [need(1, { cores: 3 }), need(1, { cores: 1 })];
    expect(missingOf({ allotment: 'requests', waiting: open }, [], { shape: large })).toBe(2);
  });
});

describe('the target of a manager', () => {
  it.each([
    ['nothing waits: nothing is missing', {}, [], 0],
    ['each waiting task needs a worker', { waiting: [need(5)] }, [], 5],
    ['starting workers carry tasks', { waiting: [need(5)] }, [starting, starting], 3],
    ['idle workers carry tasks', { waiting: [need(5)] }, [idle], 4],
    ['busy workers carry none', { waiting: [need(5)] }, [busy], 5],
    ['a worker that was connected and is no more carries none', { waiting: [need(5)] }, [gone], 5],
    ['more capacity than tasks is no negative number', { waiting: [need(1)] }, [idle, idle, starting], 0],
  ] satisfies [string, Partial<ProjectDemand>, Worker[], number][])('%s', (_, demand, workers, expected) => {
    expect(missingOf(demand, workers)).toBe(expected);
  });

  it('tells its terms', () => {
    expect(target({ waiting: [need(5)], tasksOnWorkers: 1 }, [starting, idle, busy])).toMatchObject({
      project: 'sim',
      pool: 'default',
      tasksWaiting: 5,
      tasksOnWorkers: 1,
      busy: 1,
      idle: 1,
      starting: 1,
      cores: 3,
      covered: 2,
      missing: [{ shape: pool().shape, count: 3 }],
      tooLarge: [],
      unmet: [],
      leaving: 0,
    });
  });

  it('puts several small tasks on a worker, and rounds up', () => {
    expect(missingOf({ waiting: [need(9)] }, [], { shape })).toBe(3);
    expect(missingOf({ waiting: [need(9)] }, [], { shape, tasksPerWorker: 2 })).toBe(5);
  });

  it('puts small tasks beside large ones where a new worker has room left', () => {
    const waiting = [need(2, { category: 'small' }), need(1, { category: 'large', cores: 2 })];
    expect(target({ waiting }, [], { shape }).missing).toEqual([{ shape, count: 1 }]);
  });

  const coarse = (count: number, changes: Partial<Pool> = {}, asked: Partial<Need> = {}): [number, number][] => {
    const { missing } = target({ waiting: [need(count, asked)] }, [], { granularity: 4, ...changes });
    return missing.map((one) => [one.count, one.shape.cores]);
  };

  it.each<[string, number, Partial<Pool>, Partial<Need>, [number, number][]]>([
    ['a multiple', 8, {}, {}, [[2, 4]]],
    [
      'a rest, as one smaller worker',
      10,
      {},
      {},
      [
        [2, 4],
        [1, 2],
      ],
    ],
    [
      'a rest of one',
      5,
      {},
      {},
      [
        [1, 4],
        [1, 1],
      ],
    ],
    ['fewer than a coarse worker carries', 3, {}, {}, [[1, 3]]],
    [
      'a limit that holds three',
      10,
      { limit: { cores: 8, memory: 3072, disk: 9000 } },
      {},
      [
        [3, 3],
        [1, 1],
      ],
    ],
    ['a limit that holds one', 3, { limit: { cores: 1, memory: 1024, disk: 1024 } }, {}, [[3, 1]]],
    [
      'workers of several tasks',
      20,
      { shape },
      {},
      [
        [1, 16],
        [1, 4],
      ],
    ],
    [
      'workers that are to carry fewer than fit',
      20,
      { shape, tasksPerWorker: 2 },
      {},
      [
        [2, 16],
        [1, 8],
      ],
    ],
    [
      'grown workers',
      5,
      {},
      { cores: 2 },
      [
        [1, 8],
        [1, 2],
      ],
    ],
    ['tasks that go into several better than into one', 5, { shape: { ...shape, cores: 3 } }, { cores: 2 }, [[1, 12]]],
    ['tasks that each take a whole worker', 5, {}, { cores: 0 }, [[5, 1]]],
  ])('gathers what is missing into coarse workers: %s', (_, count, changes, asked, expected) => {
    expect(coarse(count, changes, asked)).toEqual(expected);
  });

  it('knows of a coarse worker how many tasks it carries, and what it has left', () => {
    const four = { ...idle, shape: { cores: 4, memory: 4096, disk: 4096 } };
    expect(missingOf({ waiting: [need(5)] }, [four], { granularity: 4 })).toBe(1);
    expect(missingOf({ waiting: [need(5)] }, [four], { granularity: 4, tasksPerWorker: 1 })).toBe(1);
    const half = { ...four, tasksRunning: 2 };
    expect(target({ waiting: [need(5)] }, [half], { granularity: 4 })).toMatchObject({ covered: 2, busy: 1 });
    const both = [need(3), need(1, { category: 'large', cores: 2, memory: 1024 })];
    expect(target({ waiting: both }, [four], { granularity: 4 })).toMatchObject({
      covered: 3,
      missing: [{ count: 1 }],
    });
  });

  it('counts what a worker with tasks has left', () => {
    const half = worker({ ...idle, shape, tasksRunning: 2 });
    expect(missingOf({ waiting: [need(3)], running: [need(2)] }, [half], { shape })).toBe(1);
    expect(missingOf({ waiting: [need(3)], running: [need(2, { cores: 2 })] }, [half], { shape })).toBe(1);
  });

  it('does not count a worker as room that tasks do not fit in', () => {
    expect(target({ waiting: [need(2, { cores: 4 })] }, [idle]).missing).toEqual([
      { shape: { cores: 4, memory: 1024, disk: 1024 }, count: 2 },
    ]);
  });

  it('reports tasks that no worker may be large enough for, and serves the others', () => {
    const limit = { cores: 2, memory: 2048, disk: 2048 };
    const waiting = [need(3), need(2, { category: 'huge', cores: 16 })];
    const decided = target({ waiting }, [], { limit });
    expect(decided.tooLarge).toEqual([{ category: 'huge', count: 2, cores: 16 }]);
    expect(decided.missing).toEqual([{ shape: pool().shape, count: 3 }]);
  });

  it('does not let a worker that its manager passes over hide a need, but only after 5 s of waiting tasks', () => {
    const unused = worker({ ...idle, connectedAt: START - 60_000, tasksSince: START - 60_000 });
    expect(missingOf({ waiting: [need(1)] }, [unused], {}, 100)).toBe(0);
    expect(missingOf({ waiting: [need(1)] }, [unused], {}, 5000)).toBe(1);
    expect(missingOf({ waiting: [need(1)] }, [idle], {}, 5000)).toBe(0);
  });

  it('holds a pool that wants its tasks to wait first', () => {
    expect(target({ waiting: [need(1)] }, [], { scaleUpDelaySeconds: 10 }, 9500).hold?.reason).toBe('scale-up-delay');
    expect(target({ waiting: [need(1)] }, [], { scaleUpDelaySeconds: 10 }, 10_000).hold).toBeUndefined();
  });

  it('holds while the manager is silent for long, and not for a busy moment', () => {
    const waiting = [need(1)];
    expect(target({ waiting, silentSince: START - 4000 }).hold).toBeUndefined();
    expect(target({ waiting, silentSince: START - 6000 }).hold?.reason).toBe('manager-silent');
  });

  it('holds while the kind of worker knows an obstacle', () => {
    expect(target({ waiting: [need(1)] }, [], { passwordFile: '/p' }).hold?.reason).toBe('manager-without-password');
  });

  it('finds tasks with GPUs too large, and passes on what its source says can run nowhere', () => {
    const unmet = [{ category: 'c', count: 2, reason: 'Arch == "ppc64"' }];
    const decided = target({ waiting: [need(3, { gpus: 1 })], unmet });
    expect(decided).toMatchObject({ missing: [], tooLarge: [{ count: 3, gpus: 1 }], unmet });
  });

  it('takes old numbers as they are where nobody sees the workers: those that began before them are busy, later ones are not in them', () => {
    const row = { workers: undefined, asOf: START - 30_000, waiting: [need(5)] };
    const old = worker({ phase: 'running', runningSince: START - 60_000 });
    const young = worker({ phase: 'running', runningSince: START - 20_000 });
    expect(missingOf(row, [old, old])).toBe(5);
    expect(missingOf(row, [old, young, starting])).toBe(3);
  });
});
