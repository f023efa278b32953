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
  pool?: string;
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
  poolWorkers?: number;
  min?: number;
  max?: number;
  limit?: Shape;
  /** The pause of its pool: failures in a row, and seconds to go. */
  backoff?: { failures: number; seconds: number };
  /** Why it gets no more at the moment, as a code and as a sentence. */
  blockedBy?: string;
  why?: string;
}

/** @param blocked why it gets no more, if it lacks any */
export function decisionOf(frame: Frame, project: ProjectDemand, blocked: Obstacle | undefined): ProjectDecision {
  const { state, now } = frame;
  const { name, manager, source, tasksWaiting: waiting, tasksOnWorkers: running } = project;
  const target = state.targets.get(manager);
  const { needed = 0, launched = 0 } = frame.decided.get(manager) ?? {};
  const facts = { project: name, manager, source, waiting, running, needed, launched };
  if (!target) {
    const nobody = { unmet: 0, covered: 0, busy: 0, idle: 0, starting: 0, leaving: 0 };
    return { ...facts, ...nobody, blockedBy: 'no-pool', why: unservedWords(state.pools, project) };
  }
  const { busy, idle, starting, leaving, covered, tooLarge, unmet } = target;
  const pool = state.pools.find((one) => one.name === target.pool);
  const backoff = state.poolBackoffs.get(target.pool);
  return {
    ...facts,
    pool: target.pool,
    unmet: [...tooLarge, ...unmet].reduce((sum, { count }) => sum + count, 0),
    ...{ covered, busy, idle, starting, leaving },
    ...(pool && { poolWorkers: frame.census.get(pool.name)?.alive ?? 0, min: pool.min, max: pool.max }),
    ...(pool?.limit && { limit: pool.limit }),
    ...(backoff &&
      pausing(backoff, now) && {
        backoff: { failures: backoff.failures, seconds: Math.ceil((backoff.until - now) / 1000) },
      }),
    ...(blocked && { blockedBy: blocked.reason, why: blocked.detail }),
  };
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
