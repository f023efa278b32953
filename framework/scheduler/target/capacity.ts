import type { Allotment, Need, Shape } from '../../demand/demand.ts';
import type { Pool } from '../state/pool.ts';
import { timesIn } from '../state/shape.ts';
import { unitsIn } from './granularity.ts';

/** A worker, and what tasks have left of it. */
export interface Capacity {
  shape: Shape;
  left: Shape;
}

const PARTS = ['cores', 'memory', 'disk', 'gpus'] as const;

/** A worker without tasks. */
export function whole(shape: Shape): Capacity {
  return { shape, left: shape };
}

/** A worker of whose every resource a share is left, 0 to 1. */
export function partly(shape: Shape, share: number): Capacity {
  return { shape, left: map(shape, (have) => have * share) };
}

/** A worker whose tasks have been given so much. */
export function without(shape: Shape, inUse: Shape): Capacity {
  return { shape, left: map(shape, (have, part) => Math.max(0, have - (inUse[part] ?? 0))) };
}

/** The share of a worker that is left, by the resource of which least is. */
export function shareLeft({ shape, left }: Capacity): number {
  const share = timesIn(left, shape);
  return share > 1e-9 ? share : 0;
}

/** How many tasks of a need one worker of a pool runs at once: what its kind can run, within the limit of the pool. */
export function tasksAtOnce(pool: Pool, shape: Shape, need: Need): number {
  const { tasksPerWorker, kind } = pool;
  const atOnce = kind.tasksAtOnce(shape, need);
  return tasksPerWorker === undefined ? atOnce : Math.min(atOnce, tasksPerWorker * unitsIn(pool, shape));
}

/**
 * How many tasks of a need find room on a worker beside those that it has. Where the pool limits the tasks of a worker,
 * or a task leaves a resource open, each is reckoned to take an equal share of the worker, as with `shares`.
 */
export function roomFor(pool: Pool, capacity: Capacity, need: Need, allotment: Allotment): number {
  if (isExact(pool, need, allotment)) return pool.kind.tasksAtOnce(capacity.left, need);
  const atOnce = tasksAtOnce(pool, capacity.shape, need);
  return atOnce < 1 ? 0 : Math.floor(atOnce * shareLeft(capacity) + 1e-9);
}

/** The worker after it was given so many tasks of a need. */
export function after(pool: Pool, capacity: Capacity, need: Need, count: number, allotment: Allotment): Capacity {
  const { shape, left } = capacity;
  const each = isExact(pool, need, allotment)
    ? (_: number, part: keyof Shape) => need[part] ?? 0
    : (have: number) => have / tasksAtOnce(pool, shape, need);
  return { shape, left: map(left, (have, part) => Math.max(0, have - count * each(shape[part] ?? 0, part))) };
}

function isExact({ tasksPerWorker }: Pool, { cores, memory, disk }: Need, allotment: Allotment): boolean {
  const isStated = cores !== undefined && memory !== undefined && disk !== undefined && cores > 0;
  return allotment === 'requests' && tasksPerWorker === undefined && isStated;
}

function map(shape: Shape, of: (have: number, part: keyof Shape) => number): Shape {
  const mapped: Shape = { cores: 0, memory: 0, disk: 0 };
  for (const part of PARTS) if (shape[part] !== undefined) mapped[part] = of(shape[part], part);
  return mapped;
}
