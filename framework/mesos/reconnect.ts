/** How long to wait between attempts: doubling from `firstMs` to `maxMs`, and half of each wait is left to chance. */
export interface ReconnectPolicy {
  firstMs: number;
  maxMs: number;
}

/** For what passes by itself: a lost connection, a master that restarts or has not recovered, an election. */
export const PASSING: ReconnectPolicy = { firstMs: 500, maxMs: 30_000 };

/** For what somebody must repair: wrong credentials, an invalid FrameworkInfo. Asking often only fills the logs. */
export const REFUSED: ReconnectPolicy = { firstMs: 30_000, maxMs: 300_000 };

/**
 * Milliseconds before the next attempt. Jitter keeps the frameworks of a cluster from returning all at once after a
 * master's restart; never less than half of the step, so that an owner who learns of an end can call `stop` first.
 * @param failures attempts that failed in a row before this one, 0 after a stream that lived
 * @param random in [0, 1)
 */
export function reconnectDelay(policy: ReconnectPolicy, failures: number, random: number): number {
  const step = Math.min(policy.maxMs, policy.firstMs * 2 ** Math.min(failures, 30));
  return step / 2 + (step / 2) * random;
}
