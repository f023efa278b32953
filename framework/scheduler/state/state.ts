import type { Offer } from '../../mesos/messages.ts';
import type { Demand, ManagerDemand } from '../../workqueue/demand.ts';
import type { ManagerTarget } from '../target/target.ts';
import type { Backoff } from './backoff.ts';
import type { Pool } from './pool.ts';
import { type JournalRecord, sequenceOf, type WorkerIdentity } from './records.ts';

/**
 * - `launched`: sent to Mesos, nothing heard yet
 * - `starting`: Mesos is at it (TASK_STAGING, TASK_STARTING)
 * - `running`: the process runs; connected or not is the manager's to say
 * - `leaving`: we asked Mesos to kill it, or somebody else did
 * - `unreachable`: out of Mesos' sight; it may come back, and is no capacity unless its manager still lists it
 */
export type WorkerPhase = 'launched' | 'starting' | 'running' | 'leaving' | 'unreachable';

export interface Worker extends WorkerIdentity {
  phase: WorkerPhase;
  /** From the journal of an earlier process, or adopted: what it did before is not known. */
  restored: boolean;
  /** When Mesos was last heard about it, and when it first said that the process runs; ms since 1970. */
  heardAt: number;
  runningSince: number | undefined;
  /** When its manager first listed it, ms since 1970. */
  connectedAt: number | undefined;
  /** Whether the last look at its manager listed it. */
  connected: boolean;
  /** It has been connected long enough to say that workers of its kind work. */
  healthy: boolean;
  tasksRunning: number;
  /** Since when `tasksRunning` has its value, ms since 1970. */
  tasksSince: number;
  /** It has connected to a manager that its pool does not serve: another one has the port that it was launched for. */
  strayed: boolean;
  /** Since when its manager is not there any more, ms since 1970. */
  orphanSince: number | undefined;
  /** When the last KILL left, ms since 1970: from the first one on it is no capacity. */
  killedAt: number | undefined;
  /** Since when Mesos does not know where it is (TASK_UNREACHABLE, TASK_UNKNOWN), ms since 1970. */
  lostSince: number | undefined;
  /** When Mesos was last asked for it by name, and how often without an answer. */
  reconciledAt: number | undefined;
  reconciliations: number;
}

export interface HeldOffer {
  offer: Offer;
  receivedAt: number;
}

/** What Mesos was told about our interest in a role's offers. */
export interface Appetite {
  suppressed: boolean;
  /** When it was told, ms since 1970. */
  since: number;
  /** Workers wanted when it was last revived, or fewer since then. */
  wanted: number;
  /** Time after which a need that is still there asks again, ms. */
  pauseMs: number;
}

/** Whether a manager has tasks waiting, and since when that is so (ms since 1970). */
export interface Waiting {
  managerStartedAt: number;
  any: boolean;
  since: number;
}

/** A task that Mesos says is ours and alive, though the journal does not know it. */
export interface Stranger {
  agentId: string | undefined;
  seenAt: number;
  killedAt?: number;
}

/** What Mesos was told that this framework is. */
export interface Declaration {
  roles: string[];
  capabilities: string[];
}

/** Everything the core knows. Owned by `Scheduler`; others read it. */
export interface SchedulerState {
  frameworkId: string | undefined;
  declared: Declaration | undefined;
  /** True between SUBSCRIBED and the loss of the stream. */
  subscribed: boolean;
  subscribedAt: number;
  pools: readonly Pool[];
  offers: Map<string, HeldOffer>;
  /** Offers whose DECLINE or ACCEPT did not get through: Mesos may still hold them for us. */
  undeclined: string[];
  workers: Map<string, Worker>;
  /** The same workers by their manager's address. */
  workersOf: Map<string, Set<Worker>>;
  strangers: Map<string, Stranger>;
  /** Agents that will be taken down, by id: from when to when (ms since 1970), and the inverse offer that said so. */
  draining: Map<string, { start: number; end: number; inverseOffer: string }>;
  demand: Demand | undefined;
  /** The managers of the last look, by address. */
  managers: Map<string, ManagerDemand>;
  waiting: Map<string, Waiting>;
  /** Managers whose target must be computed anew. */
  dirty: Set<string>;
  /** The last decision, by manager address: what `/state` and `why` show. */
  targets: Map<string, ManagerTarget>;
  appetite: Map<string, Appetite>;
  poolBackoffs: Map<string, Backoff>;
  agentBackoffs: Map<string, Backoff>;
  /** Pools of which a worker has connected: their image and network work. */
  proven: Set<string>;
  /** Times of the launches of the last second, by pool, ms since 1970. */
  launchTimes: Map<string, number[]>;
  /** Number of the next launch. */
  sequence: number;
  /** When Mesos was last asked for all tasks, ms since 1970. */
  reconciledAllAt: number;
  counters: { launches: number; kills: number; declines: number; young: number };
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
    strangers: new Map(),
    draining: new Map(),
    demand: undefined,
    managers: new Map(),
    waiting: new Map(),
    dirty: new Set(),
    targets: new Map(),
    appetite: new Map(),
    poolBackoffs: new Map(),
    agentBackoffs: new Map(),
    proven: new Set(),
    launchTimes: new Map(),
    sequence: 1,
    reconciledAllAt: 0,
    counters: { launches: 0, kills: 0, declines: 0, young: 0 },
  };
}

/**
 * A worker as it stands right after the decision to launch it. All fields are written out and there from the beginning:
 * objects of one form are read many times as fast, and there may be tens of thousands.
 */
export function newWorker(identity: WorkerIdentity): Worker {
  const { launchedAt } = identity;
  return {
    id: identity.id,
    pool: identity.pool,
    project: identity.project,
    manager: identity.manager,
    managerStartedAt: identity.managerStartedAt,
    agentId: identity.agentId,
    hostname: identity.hostname,
    shape: identity.shape,
    launchedAt,
    places: identity.places,
    phase: 'launched',
    restored: false,
    heardAt: launchedAt,
    runningSince: undefined,
    connectedAt: undefined,
    connected: false,
    healthy: false,
    tasksRunning: 0,
    tasksSince: launchedAt,
    strayed: false,
    orphanSince: undefined,
    killedAt: undefined,
    lostSince: undefined,
    reconciledAt: undefined,
    reconciliations: 0,
  };
}

/** Workers that count as a manager's own: not on their way out, and in somebody's sight. */
export function serving(worker: Worker): boolean {
  if (worker.killedAt !== undefined || worker.phase === 'leaving') return false;
  return worker.phase !== 'unreachable' || worker.connected;
}

/** Applies one record: the only way in which journaled facts enter the state, live and at replay. */
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
      // By the id, so that a compacted journal, which has lost the launches of the dead, adds up to the same.
      state.sequence = Math.max(state.sequence, sequenceOf(worker.id) + 1);
      break;
    }
    case 'gone': {
      const worker = state.workers.get(record.id);
      if (!worker) break;
      state.workers.delete(record.id);
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

/** The state that a journal adds up to. */
export function replay(pools: readonly Pool[], records: Iterable<JournalRecord>): SchedulerState {
  const state = initialState(pools);
  for (const record of records) applyRecord(state, record);
  for (const worker of state.workers.values()) worker.restored = true;
  return state;
}

/** The records that add up to what must be known after a restart: a compacted journal. */
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
      launchedAt,
      places,
    }): JournalRecord => ({
      type: 'launch',
      worker: {
        ...{ id, pool, project, manager, managerStartedAt, agentId, hostname, shape, launchedAt },
        ...(places && { places }),
      },
    }),
  );
  return [{ type: 'framework', id: state.frameworkId, sequence: state.sequence }, ...launches];
}
