import type { SchedulerState } from './state.ts';
import { serving, unitsOfWorker } from './worker.ts';

/** The numbers of workers of a pool. Workers that the framework chose to launch together count as so many. */
export interface Census {
  /** All workers that count against the maximum. */
  alive: number;
  /** Those of them that are not leaving. */
  serving: number;
  /** Launches among them that have not worked yet. */
  unproven: number;
}

/** Counts the workers of each pool. Unreachable workers may have ended and do not count. */
export function takeCensus(state: SchedulerState): Map<string, Census> {
  const byPool = new Map<string, Census>();
  for (const worker of state.workers.values()) {
    if (worker.phase === 'unreachable' && !worker.connected) continue;
    const census = byPool.get(worker.pool) ?? { alive: 0, serving: 0, unproven: 0 };
    byPool.set(worker.pool, census);
    census.alive += unitsOfWorker(worker);
    if (!serving(worker)) continue;
    census.serving += unitsOfWorker(worker);
    if (!worker.healthy) census.unproven++;
  }
  return byPool;
}
