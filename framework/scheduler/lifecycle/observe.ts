import type { ConnectedWorker, Demand, ManagerDemand } from '../../workqueue/demand.ts';
import { bookConnected, excuseWorkersOf } from '../state/backoff.ts';
import type { Frame } from '../state/frame.ts';
import { poolOf } from '../state/pool.ts';
import { indexWorker, type SchedulerState, unindexWorker, type Worker } from '../state/state.ts';

/**
 * Takes in one look at the managers: what waits, which workers are connected, and what each of them runs.
 * A manager whose object is the one of the last look has not changed, and costs nothing.
 */
export function observe(frame: Frame, demand: Demand): void {
  const { state, now } = frame;
  const before = state.managers;
  state.demand = demand;
  state.managers = new Map(demand.managers.map((manager) => [manager.address, manager]));
  for (const manager of demand.managers) {
    const known = before.get(manager.address);
    if (known === manager) continue;
    if (known && known.startedAt !== manager.startedAt) excuseWorkersOf(state, manager.address, now);
    state.dirty.add(manager.address);
    noteWaiting(state, manager, now);
    // Only the manager itself knows its workers: a catalog row says nothing about them.
    if (manager.source === 'manager') observeWorkers(frame, manager);
  }
  for (const address of before.keys()) {
    if (state.managers.has(address)) continue;
    excuseWorkersOf(state, address, now);
    state.waiting.delete(address);
    state.dirty.add(address);
  }
}

function noteWaiting(state: SchedulerState, { address, startedAt, tasksWaiting }: ManagerDemand, now: number): void {
  const known = state.waiting.get(address);
  const any = tasksWaiting > 0;
  if (known?.any === any && known.managerStartedAt === startedAt) return;
  state.waiting.set(address, { managerStartedAt: startedAt, any, since: now });
}

/**
 * Whether a manager's list of workers can be believed to be whole: it answered, and where tasks are on workers there are
 * workers. (Its list of workers is a question of its own, which may have failed.)
 */
export function knowsItsWorkers({ source, silentSince, workers, tasksOnWorkers }: ManagerDemand): boolean {
  return source === 'manager' && silentSince === undefined && (workers.length > 0 || tasksOnWorkers === 0);
}

function observeWorkers(frame: Frame, manager: ManagerDemand): void {
  const { state } = frame;
  const listed = new Set<string>();
  for (const connected of manager.workers) {
    const worker = state.workers.get(connected.tag);
    if (!worker) continue;
    listed.add(worker.id);
    if (worker.manager !== manager.address || worker.managerStartedAt !== manager.startedAt) {
      rehome(state, worker, manager);
    }
    noteConnected(frame, worker, connected);
  }
  if (!knowsItsWorkers(manager)) return;
  for (const worker of state.workersOf.get(manager.address) ?? []) {
    if (worker.connected && !listed.has(worker.id)) noteGone(frame, worker);
  }
}

/**
 * A worker serves the manager that lists it. That may be another than it was launched for: one that took over the port
 * before the worker had connected, or the same one at another address. A manager of a project that the worker's pool
 * does not serve must not keep it.
 */
function rehome(state: SchedulerState, worker: Worker, manager: ManagerDemand): void {
  unindexWorker(state, worker);
  worker.manager = manager.address;
  worker.managerStartedAt = manager.startedAt;
  worker.project = manager.project;
  worker.strayed = poolOf(state.pools, manager.project)?.name !== worker.pool;
  indexWorker(state, worker);
}

function noteConnected({ now, state }: Frame, worker: Worker, { tasksRunning }: ConnectedWorker): void {
  if (worker.connectedAt === undefined) {
    worker.connectedAt = now;
    worker.tasksSince = now;
    bookConnected(state, worker);
  }
  worker.connected = true;
  if (worker.tasksRunning !== tasksRunning) {
    worker.tasksRunning = tasksRunning;
    worker.tasksSince = now;
  }
}

/** Its manager lists it no more; Mesos will say that it ended. Until then it is no capacity. */
function noteGone({ now }: Frame, worker: Worker): void {
  worker.connected = false;
  worker.tasksRunning = 0;
  worker.tasksSince = now;
}
