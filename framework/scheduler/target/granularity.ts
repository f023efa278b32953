import type { Shape } from '../../demand/demand.ts';
import type { Missing } from '../state/decision.ts';
import type { Pool } from '../state/pool.ts';
import { timesIn } from '../state/shape.ts';

/** How many times as large as its unit a worker is. */
export function unitsOf({ shape, unit }: Missing): number {
  return unit ? Math.round(shape.cores / unit.cores) : 1;
}

/** A worker of several times the size. */
export function times({ cores, memory, disk, gpus }: Shape, count: number): Shape {
  return { cores: cores * count, memory: memory * count, disk: disk * count, ...(gpus && { gpus: gpus * count }) };
}

/** The largest number of workers of a size that a pool allows to be launched as one: its granularity, within its limit. */
export function coarsest({ granularity, limit }: Pool, shape: Shape): number {
  if (!limit) return granularity;
  return Math.max(1, Math.min(granularity, Math.floor(timesIn(limit, shape) + 1e-9)));
}

/** How many of its pool's workers a worker of some size replaces, by the resource that gives the smallest number. */
export function unitsIn({ granularity, shape: own }: Pool, shape: Shape): number {
  return Math.max(1, Math.min(granularity, Math.floor(timesIn(shape, own) + 1e-9)));
}

/** A number of units as workers of `atOnce` units each, the rest as one smaller worker. */
export function gather(unit: Shape, units: number, atOnce: number): Missing[] {
  const workers = (size: number, count: number): Missing[] =>
    count > 0 && size > 0 ? [{ shape: times(unit, size), count, ...(size > 1 && { unit }) }] : [];
  return [...workers(atOnce, Math.floor(units / atOnce)), ...workers(units % atOnce, 1)];
}

/** The same amount in workers of half the size, for when no agent has room for the large ones. */
export function split(missing: Missing): Missing[] {
  const size = unitsOf(missing);
  return gather(missing.unit ?? missing.shape, missing.count * size, Math.ceil(size / 2));
}
