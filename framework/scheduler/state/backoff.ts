import type { Backoff, BackoffCount, SchedulerState } from './state.ts';
import type { Worker } from './worker.ts';

/** The first pause after workers that failed early. Each further failure doubles it, up to the longest. */
const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 5 * 60 * 1000;
/** How many workers of a pool may be starting before one of them has connected. */
const UNPROVEN_WORKERS = 4;
/** After this many failures in a row the agent, or a pool whose workers have worked before, is taken as the cause. */
const FAILURES_IN_A_ROW = 3;
/** A worker that is connected for this long proves that its pool and its agent work. */
const HEALTHY_MS = 30_000;
/** A worker that fails within this time after it connected has failed early. */
export const EARLY_MS = 60_000;
/** An agent's failures are deleted this long after its pause. */
const FORGET_AGENT_MS = 60 * 60 * 1000;
/** Workers end together with their manager. If a manager ends this soon after a failure, it is the cause. */
const EXPLAINED_MS = 10_000;

/** Whether a pause is still in force. */
export function pausing(backoff: Backoff | undefined, now: number): boolean {
  return backoff !== undefined && backoff.until > now;
}

/**
 * Counts a worker that failed early. A pool that has not worked yet pauses at once. A pool that has worked, and the agent,
 * pause after several failures in a row. Workers of one batch fail together, so further failures during a pause
 * do not count: otherwise four launches at once would count as four failures.
 * @param blame `agent`: the failure says nothing about the pool
 */
export function bookFailure(
  state: SchedulerState,
  worker: Worker,
  now: number,
  why: string,
  blame: 'agent' | 'pool and agent',
): void {
  const isProven = state.proven.has(worker.pool);
  // If no worker of the pool has ever worked, the agent is not the cause: workers of other pools may run well there.
  if (isProven || blame === 'agent') {
    book(state, state.agentBackoffs, worker.agentId, FAILURES_IN_A_ROW, { worker, now, why });
  }
  if (blame === 'agent') return;
  state.counters.failedEarly++;
  const patience = isProven ? FAILURES_IN_A_ROW : 1;
  if (book(state, state.poolBackoffs, worker.pool, patience, { worker, now, why })) state.proven.delete(worker.pool);
}

/** @returns whether a pause began */
function book(
  state: SchedulerState,
  backoffs: Map<string, Backoff>,
  key: string,
  patience: number,
  { worker, now, why }: { worker: Worker; now: number; why: string },
): boolean {
  const known = backoffs.get(key);
  if (known && pausing(known, now)) {
    known.why = why;
    return false;
  }
  const failures = (known?.failures ?? 0) + 1;
  const pauseBegins = failures >= patience;
  const pauses = (known?.pauses ?? 0) + (pauseBegins ? 1 : 0);
  const until = pauseBegins ? now + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (pauses - 1)) : 0;
  const isSame = known?.last.manager === worker.manager && now - known.last.at <= EXPLAINED_MS;
  const { before, wasProven } = isSame ? known.last : { before: known, wasProven: state.proven.has(worker.pool) };
  const last = { manager: worker.manager, at: now, before: before && countOf(before), wasProven };
  backoffs.set(key, { failures, pauses, until, why, last });
  return pauseBegins;
}

function countOf({ failures, pauses, until, why }: BackoffCount): BackoffCount {
  return { failures, pauses, until, why };
}

/**
 * A manager has ended. Workers that ended just before it are not to blame: the failures that were counted
 * for them are removed.
 */
export function excuseWorkersOf(state: SchedulerState, manager: string, now: number): void {
  for (const backoffs of [state.poolBackoffs, state.agentBackoffs]) {
    for (const [key, { last }] of backoffs) {
      if (last.manager !== manager || now - last.at > EXPLAINED_MS) continue;
      if (last.before) backoffs.set(key, { ...last.before, last: { ...last, at: 0 } });
      else backoffs.delete(key);
      if (backoffs === state.poolBackoffs && last.wasProven) state.proven.add(key);
    }
  }
}

/** A worker has connected: more of its pool may be launched, unless the pool failed several times in a row. */
export function bookConnected(state: SchedulerState, worker: Worker): void {
  if ((state.poolBackoffs.get(worker.pool)?.pauses ?? 0) <= 1) state.proven.add(worker.pool);
}

/** A worker has run long enough, or to its end: its pool and its agent work. */
export function bookHealthy(state: SchedulerState, worker: Worker): void {
  worker.healthy = true;
  state.proven.add(worker.pool);
  state.poolBackoffs.delete(worker.pool);
  state.agentBackoffs.delete(worker.agentId);
}

/** On ticks: finds workers that have become healthy, and deletes old failures of agents. */
export function reviewHealth(state: SchedulerState, now: number): void {
  for (const worker of state.workers.values()) {
    if (worker.healthy) continue;
    const since = worker.connected ? worker.connectedAt : runningUnseen(state, worker);
    if (since !== undefined && now - since >= HEALTHY_MS) bookHealthy(state, worker);
  }
  for (const [agentId, { last, until }] of state.agentBackoffs) {
    if (now - Math.max(last.at, until) >= FORGET_AGENT_MS) state.agentBackoffs.delete(agentId);
  }
}

/** The time since which a worker runs, for workers that nobody can list: for them, running counts as connected. */
function runningUnseen(state: SchedulerState, { phase, manager, runningSince }: Worker): number | undefined {
  if (phase !== 'running') return undefined;
  const project = state.projects.get(manager);
  return project && project.workers === undefined ? runningSince : undefined;
}

/** How many unproven workers a pool may have; undefined for a pool that has worked. */
export function unprovenLimit(state: SchedulerState, pool: string): number | undefined {
  if (state.proven.has(pool)) return undefined;
  return state.poolBackoffs.has(pool) ? 1 : UNPROVEN_WORKERS;
}
