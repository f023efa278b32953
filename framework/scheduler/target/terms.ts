import type { ProjectDemand, Shape } from '../../demand/demand.ts';
import type { Obstacle } from '../../demand/worker-kind.ts';
import { pausing } from '../state/backoff.ts';
import type { Gathered } from '../state/decision.ts';
import type { Frame } from '../state/frame.ts';
import { unservedWords } from '../state/pool.ts';

/** The decision for one project with every term. It is written to the log each time it changes. */
export interface ProjectDecision {
  project: string;
  manager: string;
  source: string;
  /** Absent, like the three limits below, when no pool serves it. */
  pool: string | undefined;
  /** Tasks: waiting, on workers, and those of the waiting ones that no worker can run. */
  waiting: number;
  running: number;
  unmet: number;
  /** Waiting tasks that idle and starting workers will take. */
  covered: number;
  /** Workers that it lacked, and launches for it in this frame. A larger worker counts as the workers that it can be split into. */
  needed: number;
  launched: number;
  /** The largest number of workers that were launched together by choice, and why; absent where none were. */
  together: Gathered | undefined;
  /** Its own workers, by state. `starting` includes the launches. */
  busy: number;
  idle: number;
  starting: number;
  leaving: number;
  /** For its pool: smallest and largest number of workers over all projects, and the largest worker. */
  poolWorkers: number | undefined;
  min: number | undefined;
  max: number | undefined;
  limit: Shape | undefined;
  /** The pause of its pool: failures in a row, and seconds left. */
  backoff: { failures: number; seconds: number } | undefined;
  /** Why it gets no more now, as a code and as a sentence. */
  blockedBy: string | undefined;
  why: string | undefined;
}

/** @param blocked why it gets no more, if it lacks any */
export function decisionOf(frame: Frame, project: ProjectDemand, blocked: Obstacle | undefined): ProjectDecision {
  const { state, now } = frame;
  const { manager } = project;
  const target = state.targets.get(manager);
  const decided = frame.decided.get(manager);
  const pool = target && state.pools.find(({ name }) => name === target.pool);
  const backoff = pool && state.poolBackoffs.get(pool.name);
  const pause = backoff && pausing(backoff, now) ? Math.ceil((backoff.until - now) / 1000) : undefined;
  return {
    project: project.name,
    manager,
    source: project.source,
    pool: target?.pool,
    waiting: project.tasksWaiting,
    running: project.tasksOnWorkers,
    unmet: target ? tasksIn(target.tooLarge) + tasksIn(target.unmet) : 0,
    covered: target?.covered ?? 0,
    needed: decided?.needed ?? 0,
    launched: decided?.launched ?? 0,
    together: decided?.gathered,
    busy: target?.busy ?? 0,
    idle: target?.idle ?? 0,
    starting: target?.starting ?? 0,
    leaving: target?.leaving ?? 0,
    poolWorkers: pool && (frame.census.get(pool.name)?.alive ?? 0),
    min: pool?.min,
    max: pool?.max,
    limit: pool?.limit,
    backoff: pause === undefined ? undefined : { failures: backoff?.failures ?? 0, seconds: pause },
    blockedBy: target ? blocked?.reason : 'no-pool',
    why: target ? blocked?.detail : unservedWords(state.pools, project),
  };
}

function tasksIn(needs: readonly { count: number }[]): number {
  return needs.reduce((sum, { count }) => sum + count, 0);
}

/** The part of a decision that makes it different from another. */
export interface Gist {
  pool: string | undefined;
  blockedBy: string | undefined;
  /** What was still needed after the launches. */
  needed: number;
  unmet: number;
}

export function gistOf({ state, decided }: Frame, manager: string, blocked: Obstacle | undefined): Gist {
  const target = state.targets.get(manager);
  const unmet = target ? target.tooLarge.length + target.unmet.length : 0;
  const { needed = 0, launched = 0 } = decided.get(manager) ?? {};
  return { pool: target?.pool, blockedBy: blocked?.reason, needed: Math.max(0, needed - launched), unmet };
}

/**
 * Whether a decision differs from the last one that was recorded: another pool, another reason, or a need that begins,
 * ends, doubles or halves. Small changes of numbers do not count.
 */
export function isNews(before: Gist | undefined, { pool, blockedBy, needed, unmet }: Gist): boolean {
  if (!before || pool !== before.pool || blockedBy !== before.blockedBy || unmet !== before.unmet) return true;
  return needed !== before.needed && (needed >= 2 * before.needed || 2 * needed <= before.needed);
}
