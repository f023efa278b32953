/**
 * What was seen of the starts of workers on one agent. A start lasts from the launch until Mesos reports that the process
 * runs. Both numbers are sums in which each further start makes the older ones weigh less.
 */
export interface StartRate {
  starts: number;
  /** ms during which at least one worker was starting. */
  busyMs: number;
  /** When the last worker began to run, ms since 1970. */
  lastAt: number;
}

/**
 * The starts a second that an agent is trusted with before any was seen there: Mesos 1.12 started about 4 command executors, or
 * containers, a second on an agent of two cores, however many were launched at once.
 */
export const USUAL_STARTS_PER_SECOND = 4;
/** Most launches that may be starting on one agent. Every Mesos task starts an executor, and too many at once slow each other down. */
export const STARTING_PER_AGENT = 64;
/** The same for the slowest agent. */
const STARTING_AT_LEAST = 4;
/**
 * Launches for this many seconds may be under way on an agent. Mesos offers the rest of the agent again after a second, so with
 * fewer the agent would have nothing to start for a while; with more they start at the same time and the first one runs late.
 */
const AHEAD_SECONDS = 1.25;
/** Workers that an agent starts within this time may share it, where there are agents enough to give each of them its own. */
const SHARED_SECONDS = 0.5;
/** But so many at most: with an agent these workers are lost at the same time. */
const SHARED_AT_MOST = 2;
/** If no worker runs for longer, the agent waits for something else: for an image that is pulled once, or for files. */
const LONGEST_PAUSE_MS = 5000;
/** The weight of all earlier starts when another one is seen: the last eight starts decide. */
const KEEP = 7 / 8;
/** Agents of which the rate is kept. Those that started nothing for the longest time are forgotten first. */
const AGENTS_KEPT = 20_000;

/** Counts a worker that has begun to run. */
export function noteStart(
  rates: Map<string, StartRate>,
  { agentId, launchedAt }: { agentId: string; launchedAt: number },
  now: number,
): void {
  const known = rates.get(agentId) ?? { starts: 0, busyMs: 0, lastAt: 0 };
  const ms = Math.min(LONGEST_PAUSE_MS, Math.max(0, now - Math.max(launchedAt, known.lastAt)));
  rates.delete(agentId);
  rates.set(agentId, { starts: known.starts * KEEP + 1, busyMs: known.busyMs * KEEP + ms, lastAt: now });
  if (rates.size <= AGENTS_KEPT) return;
  const [oldest] = rates.keys();
  if (oldest !== undefined) rates.delete(oldest);
}

/** Workers that an agent starts in a second, as seen there, or the usual number; Infinity where starts take no time. */
export function startsPerSecond(rate: StartRate | undefined): number {
  return rate ? (rate.starts / rate.busyMs) * 1000 : USUAL_STARTS_PER_SECOND;
}

/** How many workers may be starting on an agent at the same time. Before any start was seen there is only the general limit. */
export function startingAtMost(rate: StartRate | undefined): number {
  if (!rate) return STARTING_PER_AGENT;
  const ahead = Math.ceil(startsPerSecond(rate) * AHEAD_SECONDS);
  return Math.min(STARTING_PER_AGENT, Math.max(STARTING_AT_LEAST, ahead));
}

/** How many workers to give an agent before the next agent gets one: 2, or 1 where an agent starts them slowly. */
export function sharing(rate: StartRate | undefined): number {
  return Math.max(1, Math.min(SHARED_AT_MOST, Math.round(startsPerSecond(rate) * SHARED_SECONDS)));
}
