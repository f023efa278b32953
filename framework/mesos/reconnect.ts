/** The wait between attempts: it doubles from `firstMs` to `maxMs`, and half of each wait is random. */
export interface ReconnectPolicy {
  firstMs: number;
  maxMs: number;
}

/** For errors that end by themselves: a lost connection, a master that restarts or has not recovered, an election. */
export const PASSING: ReconnectPolicy = { firstMs: 500, maxMs: 30_000 };

/** For errors that somebody must repair: wrong credentials, an invalid FrameworkInfo. Frequent attempts would only fill the logs. */
export const REFUSED: ReconnectPolicy = { firstMs: 30_000, maxMs: 300_000 };

/**
 * Milliseconds before the next attempt. The random part keeps the frameworks of a cluster from returning all at once after a
 * master's restart. It is never less than half of the step, so that the owner has time to call `stop` first.
 * @param failures failed attempts in a row before this one, 0 after a stream that lived
 * @param random in [0, 1)
 */
export function reconnectDelay(policy: ReconnectPolicy, failures: number, random: number): number {
  const step = Math.min(policy.maxMs, policy.firstMs * 2 ** Math.min(failures, 30));
  return step / 2 + (step / 2) * random;
}
