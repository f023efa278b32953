import type { Shape } from '../../demand/demand.ts';

/** How many times one shape holds another, by the part that it has least of. */
export function timesIn(whole: Shape, part: Shape): number {
  const gpus = part.gpus ? (whole.gpus ?? 0) / part.gpus : Number.POSITIVE_INFINITY;
  return Math.min(whole.cores / part.cores, whole.memory / part.memory, whole.disk / part.disk, gpus);
}
