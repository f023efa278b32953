/**
 * The vocabulary of demand: what each source reports, and all that the scheduler core knows of it. It is plain data.
 *
 * | word    | Work Queue                    | HTCondor                                  |
 * | ------- | ----------------------------- | ----------------------------------------- |
 * | project | the project name of a manager | a submitter                               |
 * | manager | a manager, by `HOST:PORT`     | a schedd, for one of its submitters       |
 * | task    | a task                        | a job                                     |
 * | waiting | no worker has it              | idle, and no slot is matched              |
 * | worker  | `work_queue_worker`           | a `condor_startd` that has one slot       |
 */

/** The size of a worker: cores, MB of memory, MB of disk, GPUs. */
export interface Shape {
  cores: number;
  memory: number;
  disk: number;
  /** Absent: none. */
  gpus?: number;
}

/** Tasks of one project that ask for the same resources. */
export interface Need extends Partial<Shape> {
  /** The source's name for tasks of this kind (Makeflow's category); 'default' where it has none. */
  category: string;
  count: number;
}

/** Waiting tasks that no worker of this framework can run, whatever its size. */
export interface UnmetNeed {
  category: string;
  count: number;
  /** The reason, for the operator: a clause of the requirements, or a setting. */
  reason: string;
}

/** A worker as its source sees it. */
export interface SeenWorker {
  /** For a worker of this framework, the id of its launch; else whatever the source shows in that field. */
  tag: string;
  hostname: string;
  shape: Shape;
  /** Tasks that it runs, or that its source has assigned to it (a claimed slot). A worker with none is idle and may be taken back. */
  tasksRunning: number;
  /** What its tasks have been given, together. Absent: its source does not say. */
  inUse?: Shape;
}

/**
 * How a manager divides a worker among tasks: each task gets what it asks for (`requests`), or each gets an equal share of
 * the worker that is large enough (`shares`).
 */
export type Allotment = 'requests' | 'shares';

/** The demand of one project at one manager, the program that hands out its tasks. */
export interface ProjectDemand {
  /** The source that reports it; pools name it as `source`. */
  source: string;
  /** Identifies the manager, and so this demand. It is unique among all sources and does not change while the manager lives. */
  manager: string;
  name: string;
  owner: string;
  /**
   * Start time of this run of the manager, ms since 1970. Workers of another run cannot serve this one. A source
   * whose workers survive a restart of their manager always reports the same value.
   */
  startedAt: number;
  /** The time for which the numbers below are correct, ms since 1970. */
  asOf: number;
  /** The time since which the manager does not answer, ms since 1970. The numbers are then its last ones. Absent: it answers. */
  silentSince?: number;
  /** Number of tasks without a worker, and number of tasks on workers. */
  tasksWaiting: number;
  tasksOnWorkers: number;
  /** The waiting tasks, grouped by need, without the unmet ones. */
  waiting: Need[];
  /** The largest needs among the tasks on workers. They keep the size known while no task waits. */
  running: Need[];
  unmet?: UnmetNeed[];
  /** Its workers, of this framework and of others. Absent: nobody can list them, so idle workers must end by themselves. */
  workers?: SeenWorker[];
  /** Mean time of the tasks that have finished, in seconds. Absent: none has, or the source does not say. */
  taskSeconds?: number;
  /** Default: `shares`. */
  allotment?: Allotment;
  /** Why its manager accepts no workers, as the end of a sentence: "asks for a password". */
  closed?: string;
  /** The manager asks its workers for a password, and has proved that it knows the password itself. */
  authenticated?: boolean;
  /** What an operator should check when workers of this project fail before their manager lists them. */
  advice?: string;
}

/** The state of all projects at one moment. */
export interface Demand {
  /** ms since 1970. */
  at: number;
  projects: ProjectDemand[];
  /** Catalogs and managers that could not be read, as sentences for the operator. */
  problems: string[];
  /** What an operator should know although everything could be read, as sentences. */
  warnings?: string[];
  /** True until every catalog and manager was read once since the start. A project that is missing here may still exist. */
  partial?: boolean;
}

/** Joins the demand of several sources. A project with the same object as last time has not changed since then. */
export function together(demands: readonly Demand[]): Demand {
  const warnings = demands.flatMap((demand) => demand.warnings ?? []);
  return {
    at: Math.max(...demands.map(({ at }) => at)),
    projects: demands.flatMap(({ projects }) => projects),
    problems: demands.flatMap(({ problems }) => problems),
    ...(warnings.length > 0 && { warnings }),
    ...(demands.some(({ partial }) => partial) && { partial: true }),
  };
}
