import type { SchedulerState } from './state.ts';
import { serving } from './worker.ts';

/** Workers of a pool. */
export interface Census {
  /** All that count against the maximum. */
  alive: number;
  /** Those among them that are not on their way out. */
  serving: number;
  /** Those that have yet to show that they work. */
  unproven: number;
}

/** Counts the workers of each pool. Those that Mesos has lost sight of may be gone: they do not count. */
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
