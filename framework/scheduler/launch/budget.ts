import type { Obstacle } from '../../demand/worker-kind.ts';
import { counted } from '../../text/count.ts';
import { pausing, unprovenLimit } from '../state/backoff.ts';
import type { Census } from '../state/census.ts';
import type { Pool } from '../state/pool.ts';
import type { SchedulerState } from '../state/state.ts';

/** How many launches a pool may make now. */
export interface Budget {
  left: number;
  /** The pool's limit that allows no more launches. */
  limit: Obstacle;
  /** The same at the beginning of the frame. */
  launches: number;
  /** How many workers it lacks to its maximum, and what to say when it has it. */
  toMaximum: number;
  atMaximum: Obstacle;
}

/** Books a launch that counts as so many workers. */
export function spend(budget: Budget, units: number): void {
  budget.left--;
  budget.toMaximum -= units;
  if (budget.toMaximum >= budget.left) return;
  budget.left = budget.toMaximum;
  budget.limit = budget.atMaximum;
}

/** The tightest limit of a pool: its pause, its maximum, the trial of its first workers, or its launches in a second. */
export function budgetOf(
  state: SchedulerState,
  pool: Pool,
  { alive, unproven }: Census = { alive: 0, serving: 0, unproven: 0 },
  now: number,
): Budget {
  const toMaximum = pool.max - alive;
  const atMaximum = {
    reason: 'at-maximum',
    detail: `pool ${pool.name} has its maximum of ${counted(pool.max, 'worker')}`,
  };
  const backoff = state.poolBackoffs.get(pool.name);
  if (backoff && pausing(backoff, now)) {
    const seconds = Math.ceil((backoff.until - now) / 1000);
    const detail = `pool ${pool.name} launches nothing for ${seconds} s, because its workers failed ${backoff.failures} ${backoff.failures === 1 ? 'time' : 'times in a row'}: ${backoff.why}`;
    return { left: 0, launches: 0, limit: { reason: 'pool-pausing', detail }, toMaximum, atMaximum };
  }
  const times = (state.launchTimes.get(pool.name) ?? []).filter((time) => now - time < 1000);
  state.launchTimes.set(pool.name, times);
  const trial = unprovenLimit(state, pool.name);
  const budgets: Pick<Budget, 'left' | 'limit'>[] = [
    { left: toMaximum, limit: atMaximum },
    {
      left: pool.launchesPerSecond - times.length,
      limit: {
        reason: 'launch-rate',
        detail: `pool ${pool.name} may launch at most ${counted(pool.launchesPerSecond, 'worker')} in a second`,
      },
    },
  ];
  if (trial !== undefined) {
    const detail = `no worker of pool ${pool.name} has connected yet: one of the first ${trial} must connect before more are launched`;
    budgets.push({ left: trial - unproven, limit: { reason: 'first-workers', detail } });
  }
  const tightest = budgets.reduce((a, b) => (b.left < a.left ? b : a));
  const left = Math.max(0, tightest.left);
  return { left, launches: left, limit: tightest.limit, toMaximum, atMaximum };
}
