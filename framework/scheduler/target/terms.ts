import type { ProjectDemand, Shape } from '../../demand/demand.ts';
import type { Obstacle } from '../../demand/worker-kind.ts';
import { pausing } from '../state/backoff.ts';
import type { Frame } from '../state/frame.ts';
import { unservedWords } from '../state/pool.ts';

/** The decision for one project, every term by its name: one record of the log each time that it changes. */
export interface ProjectDecision {
  project: string;
  manager: string;
  source: string;
  /** Absent, with the three limits below: no pool serves it. */
  pool: string | undefined;
  /** Tasks: those that wait, those that workers have, those among the first that no worker may take. */
  waiting: number;
  running: number;
  unmet: number;
  /** Waiting tasks that idle and starting workers will take. */
  covered: number;
  /** Workers that it lacked, and launches for it now; a coarse worker is needed as what it can be split into. */
  needed: number;
  launched: number;
  /** Workers of its own, by what they do; `starting` counts the launches. */
  busy: number;
  idle: number;
  starting: number;
  leaving: number;
  /** Workers of its pool, for all projects, at least and at most; its largest worker. */
  poolWorkers: number | undefined;
  min: number | undefined;
  max: number | undefined;
  limit: Shape | undefined;
  /** The pause of its pool: failures in a row, and seconds to go. */
  backoff: { failures: number; seconds: number } | undefined;
  /** Why it gets no more at the moment, as a code and as a sentence. */
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

/** What of a decision makes it another one. */
export interface Gist {
  pool: string | undefined;
  blockedBy: string | undefined;
  /** What was left of the need after the launches. */
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
 * Whether a decision is another one than the last that was recorded: another pool, another reason, or a need that begins,
 * ends, doubles or halves. What merely counts on from one look to the next is not.
 */
export function isNews(before: Gist | undefined, { pool, blockedBy, needed, unmet }: Gist): boolean {
  if (!before || pool !== before.pool || blockedBy !== before.blockedBy || unmet !== before.unmet) return true;
  return needed !== before.needed && (needed >= 2 * before.needed || 2 * needed <= before.needed);
}
