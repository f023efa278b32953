import type { Allotment, Need, ProjectDemand, Shape } from '../../demand/demand.ts';
import type { Obstacle } from '../../demand/worker-kind.ts';
import type { Missing, ProjectTarget } from '../state/decision.ts';
import { gpusAtMost, type Pool } from '../state/pool.ts';
import { times } from '../state/shape.ts';
import type { Waiting } from '../state/state.ts';
import type { Worker } from '../state/worker.ts';
import { after, type Capacity, partly, roomFor, shareLeft, tasksAtOnce, whole, without } from './capacity.ts';
import { coarsest, gather } from './granularity.ts';

/**
 * The size of the worker that a need asks for: the pool's own size, larger where the task needs more. Undefined: the pool
 * allows no worker so large. A pool gives GPUs only if its settings name them, even without any limit.
 */
export function shapeFor(pool: Pool, need: Need): Shape | undefined {
  const { shape, limit } = pool;
  const gpus = Math.max(shape.gpus ?? 0, Math.ceil(need.gpus ?? 0));
  if (gpus > gpusAtMost(pool)) return undefined;
  const grown = {
    cores: Math.max(shape.cores, Math.ceil(need.cores ?? 0)),
    memory: Math.max(shape.memory, Math.ceil(need.memory ?? 0)),
    disk: Math.max(shape.disk, Math.ceil(need.disk ?? 0)),
    ...(gpus > 0 && { gpus }),
  };
  if (limit && (grown.cores > limit.cores || grown.memory > limit.memory || grown.disk > limit.disk)) return undefined;
  return grown;
}

/** A worker connects within a second of its start. One that started this long before the numbers were read is included in them. */
const COUNTED_AFTER_MS = 2000;
/** A manager that has been silent for this long accepts no worker. A shorter silence is not reported. */
const SILENT_MS = 5000;

/** Our workers for one run of a manager: those that serve it, and how many are leaving. */
export interface OwnWorkers {
  serving: readonly Worker[];
  leaving: number;
}

/**
 * How many workers a project lacks, and why: its waiting tasks, less those that idle and starting workers will take, divided by
 * the number of tasks that a new worker runs. The pool's maximum is applied later, when offers are divided among its projects.
 * Starting workers count as capacity from the moment of the decision, so no task gets two workers. (The predecessor
 * subtracted its launches by hand and never added failed ones back.) A worker whose process runs but which its manager
 * does not list yet counts as starting. Sources ask for workers before tasks, so that a task is not counted as waiting
 * together with the worker that has just taken it.
 * @param waiting the time since which tasks wait
 */
export function projectTarget(
  pool: Pool,
  project: ProjectDemand,
  { serving: workers, leaving }: OwnWorkers,
  waiting: Waiting,
  now: number,
): ProjectTarget {
  // A worker that was connected and is not any more has ended; Mesos will report it.
  const starting = workers.filter((worker) => worker.connectedAt === undefined);
  const connected = workers.filter((worker) => worker.connected);
  const idle = connected.filter((worker) => worker.tasksRunning === 0);
  const capacities =
    project.workers === undefined
      ? capacityUnseen(project, workers)
      : [...starting.map(({ shape }) => whole(shape)), ...roomOn(pool, project, connected, waiting, now)];

  const { allotment = 'shares' } = project;
  const missing = new Map<string, Missing>();
  const tooLarge: Need[] = [];
  let covered = 0;
  const needs = [...project.waiting].sort(
    (a, b) => (b.cores ?? 0) - (a.cores ?? 0) || (b.memory ?? 0) - (a.memory ?? 0),
  );
  for (const need of needs) {
    const taken = fill(pool, capacities, need, allotment);
    covered += taken;
    const left = need.count - taken;
    if (left <= 0) continue;
    const shape = shapeFor(pool, need);
    if (!shape) {
      tooLarge.push({ ...need, count: left });
      continue;
    }
    const { workers, spare } = workersFor(pool, shape, need, left, allotment);
    const together = mayGather(pool, project) ? coarsest(pool, shape) : 1;
    for (const one of workers) addMissing(missing, together > 1 ? { ...one, together } : one);
    for (const capacity of spare) if (shareLeft(capacity) > 0) capacities.push(capacity);
  }
  const hold = holdOf(pool, project, waiting, now);
  return {
    manager: project.manager,
    project: project.name,
    pool: pool.name,
    tasksWaiting: project.tasksWaiting,
    tasksOnWorkers: project.tasksOnWorkers,
    busy: connected.length - idle.length,
    idle: idle.length,
    starting: starting.length,
    cores: workers.reduce((sum, { shape }) => sum + shape.cores, 0),
    leaving,
    covered,
    missing: [...missing.values()],
    forMinimum: 0,
    tooLarge,
    unmet: project.unmet ?? [],
    ...(hold && { hold }),
  };
}

/** Different needs may ask for the same size of worker. */
function addMissing(missing: Map<string, Missing>, more: Missing): void {
  const key = JSON.stringify([more.shape, more.unit, more.together]);
  const same = missing.get(key);
  if (same) same.count += more.count;
  else missing.set(key, more);
}

/**
 * New workers for tasks of one need, as large as the pool's granularity allows, the last one no larger than needed; and the
 * free room in them. A larger worker does not help tasks that each take a whole worker, however large.
 */
function workersFor(
  pool: Pool,
  shape: Shape,
  need: Need,
  tasks: number,
  allotment: Allotment,
): { workers: Missing[]; spare: Capacity[] } {
  const each = (size: number): number => Math.max(1, tasksAtOnce(pool, times(shape, size), need));
  const most = pool.granularity === 'auto' ? 1 : coarsest(pool, shape);
  const atOnce = each(most) > each(1) ? most : 1;
  const full = Math.floor(tasks / each(atOnce));
  const rest = tasks - full * each(atOnce);
  const filled = after(pool, whole(times(shape, atOnce)), need, each(atOnce), allotment);
  const spare = shareLeft(filled) > 0 ? Array.from({ length: full }, () => filled) : [];
  if (rest === 0) return { workers: gather(shape, full * atOnce, atOnce), spare };
  let last = 1;
  while (each(last) < rest) last++;
  return {
    workers: gather(shape, full * atOnce + last, atOnce),
    spare: [...spare, after(pool, whole(times(shape, last)), need, rest, allotment)],
  };
}

/** Whether workers may be launched together: a task that takes a whole worker, now or later, must not get a gathered one. */
function mayGather(pool: Pool, { waiting, running }: ProjectDemand): boolean {
  const divides = (need: Need): boolean => isDivisible(pool, need);
  return pool.granularity === 'auto' && waiting.every(divides) && running.every(divides);
}

/** Whether a worker of twice the size runs more tasks of a need. */
function isDivisible(pool: Pool, need: Need): boolean {
  const shape = shapeFor(pool, need);
  return shape === undefined || tasksAtOnce(pool, times(shape, 2), need) > tasksAtOnce(pool, shape, need);
}

/**
 * Where nobody can list the workers, the numbers are old too. Workers that started after the numbers were read are not in them yet.
 * All other workers count as busy if tasks wait.
 */
function capacityUnseen({ asOf }: ProjectDemand, workers: readonly Worker[]): Capacity[] {
  return workers
    .filter(({ runningSince }) => runningSince === undefined || runningSince > asOf - COUNTED_AFTER_MS)
    .map(({ shape }) => whole(shape));
}

function roomOn(
  pool: Pool,
  { running, waiting: needs }: ProjectDemand,
  connected: Worker[],
  waiting: Waiting,
  now: number,
): Capacity[] {
  const usual = running.length > 0 ? running : needs;
  const handOutMs = pool.kind.handOutSeconds * 1000;
  // A worker that has been idle for longer while tasks wait gets no tasks from its manager: it must not hide the need for another.
  return connected
    .filter(({ tasksSince }) => now - Math.max(tasksSince, waiting.since) < handOutMs)
    .map((worker) => roomBeside(pool, worker, usual));
}

/** The free part of a worker that has some tasks. Where the source does not report it, the tasks count with the largest need in use. */
function roomBeside(pool: Pool, { shape, tasksRunning, inUse }: Worker, needs: readonly Need[]): Capacity {
  if (tasksRunning === 0) return whole(shape);
  if (inUse && pool.tasksPerWorker === undefined) return without(shape, inUse);
  const atOnce = Math.min(...needs.map((need) => tasksAtOnce(pool, shape, need)));
  return partly(shape, Number.isFinite(atOnce) ? Math.max(0, 1 - tasksRunning / Math.max(1, atOnce)) : 0);
}

/** Places waiting tasks of one need on free capacity, first fit. @returns how many found room */
function fill(pool: Pool, capacities: Capacity[], need: Need, allotment: Allotment): number {
  let left = need.count;
  for (const [at, capacity] of capacities.entries()) {
    if (left <= 0) break;
    const taken = Math.min(left, roomFor(pool, capacity, need, allotment));
    if (taken < 1) continue;
    left -= taken;
    capacities[at] = after(pool, capacity, need, taken, allotment);
  }
  return need.count - left;
}

function holdOf(pool: Pool, project: ProjectDemand, waiting: Waiting, now: number): Obstacle | undefined {
  const { silentSince, workers } = project;
  if (workers && silentSince !== undefined && now - silentSince >= SILENT_MS) {
    const seconds = Math.round((now - silentSince) / 1000);
    return {
      reason: 'manager-silent',
      detail: `its manager has been silent for ${seconds} s, so it would accept no worker`,
    };
  }
  const obstacle = pool.kind.obstacle(pool, project);
  if (obstacle) return obstacle;
  const waited = now - waiting.since;
  if (waiting.any && waited < pool.scaleUpDelaySeconds * 1000) {
    const seconds = Math.ceil(pool.scaleUpDelaySeconds - waited / 1000);
    return {
      reason: 'scale-up-delay',
      detail: `the pool's scaleUpDelaySeconds lets its tasks wait ${seconds} s longer before workers are launched`,
    };
  }
  return undefined;
}
