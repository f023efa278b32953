import type { Backoff, BackoffCount, SchedulerState } from './state.ts';
import type { Worker } from './worker.ts';

/** First pause after workers that failed early; doubled by each further one, up to the longest. */
const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 5 * 60 * 1000;
/** Workers a pool may have on the way before one of them has connected: enough to begin with, few to lose. */
const UNPROVEN_WORKERS = 4;
/** Failures in a row after which an agent, or a pool whose workers have worked before, is held to be the reason. */
const FAILURES_IN_A_ROW = 3;
/** A worker connected for this long shows that those of its pool and on its agent work. */
export const HEALTHY_MS = 30_000;
/** One that fails within this time after it connected failed early. */
export const EARLY_MS = 60_000;
/** An agent's failures are forgotten this long after its pause. */
const FORGET_AGENT_MS = 60 * 60 * 1000;
/** A manager that ends takes its workers with it: one seen to end this shortly after a failure explains it. */
const EXPLAINED_MS = 10_000;

/** Whether a pause still runs. */
export function pausing(backoff: Backoff | undefined, now: number): boolean {
  return backoff !== undefined && backoff.until > now;
}

/**
 * Books a worker that failed early. A pool that is not proven pauses at once; one that has worked, and the agent on which
 * it no longer does, after several failures in a row. Workers of one batch fail together: while a pause runs, further
 * failures do not count, or four launches at once would be four proofs.
 * @param blame `agent`: what happened says nothing about the pool
 */
export function bookFailure(
  state: SchedulerState,
  worker: Worker,
  now: number,
  why: string,
  blame: 'agent' | 'pool and agent',
): void {
  const isProven = state.proven.has(worker.pool);
  // Where nothing of the pool has ever worked it is not the agent, on which other pools' workers may run well.
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
 * A manager has ended. Workers that ended just before it was seen to end have done nothing wrong: the failures booked
 * for them are taken back.
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

/** A worker has connected: more of its pool may follow, unless such have failed again and again. */
export function bookConnected(state: SchedulerState, worker: Worker): void {
  if ((state.poolBackoffs.get(worker.pool)?.pauses ?? 0) <= 1) state.proven.add(worker.pool);
}

/** A worker has served long enough, or to its end: its pool and its agent work. */
export function bookHealthy(state: SchedulerState, worker: Worker): void {
  worker.healthy = true;
  state.proven.add(worker.pool);
  state.poolBackoffs.delete(worker.pool);
  state.agentBackoffs.delete(worker.agentId);
}

/** On ticks: notes which workers have become healthy, and forgets what agents did long ago. */
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

/** Since when a worker runs that nobody sees connect: that it runs must do. */
function runningUnseen(state: SchedulerState, { phase, manager, runningSince }: Worker): number | undefined {
  if (phase !== 'running') return undefined;
  const project = state.projects.get(manager);
  return project && project.workers === undefined ? runningSince : undefined;
}

/** How many workers that have yet to prove themselves a pool may have; undefined for a proven one. */
export function unprovenLimit(state: SchedulerState, pool: string): number | undefined {
  if (state.proven.has(pool)) return undefined;
  return state.poolBackoffs.has(pool) ? 1 : UNPROVEN_WORKERS;
}
