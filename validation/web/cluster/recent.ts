/** The answer of a framework to `/recent`; see docs/framework.md. Any part may be missing. */
export interface RecentHour {
  /** The time of each sample, ms since 1970, oldest first. */
  times: number[];
  pools: PoolHour[];
  happenings: Happening[];
}

/** Numbers of one pool at each sample; `name` is empty for projects that no pool serves. */
export interface PoolHour {
  name: string;
  waiting: number[];
  busy: number[];
  idle: number[];
  starting: number[];
}

export interface Happening {
  time: number;
  what: string;
  worker: string;
  project: string;
  pool: string;
  hostname: string;
  why: string;
}

/** Reads the answer of a framework of this or another version. Parts that are missing or have another type become empty. */
export function readRecent(value: unknown): RecentHour {
  const { times, pools, happenings } = record(value);
  return {
    times: numbers(times),
    pools: Object.entries(record(pools)).map(([name, series]) => {
      const { waiting, busy, idle, starting } = record(series);
      return {
        name,
        waiting: numbers(waiting),
        busy: numbers(busy),
        idle: numbers(idle),
        starting: numbers(starting),
      };
    }),
    happenings: (Array.isArray(happenings) ? happenings : []).map((one) => {
      const { time, what, worker, project, pool, hostname, why } = record(one);
      return {
        time: typeof time === 'number' ? time : 0,
        what: text(what),
        worker: text(worker),
        project: text(project),
        pool: text(pool),
        hostname: text(hostname),
        why: text(why),
      };
    }),
  };
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

const numbers = (value: unknown): number[] =>
  Array.isArray(value) ? value.map((one) => (typeof one === 'number' && one >= 0 ? one : 0)) : [];

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Points of an area from a lower to an upper line, for the `d` of a path, in a box of `width` times `height`. */
export function areaPath(
  lower: readonly number[],
  upper: readonly number[],
  most: number,
  { width, height }: { width: number; height: number },
): string {
  if (upper.length === 0 || most <= 0) return '';
  const step = upper.length > 1 ? width / (upper.length - 1) : width;
  const point = (value: number, index: number): string =>
    `${(index * step).toFixed(1)} ${(height - (value / most) * height).toFixed(1)}`;
  const there = upper.map(point);
  const back = lower.map(point).reverse();
  return `M${there.join('L')}L${back.join('L')}Z`;
}
