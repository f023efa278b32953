import type { ProjectDemand } from '../../demand/demand.ts';
import { DRAIN_AHEAD_MS } from '../offers/maintenance.ts';
import { bookFailure } from '../state/backoff.ts';
import type { Frame } from '../state/frame.ts';
import type { Pool } from '../state/pool.ts';
import type { Waiting } from '../state/state.ts';
import { unitsOfWorker, type Worker } from '../state/worker.ts';
import { listsAllWorkers } from './observe.ts';

/** A worker whose manager has ended leaves by itself. It is killed after this time. */
const ORPHAN_MS = 2000;
/** An idle worker blocks the tasks of others for no longer than a manager may need to give it a task. */
const YIELD_MS = 500;
/** A kill without an answer is repeated, because a call may be lost. About an unreachable task one can only ask. */
const KILL_AGAIN_MS = 10_000;
const KILL_LOST_AGAIN_MS = 60_000;

/** Who needs the resources of idle workers: the weight of the heaviest pool that lacks offers, and pools at their maximum. */
export interface Shortage {
  weight: number;
  pools: ReadonlySet<string>;
}

/**
 * Takes back workers that nobody needs: idle ones, workers whose manager has ended, and workers that never connect.
 * It never kills a worker that runs a task, unless the task belongs to a manager that the worker's pool does not serve.
 */
export function releaseWorkers(frame: Frame, workers: Iterable<Worker>, shortage: Shortage): void {
  const { state, now } = frame;
  const { demand } = state;
  if (!demand) return;
  // While something could not be read, a missing entry proves nothing.
  const sawAll = demand.problems.length === 0 && !demand.partial;
  const pools = new Map(state.pools.map((pool) => [pool.name, pool]));
  const taken = new Map<string, number>();

  const serving = ({ name }: Pool): number => (frame.census.get(name)?.serving ?? 0) - (taken.get(name) ?? 0);

  for (const worker of workers) {
    if (worker.killedAt !== undefined || worker.phase === 'leaving') {
      killAgain(frame, worker, pools.get(worker.pool));
      continue;
    }
    if (state.strayed.has(worker.id)) {
      frame.takeBack(worker);
      continue;
    }
    const project = state.projects.get(worker.manager);
    if (project?.startedAt !== worker.managerStartedAt) {
      worker.orphanSince ??= now;
      if (sawAll && (!worker.connected || now - worker.orphanSince >= ORPHAN_MS)) frame.takeBack(worker);
      continue;
    }
    worker.orphanSince = undefined;
    if (project.workers === undefined || project.silentSince !== undefined) continue;
    const pool = pools.get(worker.pool);
    if (pool && neverConnects(worker, pool, now)) {
      const why = `it did not connect to ${worker.manager} within ${pool.kind.connectSeconds} s`;
      bookFailure(state, worker, now, why, 'pool and agent');
      frame.takeBack(worker);
      continue;
    }
    const isSpared = pool !== undefined && pool.min > 0 && serving(pool) <= pool.min;
    if (isDraining(frame, worker) || (!isSpared && isSurplus(frame, worker, project, pool, shortage))) {
      taken.set(worker.pool, (taken.get(worker.pool) ?? 0) + unitsOfWorker(worker));
      frame.takeBack(worker);
    }
  }
}

function killAgain(frame: Frame, worker: Worker, pool: Pool | undefined): void {
  const { phase, killedAt } = worker;
  const grace = (pool?.killGraceSeconds ?? 0) * 1000;
  const pause = phase === 'unreachable' ? KILL_LOST_AGAIN_MS : KILL_AGAIN_MS + grace;
  // Killed by somebody else (Mesos said TASK_KILLING): that kill may take its time.
  if (killedAt === undefined) worker.killedAt = frame.now;
  else if (frame.now - killedAt >= pause) frame.takeBack(worker);
}

/** Its process runs, but its manager has not listed it in the whole time, and will not. */
function neverConnects({ phase, connectedAt, runningSince }: Worker, { kind }: Pool, now: number): boolean {
  if (phase !== 'running' || connectedAt !== undefined) return false;
  return now - (runningSince ?? now) >= kind.connectSeconds * 1000;
}

/** Its agent is about to be taken down: it stays while it has tasks. */
function isDraining({ state, wall }: Frame, { agentId, connected, tasksRunning }: Worker): boolean {
  const draining = state.draining.get(agentId);
  return draining !== undefined && connected && tasksRunning === 0 && wall >= draining.start - DRAIN_AHEAD_MS;
}

function isSurplus(
  { state, now }: Frame,
  worker: Worker,
  project: ProjectDemand,
  pool: Pool | undefined,
  shortage: Shortage,
): boolean {
  const { connected, connectedAt, tasksRunning, tasksSince } = worker;
  const waiting = state.waiting.get(project.manager);
  if (tasksRunning > 0 || !waiting) return false;
  if (connectedAt !== undefined && !connected) return now - tasksSince >= ORPHAN_MS;
  if (!connected && !listsAllWorkers(project)) return false;
  const isServed = state.targets.has(project.manager);
  if (!isServed || !pool) return true;
  const patience = patienceWith(worker, pool, shortage);
  if (!mayGetTask(worker, pool, project)) return now - idleSince(worker, waiting) >= patience;
  // Its manager gives it none of the waiting tasks, so it does not help.
  return connected && now - Math.max(tasksSince, waiting.since) >= Math.max(pool.kind.handOutSeconds * 1000, patience);
}

/** Whether a task waits that this worker is large enough for, and its manager gives tasks to our workers. */
function mayGetTask({ shape }: Worker, { kind }: Pool, { waiting, closed }: ProjectDemand): boolean {
  return closed === undefined && waiting.some((need) => need.count > 0 && kind.tasksAtOnce(shape, need) > 0);
}

/** A starting worker is not needed any more when no task has waited for a while, however long ago it was launched. */
function idleSince({ connected, tasksSince }: Worker, waiting: Waiting): number {
  return connected ? tasksSince : Math.max(tasksSince, waiting.since);
}

/** How long a worker may be idle, ms. It is shorter if a pool of the same or a greater weight needs its resources. */
function patienceWith(worker: Worker, pool: Pool, shortage: Shortage): number {
  const yields = shortage.weight >= pool.weight || shortage.pools.has(worker.pool);
  return yields ? Math.min(YIELD_MS, pool.idleSeconds * 1000) : pool.idleSeconds * 1000;
}
