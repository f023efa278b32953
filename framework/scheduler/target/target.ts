import type { ManagerDemand, TaskNeed } from '../../workqueue/demand.ts';
import type { Blocked } from '../state/blocked.ts';
import type { Pool, Shape } from '../state/pool.ts';
import type { Waiting, Worker } from '../state/state.ts';
import { coarsest, gather, grainsIn, type Missing, times } from './granularity.ts';

/** The decision for one manager, every term of it: what the log, `/state` and `why` show. */
export interface ManagerTarget {
  manager: string;
  project: string;
  pool: string;
  tasksWaiting: number;
  tasksOnWorkers: number;
  /** Workers of ours for this manager by what they do. */
  busy: number;
  idle: number;
  starting: number;
  /** Cores of all those. */
  cores: number;
  /** Tasks that idle and starting workers will take. */
  carried: number;
  /** Workers wanted beyond those, as its tasks need them. */
  missing: Missing[];
  /** Workers wanted beyond those only to keep the pool's minimum. */
  forMinimum: number;
  /** Tasks that no worker of the pool may be large enough for. */
  misfits: TaskNeed[];
  /** Why nothing is launched for it however much it lacks. */
  hold?: Blocked;
}

/** How many tasks of a need one worker of a shape carries at once. A task that states nothing takes the whole worker. */
export function tasksPerWorker(shape: Shape, need: TaskNeed, atMost = Number.POSITIVE_INFINITY): number {
  const [cores = 0, memory = 0, disk = 0] = [need.cores, need.memory, need.disk];
  if (cores <= 0 && memory <= 0 && disk <= 0) return 1;
  const timesIn = (have: number, want: number): number =>
    want <= 0 ? Number.POSITIVE_INFINITY : Math.floor(have / want + 1e-9);
  // Work Queue gives a task that states some but not all resources a proportional share; a whole core at least.
  return Math.min(
    timesIn(shape.cores, cores > 0 ? cores : 1),
    timesIn(shape.memory, memory),
    timesIn(shape.disk, disk),
    atMost,
  );
}

/** The same for a worker of a pool, which may want it to carry fewer. */
function carriedBy(pool: Pool, shape: Shape, need: TaskNeed): number {
  const { tasksPerWorker: atMost } = pool;
  return tasksPerWorker(shape, need, atMost && atMost * grainsIn(pool, shape));
}

/** The worker that a need asks for: the pool's own shape, grown where the task is larger. */
export function shapeFor(pool: Pool, need: TaskNeed): Shape | undefined {
  const { shape, limit } = pool;
  const grown = {
    cores: Math.max(shape.cores, Math.ceil(need.cores ?? 0)),
    memory: Math.max(shape.memory, Math.ceil(need.memory ?? 0)),
    disk: Math.max(shape.disk, Math.ceil(need.disk ?? 0)),
  };
  if (limit && (grown.cores > limit.cores || grown.memory > limit.memory || grown.disk > limit.disk)) return undefined;
  return grown;
}

/**
 * A manager hands out tasks within milliseconds. A connected worker that has had room for this long while tasks wait
 * is one that the manager cannot use (host blocked, resources that do not fit): it must not hide the need for another.
 */
export const PASSED_OVER_MS = 5000;
/** A worker connects within a second of its start: one that began this long before a catalog row is counted in it. */
const COUNTED_IN_ROW_MS = 2000;
/** A manager that has been silent for this long accepts no worker; a busy moment is not worth a word. */
const SILENT_MS = 5000;

/** What a worker can still take, as a share of the whole worker, 0 to 1. */
interface Capacity {
  shape: Shape;
  free: number;
}

/**
 * How many workers a manager lacks, and why: tasks waiting, less what idle and starting workers will take, divided by
 * what a new worker carries. The pool's maximum is applied when offers are divided among its managers.
 * Starting workers count as capacity from the moment of the decision, so no task is ever served twice: the predecessor
 * subtracted its launches by hand and never added failed ones back. A worker whose process runs but which its manager
 * does not list yet is still starting; the watchers ask for workers before tasks, so that a task cannot be counted as
 * waiting beside the very worker that has just taken it.
 * @param workers ours for this manager, without those leaving or out of sight
 * @param waiting since when tasks wait at all
 */
export function managerTarget(
  pool: Pool,
  manager: ManagerDemand,
  workers: readonly Worker[],
  waiting: Waiting,
  now: number,
): ManagerTarget {
  // One that was connected and is no more has died; Mesos will say so.
  const starting = workers.filter((worker) => worker.connectedAt === undefined);
  const connected = workers.filter((worker) => worker.connected);
  const idle = connected.filter((worker) => worker.tasksRunning === 0);
  const capacities =
    manager.source === 'catalog'
      ? capacityByCatalog(manager, workers)
      : [...starting.map(({ shape }) => ({ shape, free: 1 })), ...roomOn(pool, manager, connected, waiting, now)];

  const missing: Missing[] = [];
  const misfits: TaskNeed[] = [];
  let carried = 0;
  const needs = [...manager.waiting].sort(
    (a, b) => (b.cores ?? 0) - (a.cores ?? 0) || (b.memory ?? 0) - (a.memory ?? 0),
  );
  for (const need of needs) {
    const taken = fill(pool, capacities, need);
    carried += taken;
    const left = need.count - taken;
    if (left <= 0) continue;
    const shape = shapeFor(pool, need);
    if (!shape) {
      misfits.push({ ...need, count: left });
      continue;
    }
    const { workers, spare } = workersFor(pool, shape, need, left);
    missing.push(...workers);
    if (spare) capacities.push(spare);
  }
  const hold = holdOf(pool, manager, waiting, now);
  return {
    manager: manager.address,
    project: manager.project,
    pool: pool.name,
    tasksWaiting: manager.tasksWaiting,
    tasksOnWorkers: manager.tasksOnWorkers,
    busy: connected.length - idle.length,
    idle: idle.length,
    starting: starting.length,
    cores: workers.reduce((sum, { shape }) => sum + shape.cores, 0),
    carried,
    missing,
    forMinimum: 0,
    misfits,
    ...(hold && { hold }),
  };
}

/**
 * New workers for tasks of one need, as coarse as the pool has them, the last no larger than it must be; and the room
 * that it has left. A coarse worker is no use to tasks that each take a whole one, however large.
 */
function workersFor(
  pool: Pool,
  shape: Shape,
  need: TaskNeed,
  tasks: number,
): { workers: Missing[]; spare: Capacity | undefined } {
  const each = (size: number): number => Math.max(1, carriedBy(pool, times(shape, size), need));
  const most = coarsest(pool, shape);
  const atOnce = each(most) > each(1) ? most : 1;
  const full = Math.floor(tasks / each(atOnce));
  const rest = tasks - full * each(atOnce);
  if (rest === 0) return { workers: gather(shape, full * atOnce, atOnce), spare: undefined };
  let last = 1;
  while (each(last) < rest) last++;
  const free = 1 - rest / each(last);
  return {
    workers: gather(shape, full * atOnce + last, atOnce),
    spare: free > 0 ? { shape: times(shape, last), free } : undefined,
  };
}

/**
 * The catalog's numbers are up to a minute old, and say nothing of single workers. Workers that began after its row was
 * written are not in those numbers yet; all others are, and are busy if tasks wait beside them.
 */
function capacityByCatalog({ asOf }: ManagerDemand, workers: readonly Worker[]): Capacity[] {
  return workers
    .filter(({ runningSince }) => runningSince === undefined || runningSince > asOf - COUNTED_IN_ROW_MS)
    .map(({ shape }) => ({ shape, free: 1 }));
}

function roomOn(
  pool: Pool,
  { running, waiting: needs }: ManagerDemand,
  connected: Worker[],
  waiting: Waiting,
  now: number,
): Capacity[] {
  const usual = running.length > 0 ? running : needs;
  return connected
    .filter(({ tasksSince }) => now - Math.max(tasksSince, waiting.since) < PASSED_OVER_MS)
    .map(({ shape, tasksRunning }) => ({ shape, free: freeShare(pool, shape, tasksRunning, usual) }));
}

/** What a worker with some tasks has left, if they are of the largest need in use. */
function freeShare(pool: Pool, shape: Shape, tasksRunning: number, needs: readonly TaskNeed[]): number {
  if (tasksRunning === 0) return 1;
  const carries = Math.min(...needs.map((need) => carriedBy(pool, shape, need)));
  return Number.isFinite(carries) ? Math.max(0, 1 - tasksRunning / Math.max(1, carries)) : 0;
}

/** Puts waiting tasks of one need onto capacities, first fit, and returns how many found room. */
function fill(pool: Pool, capacities: Capacity[], need: TaskNeed): number {
  let left = need.count;
  for (const capacity of capacities) {
    if (left <= 0) break;
    if (capacity.free <= 0) continue;
    const carries = carriedBy(pool, capacity.shape, need);
    if (carries < 1) continue;
    const taken = Math.min(left, Math.floor(carries * capacity.free + 1e-9));
    left -= taken;
    capacity.free -= taken / carries;
  }
  return need.count - left;
}

function holdOf(pool: Pool, manager: ManagerDemand, waiting: Waiting, now: number): Blocked | undefined {
  const { silentSince, source } = manager;
  if (source === 'manager' && silentSince !== undefined && now - silentSince >= SILENT_MS) {
    const seconds = Math.round((now - silentSince) / 1000);
    return {
      reason: 'manager-silent',
      detail: `its manager has been silent for ${seconds} s: it would accept no worker`,
    };
  }
  if (manager.locked !== undefined) {
    const detail = `its manager ${manager.locked}: neither can it be asked, nor would it accept workers${manager.needsPassword ? '; its password belongs into the file of --password' : ''}`;
    return { reason: 'manager-locked', detail };
  }
  if (manager.needsPassword && pool.passwordFile === undefined) {
    const detail = `its manager wants a password, and pool ${pool.name} has no passwordFile for its workers`;
    return { reason: 'password', detail };
  }
  if (pool.passwordFile !== undefined && !manager.needsPassword) return holdWithoutPassword(pool, manager);
  const waited = now - waiting.since;
  if (waiting.any && waited < pool.scaleUpDelaySeconds * 1000) {
    const seconds = Math.ceil(pool.scaleUpDelaySeconds - waited / 1000);
    return { reason: 'scale-up-delay', detail: `its tasks must wait ${seconds} s longer before workers are launched` };
  }
  return undefined;
}

/**
 * Workers of a pool with a password run nothing for a manager that has not proved that it knows the password: anybody
 * could start such a manager, and its tasks would run with all that the pool's workers can read.
 */
function holdWithoutPassword({ name }: Pool, { source }: ManagerDemand): Blocked {
  const rule = `the workers of pool ${name} have a password (passwordFile, --password) and serve only managers that prove to know it`;
  if (source === 'catalog') {
    const detail = `its manager cannot be asked from here, so it cannot prove that it knows the password: ${rule}. Open the manager's port for this framework`;
    return { reason: 'password-unknown', detail };
  }
  const detail = `its manager does not ask for a password: ${rule}. Start the manager with that password (makeflow --password FILE), or serve it by a framework without --password`;
  return { reason: 'manager-without-password', detail };
}
