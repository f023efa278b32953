import type { SchedulerState } from './state.ts';
import { serving } from './worker.ts';

/** The numbers of workers of a pool. */
export interface Census {
  /** All workers that count against the maximum. */
  alive: number;
  /** Those of them that are not leaving. */
  serving: number;
  /** Those of them that have not worked yet. */
  unproven: number;
}

/** Counts the workers of each pool. Unreachable workers may have ended and do not count. */
export function takeCensus(state: SchedulerState): Map<string, Census> {
  const byPool = new Map<string, Census>();
  for (const worker of state.workers.values()) {
    if (worker.phase === 'unreachable' && !worker.connected) continue;
    const census = byPool.get(worker.pool) ?? { alive: 0, serving: 0, unproven: 0 };
    byPool.set(worker.pool, census);
    census.alive++;
    if (!serving(worker)) continue;
    census.serving++;
    if (!worker.healthy) census.unproven++;
  }
  return byPool;
}
