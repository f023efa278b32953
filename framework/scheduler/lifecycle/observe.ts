import type { Demand, ProjectDemand, SeenWorker } from '../../demand/demand.ts';
import { bookConnected, excuseWorkersOf } from '../state/backoff.ts';
import type { Frame } from '../state/frame.ts';
import { poolOf } from '../state/pool.ts';
import { indexWorker, type SchedulerState, unindexWorker } from '../state/state.ts';
import type { Worker } from '../state/worker.ts';

/**
 * Reads the newest demand: which tasks wait, which workers are connected, and what each of them runs.
 * A project with the same object as last time has not changed, and costs nothing.
 */
export function observe(frame: Frame, demand: Demand): void {
  const { state, now } = frame;
  const before = state.projects;
  state.demand = demand;
  state.projects = new Map(demand.projects.map((project) => [project.manager, project]));
  for (const project of demand.projects) {
    const { manager, startedAt } = project;
    const known = before.get(manager);
    if (known === project) continue;
    if (known && known.startedAt !== startedAt) excuseWorkersOf(state, manager, now);
    state.dirty.add(manager);
    noteWaiting(state, project, now);
    if (project.workers) observeWorkers(frame, project, project.workers);
  }
  for (const manager of before.keys()) {
    if (state.projects.has(manager)) continue;
    excuseWorkersOf(state, manager, now);
    state.waiting.delete(manager);
    state.dirty.add(manager);
  }
}

/** Unmet needs do not count: idle workers cannot serve them and must not be kept for them. */
function noteWaiting(state: SchedulerState, { manager, startedAt, waiting }: ProjectDemand, now: number): void {
  const known = state.waiting.get(manager);
  const any = waiting.some(({ count }) => count > 0);
  if (known?.any === any && known.managerStartedAt === startedAt) return;
  state.waiting.set(manager, { managerStartedAt: startedAt, any, since: now });
}

/**
 * Whether the list of a project's workers is complete: its manager answers, and where tasks are on
 * workers the list is not empty. (The list may be a separate question, which may have failed.)
 */
export function listsAllWorkers({ silentSince, workers, tasksOnWorkers }: ProjectDemand): boolean {
  return silentSince === undefined && workers !== undefined && (workers.length > 0 || tasksOnWorkers === 0);
}

function observeWorkers(frame: Frame, project: ProjectDemand, workers: readonly SeenWorker[]): void {
  const { state } = frame;
  const listed = new Set<string>();
  for (const seen of workers) {
    const worker = state.workers.get(seen.tag);
    if (!worker || (worker.manager !== project.manager && !mayChangeManager(state, worker))) continue;
    listed.add(worker.id);
    if (worker.manager !== project.manager || worker.managerStartedAt !== project.startedAt) {
      rehome(state, worker, project);
    }
    noteConnected(frame, worker, seen);
  }
  if (!listsAllWorkers(project)) return;
  for (const worker of state.workersOf.get(project.manager) ?? []) {
    if (worker.connected && !listed.has(worker.id)) noteGone(frame, worker);
  }
}

function mayChangeManager({ pools }: SchedulerState, { pool }: Worker): boolean {
  return pools.find(({ name }) => name === pool)?.kind.changesManager ?? true;
}

/**
 * A worker serves the manager that lists it. That may be another manager than it was launched for: one that took over the port
 * before the worker had connected, or the same one at another address. A worker must not stay at a project that its
 * pool does not serve.
 */
function rehome(state: SchedulerState, worker: Worker, project: ProjectDemand): void {
  unindexWorker(state, worker);
  worker.manager = project.manager;
  worker.managerStartedAt = project.startedAt;
  worker.project = project.name;
  if (poolOf(state.pools, project)?.name !== worker.pool) state.strayed.add(worker.id);
  indexWorker(state, worker);
}

function noteConnected({ now, state }: Frame, worker: Worker, { tasksRunning, inUse }: SeenWorker): void {
  worker.inUse = inUse;
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

/** Its manager does not list it any more. Mesos will report its end. Until then it does not count as capacity. */
function noteGone({ now }: Frame, worker: Worker): void {
  worker.connected = false;
  worker.tasksRunning = 0;
  worker.tasksSince = now;
}
