import type { Shape } from '../../demand/demand.ts';
import type { Missing } from '../state/decision.ts';
import type { Pool } from '../state/pool.ts';
import { times, timesIn } from '../state/shape.ts';

/** How many times as large as its unit a worker is. */
export function unitsOf({ shape, unit }: Missing): number {
  return unit ? Math.round(shape.cores / unit.cores) : 1;
}

/** The largest number of workers of a size that a pool allows to be launched as one: its granularity, within its limit. */
export function coarsest(pool: Pool, shape: Shape): number {
  const most = granularityOf(pool);
  if (!pool.limit) return most;
  return Math.max(1, Math.min(most, Math.floor(timesIn(pool.limit, shape) + 1e-9)));
}

function granularityOf({ granularity }: Pool): number {
  return granularity === 'auto' ? Number.POSITIVE_INFINITY : granularity;
}

/** How many of its pool's workers a worker of some size replaces, by the resource that gives the smallest number. */
export function unitsIn(pool: Pool, shape: Shape): number {
  return Math.max(1, Math.min(granularityOf(pool), Math.floor(timesIn(shape, pool.shape) + 1e-9)));
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
