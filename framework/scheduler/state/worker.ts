import type { Shape } from '../../demand/demand.ts';
import type { WorkerIdentity } from './records.ts';

/**
 * - `launched`: the launch was sent, Mesos has not answered
 * - `starting`: Mesos starts it (TASK_STAGING, TASK_STARTING)
 * - `running`: the process runs; its manager knows whether it is connected
 * - `leaving`: we, or somebody else, asked Mesos to kill it
 * - `unreachable`: Mesos cannot find it. It may come back. It counts as capacity only while its manager lists it
 */
export type WorkerPhase = 'launched' | 'starting' | 'running' | 'leaving' | 'unreachable';

export interface Worker extends WorkerIdentity {
  phase: WorkerPhase;
  /** From the journal of an earlier process, or adopted: its earlier history is unknown. */
  restored: boolean;
  /** When Mesos last reported it, and when Mesos first reported that the process runs; ms since 1970. */
  heardAt: number;
  runningSince: number | undefined;
  /** When its manager first listed it, ms since 1970. */
  connectedAt: number | undefined;
  /** Whether its manager listed it the last time. */
  connected: boolean;
  /** It has been connected long enough to prove that workers of its kind work. */
  healthy: boolean;
  tasksRunning: number;
  /** What its tasks use together, if its source reports it. */
  inUse: Shape | undefined;
  /** The time since which `tasksRunning` has its value, ms since 1970. */
  tasksSince: number;
  /** The time since which its manager does not exist any more, ms since 1970. */
  orphanSince: number | undefined;
  /** When the last KILL was sent, ms since 1970. After the first one it does not count as capacity. */
  killedAt: number | undefined;
  /** The time since which Mesos cannot find it (TASK_UNREACHABLE, TASK_UNKNOWN), ms since 1970. */
  lostSince: number | undefined;
  /** When Mesos was last asked for it by name, and how many times without an answer. */
  reconciledAt: number | undefined;
  reconciliations: number;
}

/**
 * A worker just after the decision to launch it. All fields are written out from the beginning, because
 * V8 reads objects of one shape many times as fast, and there may be tens of thousands.
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
    units: identity.units,
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

/** As how many workers it counts for the minimum and the maximum of its pool. */
export function unitsOfWorker({ units = 1 }: Worker): number {
  return units;
}

/** Workers that count for a manager: not leaving, and known to Mesos or to the manager. */
export function serving(worker: Worker): boolean {
  if (worker.killedAt !== undefined || worker.phase === 'leaving') return false;
  return worker.phase !== 'unreachable' || worker.connected;
}
