import type { Pool, Shape } from '../state/pool.ts';

/** A number of workers of one shape that a manager lacks. */
export interface Missing {
  shape: Shape;
  count: number;
  /** The smaller worker that `shape` is several times of: what it may be split into. Absent: it cannot be split. */
  grain?: Shape;
}

/** How many times its grain a worker is. */
export function grainsOf({ shape, grain }: Missing): number {
  return grain ? Math.round(shape.cores / grain.cores) : 1;
}

/** A worker as large as several. */
export function times({ cores, memory, disk }: Shape, count: number): Shape {
  return { cores: cores * count, memory: memory * count, disk: disk * count };
}

/** The most workers of a shape that a pool lets be one: its granularity, and no more than its limit holds. */
export function coarsest({ granularity, limit }: Pool, { cores, memory, disk }: Shape): number {
  if (!limit) return granularity;
  const held = Math.min(limit.cores / cores, limit.memory / memory, limit.disk / disk);
  return Math.max(1, Math.min(granularity, Math.floor(held + 1e-9)));
}

/** How many of its pool's workers one of some shape stands for, by the part that it has least more of. */
export function grainsIn({ granularity, shape: own }: Pool, { cores, memory, disk }: Shape): number {
  const parts = Math.min(cores / own.cores, memory / own.memory, disk / own.disk);
  return Math.max(1, Math.min(granularity, Math.floor(parts + 1e-9)));
}

/** That many grains as workers of `atOnce` grains each, the rest as one smaller worker. */
export function gather(grain: Shape, grains: number, atOnce: number): Missing[] {
  const workers = (size: number, count: number): Missing[] =>
    count > 0 && size > 0 ? [{ shape: times(grain, size), count, ...(size > 1 && { grain }) }] : [];
  return [...workers(atOnce, Math.floor(grains / atOnce)), ...workers(grains % atOnce, 1)];
}

/** The same amount in workers of half the size: for where no agent has room for one as it is. */
export function split(missing: Missing): Missing[] {
  const size = grainsOf(missing);
  return gather(missing.grain ?? missing.shape, missing.count * size, Math.ceil(size / 2));
}
