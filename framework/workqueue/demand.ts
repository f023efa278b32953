/**
 * What the Work Queue managers need, as the scheduler core sees it. Everything is plain data: where it came from
 * (catalog or the manager's own port) and how old it is are fields, not behaviour.
 */

/** Waiting tasks of one manager that ask for the same resources. */
export interface TaskNeed {
  /** Makeflow's category; 'default' where none is known. */
  category: string;
  count: number;
  /** Cores, MB, MB of one task; absent where the task does not say (Work Queue then gives it a whole worker). */
  cores?: number;
  memory?: number;
  disk?: number;
}

/** A worker that is connected to a manager, as the manager's `worker_status` lists it. */
export interface ConnectedWorker {
  /** What the worker was started with as `--os`: the framework's own task id where it is one of ours, else e.g. "Linux". */
  tag: string;
  hostname: string;
  /** The worker's end of the connection, `ip:port`. */
  address: string;
  cores: number;
  memory: number;
  disk: number;
  tasksRunning: number;
}

/** One Work Queue manager that is alive as far as we know. */
export interface ManagerDemand {
  /** `host:port` that workers connect to: the identity of a manager while it lives. */
  address: string;
  host: string;
  port: number;
  project: string;
  owner: string;
  /** When the manager began, ms since 1970: a reused port is another manager. */
  startedAt: number;
  priority: number;
  /** Work Queue protocol: 9 when the manager does not say (Debian's build). */
  protocol: number;
  version: string;
  /** Who gave the numbers below, and when (ms since 1970): the manager itself, or the catalog when it is not reachable. */
  source: 'manager' | 'catalog';
  asOf: number;
  /** Since when the manager accepts connections but does not answer (busy: LOCAL steps, long transfers), ms since 1970. */
  silentSince?: number;
  /** Not dispatched to any worker. */
  tasksWaiting: number;
  /** Dispatched to a worker. */
  tasksOnWorkers: number;
  /** The waiting tasks by need; counts add up to tasksWaiting. */
  waiting: TaskNeed[];
  /** The largest need among tasks on workers, so that a worker's shape stays known while nothing waits. */
  running: TaskNeed[];
  workers: ConnectedWorker[];
  /** It asked for a password: its workers need the password file too (`work_queue_worker -P`). */
  needsPassword?: boolean;
  /** Why it does not answer our questions (password, TLS): only its catalog row tells of it, and no worker can serve it. */
  locked?: string;
}

/** One look at everything: what the watcher hands to the scheduler core. */
export interface Demand {
  /** ms since 1970. */
  at: number;
  managers: ManagerDemand[];
  /** Sources that could not be read (catalogs, managers), in words for the operator. */
  problems: string[];
  /**
   * True until every catalog was read once and every manager found was asked once since the start: a manager that is
   * missing here may still be alive.
   */
  partial?: boolean;
}
