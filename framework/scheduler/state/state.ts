import type { Demand, ProjectDemand } from '../../demand/demand.ts';
import type { Offer } from '../../mesos/messages.ts';
import type { ProjectTarget } from './decision.ts';
import type { Pool } from './pool.ts';
import { type JournalRecord, sequenceOf } from './records.ts';
import type { StartRate } from './starts.ts';
import { newWorker, type Worker } from './worker.ts';

export interface HeldOffer {
  offer: Offer;
  receivedAt: number;
}

/** What Mesos knows of our interest in a role's offers. */
export interface RoleInterest {
  suppressed: boolean;
  /** When it was sent, ms since 1970. */
  since: number;
  /** Number of workers needed when the role was last revived, or fewer since then. */
  wanted: number;
  /** Time after which the role is revived again if the need remains, ms. */
  pauseMs: number;
}

/** The time since which a project has waiting tasks, ms since 1970; undefined if it has none. */
export interface Waiting {
  managerStartedAt: number;
  any: boolean;
  since: number;
}

/** A task that Mesos reports as ours and alive, but that is not in the journal. */
export interface UnknownTask {
  agentId: string | undefined;
  seenAt: number;
  killedAt?: number;
}

/** What Mesos knows of this framework. */
export interface Declaration {
  roles: string[];
  capabilities: string[];
}

/** Failures in a row, and the pauses that followed. */
export interface BackoffCount {
  failures: number;
  pauses: number;
  /** The last pause runs until then, ms since 1970. */
  until: number;
  why: string;
}

/** Launches of one pool or on one agent that failed early, since the last one that worked. */
export interface Backoff extends BackoffCount {
  /** The manager whose workers failed last, when, and the numbers before its workers began to fail. */
  last: { manager: string; at: number; before: BackoffCount | undefined; wasProven: boolean };
}

/** Everything that the core knows. `Scheduler` owns it; others only read it. */
export interface SchedulerState {
  frameworkId: string | undefined;
  declared: Declaration | undefined;
  /** True between SUBSCRIBED and the loss of the stream. */
  subscribed: boolean;
  subscribedAt: number;
  pools: readonly Pool[];
  offers: Map<string, HeldOffer>;
  /** Offers whose DECLINE or ACCEPT did not arrive: Mesos may still reserve them for us. */
  undeclined: string[];
  workers: Map<string, Worker>;
  /** The same workers by their manager. */
  workersOf: Map<string, Set<Worker>>;
  /** Workers, by id, that connected to a project that their pool does not serve: another manager has the port now. */
  strayed: Set<string>;
  unknownTasks: Map<string, UnknownTask>;
  /** Agents that will be taken down, by id: from when to when (ms since 1970), and the inverse offer that announced it. */
  draining: Map<string, { start: number; end: number; inverseOffer: string }>;
  demand: Demand | undefined;
  /** The projects of the last demand, by manager. */
  projects: Map<string, ProjectDemand>;
  waiting: Map<string, Waiting>;
  /** Managers whose target must be computed again. */
  dirty: Set<string>;
  /** How many workers each project needs, by manager. */
  targets: Map<string, ProjectTarget>;
  /** By role. */
  roles: Map<string, RoleInterest>;
  poolBackoffs: Map<string, Backoff>;
  agentBackoffs: Map<string, Backoff>;
  /** Pools of which a worker has connected. So their image and network work. */
  proven: Set<string>;
  /** Times of the launches of the last second, by pool, ms since 1970. */
  launchTimes: Map<string, number[]>;
  /** What was seen of the starts of workers, by agent. */
  startRates: Map<string, StartRate>;
  /** Number of the next launch. */
  sequence: number;
  /** When Mesos was last asked for all tasks, ms since 1970. */
  reconciledAllAt: number;
  counters: { launches: number; kills: number; declines: number; failedEarly: number };
}

export function initialState(pools: readonly Pool[]): SchedulerState {
  return {
    frameworkId: undefined,
    declared: undefined,
    subscribed: false,
    subscribedAt: 0,
    pools,
    offers: new Map(),
    undeclined: [],
    workers: new Map(),
    workersOf: new Map(),
    strayed: new Set(),
    unknownTasks: new Map(),
    draining: new Map(),
    demand: undefined,
    projects: new Map(),
    waiting: new Map(),
    dirty: new Set(),
    targets: new Map(),
    roles: new Map(),
    poolBackoffs: new Map(),
    agentBackoffs: new Map(),
    proven: new Set(),
    launchTimes: new Map(),
    startRates: new Map(),
    sequence: 1,
    reconciledAllAt: 0,
    counters: { launches: 0, kills: 0, declines: 0, failedEarly: 0 },
  };
}

/** Applies one record. This is the only way in which journaled facts enter the state, live and at replay. */
export function applyRecord(state: SchedulerState, record: JournalRecord): void {
  switch (record.type) {
    case 'framework':
      state.frameworkId = record.id;
      state.sequence = record.sequence;
      break;
    case 'launch': {
      const worker = newWorker(record.worker);
      state.workers.set(worker.id, worker);
      indexWorker(state, worker);
      // By the id, because a compacted journal has lost the launches of ended workers.
      state.sequence = Math.max(state.sequence, sequenceOf(worker.id) + 1);
      break;
    }
    case 'gone': {
      const worker = state.workers.get(record.id);
      if (!worker) break;
      state.workers.delete(record.id);
      state.strayed.delete(record.id);
      unindexWorker(state, worker);
      break;
    }
  }
}

/** Lists a worker under its manager. */
export function indexWorker(state: SchedulerState, worker: Worker): void {
  const list = state.workersOf.get(worker.manager);
  if (list) list.add(worker);
  else state.workersOf.set(worker.manager, new Set([worker]));
  state.dirty.add(worker.manager);
}

/** Takes a worker off its manager's list. */
export function unindexWorker(state: SchedulerState, worker: Worker): void {
  const list = state.workersOf.get(worker.manager);
  list?.delete(worker);
  if (list?.size === 0) state.workersOf.delete(worker.manager);
  state.dirty.add(worker.manager);
}

/**
 * The state that a journal's records add up to.
 * @param now ms since 1970. A launch that is later was recorded before the machine's clock was set back: it counts as one of now
 */
export function replay(
  pools: readonly Pool[],
  records: Iterable<JournalRecord>,
  now = Number.POSITIVE_INFINITY,
): SchedulerState {
  const state = initialState(pools);
  for (const record of records) applyRecord(state, notAfter(record, now));
  for (const worker of state.workers.values()) worker.restored = true;
  return state;
}

function notAfter(record: JournalRecord, now: number): JournalRecord {
  if (record.type !== 'launch' || record.worker.launchedAt <= now) return record;
  return { ...record, worker: { ...record.worker, launchedAt: now } };
}

/** The records of a compacted journal: they add up to all that must be known after a restart. */
export function snapshot(state: SchedulerState): JournalRecord[] {
  if (state.frameworkId === undefined) return [];
  const launches = [...state.workers.values()].map(
    ({
      id,
      pool,
      project,
      manager,
      managerStartedAt,
      agentId,
      hostname,
      shape,
      units,
      launchedAt,
      places,
    }): JournalRecord => ({
      type: 'launch',
      worker: {
        ...{ id, pool, project, manager, managerStartedAt, agentId, hostname, shape, launchedAt },
        ...(units && { units }),
        ...(places && { places }),
      },
    }),
  );
  return [{ type: 'framework', id: state.frameworkId, sequence: state.sequence }, ...launches];
}
