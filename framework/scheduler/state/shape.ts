import type { Shape } from '../../demand/demand.ts';

/** How many times one shape holds another, by the part that it has least of. */
export function timesIn(whole: Shape, part: Shape): number {
  const of = (have: number, want: number): number => (want > 0 ? have / want : Number.POSITIVE_INFINITY);
  return Math.min(
    of(whole.cores, part.cores),
    of(whole.memory, part.memory),
    of(whole.disk, part.disk),
    of(whole.gpus ?? 0, part.gpus ?? 0),
  );
}

/** A worker of several times the size. */
export function times({ cores, memory, disk, gpus }: Shape, count: number): Shape {
  return { cores: cores * count, memory: memory * count, disk: disk * count, ...(gpus && { gpus: gpus * count }) };
}
