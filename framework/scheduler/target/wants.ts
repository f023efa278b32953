import type { ManagerDemand } from '../../workqueue/demand.ts';
import type { ManagerTraits } from '../launch/task.ts';
import type { Blocked } from '../state/blocked.ts';
import type { Frame } from '../state/frame.ts';
import { type Pool, poolOf } from '../state/pool.ts';
import { type SchedulerState, serving, type Worker } from '../state/state.ts';
import { grainsOf, type Missing } from './granularity.ts';
import { Heap } from './heap.ts';
import { type ManagerTarget, managerTarget } from './target.ts';

/** A manager's wish in this frame. */
export interface Want {
  pool: Pool;
  target: ManagerTarget;
  managerStartedAt: number;
  traits: ManagerTraits;
  /** Cores that it has or was granted, divided by its pool's weight: the smallest is served next. */
  share: number;
  /** What it lacks of each shape, counted down as workers are launched; `at` is the one to be served next. */
  left: Missing[];
  at: number;
  launched: number;
  blocked?: Blocked;
}

/**
 * Brings the targets up to date and returns the managers that lack workers.
 * @param all also those that only time can have changed; else those of which something new is known
 */
export function findWants(frame: Frame, all: boolean): Want[] {
  const { state } = frame;
  for (const address of all ? state.managers.keys() : state.dirty) updateTarget(frame, address);
  state.dirty.clear();
  keepMinima(frame);
  const pools = new Map(state.pools.map((pool) => [pool.name, pool]));
  const wants: Want[] = [];
  for (const target of state.targets.values()) {
    if (target.missing.length === 0 && target.forMinimum === 0) continue;
    const manager = state.managers.get(target.manager);
    const pool = pools.get(target.pool);
    if (manager && pool) wants.push(wantOf(pool, target, manager));
  }
  return wants;
}

function updateTarget({ state, now }: Frame, address: string): void {
  const manager = state.managers.get(address);
  const pool = manager && poolOf(state.pools, manager.project);
  const waiting = state.waiting.get(address);
  if (!pool || !waiting) state.targets.delete(address);
  else state.targets.set(address, managerTarget(pool, manager, workersFor(state, manager), waiting, now));
}

function workersFor(state: SchedulerState, { address, startedAt }: ManagerDemand): Worker[] {
  const workers = [...(state.workersOf.get(address) ?? [])];
  return workers.filter((worker) => worker.managerStartedAt === startedAt && serving(worker));
}

/** What a pool lacks to its minimum goes to those of its managers that have least. */
function keepMinima(frame: Frame): void {
  const { state } = frame;
  const pools = state.pools.filter(({ min }) => min > 0);
  if (pools.length === 0) return;
  for (const pool of pools) {
    const targets = [...state.targets.values()].filter((target) => target.pool === pool.name && !target.hold);
    for (const target of targets) target.forMinimum = 0;
    const least = new Heap((a, b) => sizeOf(a) < sizeOf(b), targets);
    const coming = targets.reduce((sum, { missing }) => sum + countOf(missing), 0);
    for (let short = pool.min - (frame.census.get(pool.name)?.serving ?? 0) - coming; short > 0; short--) {
      const target = least.pop();
      if (!target) break;
      target.forMinimum++;
      least.push(target);
    }
  }
}

function sizeOf({ busy, idle, starting, missing, forMinimum }: ManagerTarget): number {
  return busy + idle + starting + countOf(missing) + forMinimum;
}

function countOf(missing: readonly Missing[]): number {
  return missing.reduce((sum, { count }) => sum + count, 0);
}

function wantOf(pool: Pool, target: ManagerTarget, manager: ManagerDemand): Want {
  const left = target.missing.map((missing) => ({ ...missing }));
  if (target.forMinimum > 0) left.push({ shape: pool.shape, count: target.forMinimum });
  return {
    pool,
    target,
    managerStartedAt: manager.startedAt,
    traits: { unseen: manager.source === 'catalog' },
    share: target.cores / pool.weight,
    left,
    at: 0,
    launched: 0,
    ...(target.hold && { blocked: target.hold }),
  };
}

/** How many workers a manager still lacks, coarse ones counted as what they can be split into. */
export function lacks({ left }: Want): number {
  return left.reduce((sum, missing) => sum + missing.count * grainsOf(missing), 0);
}
