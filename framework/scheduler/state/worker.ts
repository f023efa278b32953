import type { Shape } from '../../demand/demand.ts';
import type { WorkerIdentity } from './records.ts';

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
  /** What its tasks have been given, where its source says so. */
  inUse: Shape | undefined;
  /** Since when `tasksRunning` has its value, ms since 1970. */
  tasksSince: number;
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
    inUse: undefined,
    tasksSince: launchedAt,
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
