import type { ProjectDemand } from '../../demand/demand.ts';
import type { Obstacle } from '../../demand/worker-kind.ts';
import type { Gathered, Missing, ProjectTarget } from '../state/decision.ts';
import type { Frame } from '../state/frame.ts';
import { type Pool, poolOf } from '../state/pool.ts';
import type { SchedulerState } from '../state/state.ts';
import { serving } from '../state/worker.ts';
import { unitsOf } from './granularity.ts';
import { Heap } from './heap.ts';
import { type OwnWorkers, projectTarget } from './target.ts';

/** What a project lacks in this frame. */
export interface Shortfall {
  pool: Pool;
  target: ProjectTarget;
  project: ProjectDemand;
  /** Its cores, with those granted in this frame, divided by its pool's weight. The project with the smallest value is served next. */
  share: number;
  /** What it lacks of each size, reduced as workers are launched; `at` is the size to be served next. */
  left: Missing[];
  at: number;
  /** Launches, and the workers that they replace. */
  launches: number;
  launched: number;
  /** The largest number of workers that were launched together by choice, if any were. */
  gathered?: Gathered;
  blocked?: Obstacle;
}

/**
 * Brings the targets up to date and returns the projects that lack workers.
 * @param all also projects that only time can have changed; else only those that have changed
 */
export function findShortfalls(frame: Frame, all: boolean): Shortfall[] {
  const { state } = frame;
  if (all) for (const manager of changedByTime(state)) state.dirty.add(manager);
  for (const manager of state.dirty) updateTarget(frame, manager);
  state.dirty.clear();
  keepMinima(frame);
  const pools = new Map(state.pools.map((pool) => [pool.name, pool]));
  const shortfalls: Shortfall[] = [];
  for (const target of state.targets.values()) {
    if (target.missing.length === 0 && target.forMinimum === 0) continue;
    const project = state.projects.get(target.manager);
    const pool = pools.get(target.pool);
    if (!project || !pool) continue;
    const shortfall = shortfallOf(pool, target, project);
    frame.decided.set(target.manager, { needed: lacks(shortfall), launched: 0 });
    shortfalls.push(shortfall);
  }
  return shortfalls;
}

/**
 * The projects whose need depends on the time: tasks wait, or a minimum is kept. For the others, which are nearly all on a
 * large cluster, nothing is missing until something is reported.
 */
function* changedByTime({ projects, pools, targets }: SchedulerState): Iterable<string> {
  const keepsMinimum = pools.some(({ min }) => min > 0);
  for (const [manager, { waiting }] of projects) {
    if (keepsMinimum || waiting.length > 0 || (targets.get(manager)?.missing.length ?? 0) > 0) yield manager;
  }
}

function updateTarget(frame: Frame, manager: string): void {
  const { state, now } = frame;
  const project = state.projects.get(manager);
  const pool = project && poolOf(state.pools, project);
  const waiting = state.waiting.get(manager);
  frame.decided.set(manager, { needed: 0, launched: 0 });
  if (!pool || !waiting) state.targets.delete(manager);
  else state.targets.set(manager, projectTarget(pool, project, workersFor(state, project), waiting, now));
}

function workersFor(state: SchedulerState, { manager, startedAt }: ProjectDemand): OwnWorkers {
  const all = [...(state.workersOf.get(manager) ?? [])];
  const own = all.filter((worker) => worker.managerStartedAt === startedAt && serving(worker));
  // There may be tens of thousands of workers, and most of the time none is leaving.
  const leaving = own.length < all.length ? all.filter(({ phase }) => phase === 'leaving').length : 0;
  return { serving: own, leaving };
}

/** What a pool lacks to its minimum goes to the projects that have the fewest workers. */
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

function sizeOf({ busy, idle, starting, missing, forMinimum }: ProjectTarget): number {
  return busy + idle + starting + countOf(missing) + forMinimum;
}

function countOf(missing: readonly Missing[]): number {
  return missing.reduce((sum, { count }) => sum + count, 0);
}

function shortfallOf(pool: Pool, target: ProjectTarget, project: ProjectDemand): Shortfall {
  const left = target.missing.map((missing) => ({ ...missing }));
  if (target.forMinimum > 0) left.push({ shape: pool.shape, count: target.forMinimum });
  return {
    pool,
    target,
    project,
    share: target.cores / pool.weight,
    left,
    at: 0,
    launches: 0,
    launched: 0,
    ...(target.hold && { blocked: target.hold }),
  };
}

/** How many workers a project still lacks. A larger worker counts as the workers that it can be split into. */
export function lacks({ left }: Shortfall): number {
  return left.reduce((sum, missing) => sum + missing.count * unitsOf(missing), 0);
}
