/**
 * The vocabulary of demand: what every source says, and all that the scheduler core knows of it. It is plain data.
 *
 * | word    | Work Queue                    | HTCondor                                  |
 * | ------- | ----------------------------- | ----------------------------------------- |
 * | project | the project name of a manager | a submitter                               |
 * | manager | a manager, by `HOST:PORT`     | a schedd, for one of its submitters       |
 * | task    | a task                        | a job                                     |
 * | waiting | no worker has it              | idle, and no slot is matched              |
 * | worker  | `work_queue_worker`           | a `condor_startd` that has one slot       |
 */

/** What a worker is given: cores, MB of memory, MB of disk, GPUs. */
export interface Shape {
  cores: number;
  memory: number;
  disk: number;
  /** Absent: none. */
  gpus?: number;
}

/** Tasks of one project that ask for the same resources. */
export interface Need extends Partial<Shape> {
  /** What the source calls tasks of this kind (Makeflow's category); 'default' where it has no name for them. */
  category: string;
  count: number;
}

/** Tasks that wait, but that no worker of ours could ever take, whatever its size. */
export interface UnmetNeed {
  category: string;
  count: number;
  /** What stands in the way, for the operator: the clause of the requirements, or the setting. */
  reason: string;
}

/** A worker as its source sees it. */
export interface SeenWorker {
  /** The id that it was launched with where it is one of ours; else whatever its source shows in that place. */
  tag: string;
  hostname: string;
  shape: Shape;
  /** Tasks that it has, or that its source has promised it (a claimed slot). One with none is idle and may be taken back. */
  tasksRunning: number;
  /** What its tasks have been given, together. Absent: its source does not say. */
  inUse?: Shape;
}

/**
 * What a task is given of a worker that several share: what it asks for (`requests`), or an equal share of everything
 * that is large enough for it (`shares`).
 */
export type Allotment = 'requests' | 'shares';

/** The demand of one project at one manager: at whoever hands out its tasks. */
export interface ProjectDemand {
  /** Which source says it: pools name it as `source`. */
  source: string;
  /** Names the manager, and by it this demand: unique among all sources, and the same as long as the manager lives. */
  manager: string;
  name: string;
  owner: string;
  /**
   * Tells one run of a manager from the next, ms since 1970: workers of another run are of no use to this one. A source
   * whose workers survive a restart of their manager always says the same.
   */
  startedAt: number;
  /** When the numbers below were true, ms since 1970. */
  asOf: number;
  /** Since when the manager does not answer, ms since 1970; the numbers are those of before. Absent: it answers. */
  silentSince?: number;
  /** All tasks that no worker has, and all that one has. */
  tasksWaiting: number;
  tasksOnWorkers: number;
  /** The waiting tasks by need, without the unmet ones. */
  waiting: Need[];
  /** The largest needs among the tasks on workers, so that their size stays known while nothing waits. */
  running: Need[];
  unmet?: UnmetNeed[];
  /** Its workers, ours and others'. Absent: nobody can see them, and they must leave by themselves. */
  workers?: SeenWorker[];
  /** Absent: `shares`. */
  allotment?: Allotment;
  /** Why its manager accepts no workers at all, as the end of a sentence: "asks for a password". */
  closed?: string;
  /** The manager asks its workers for a secret, and has proved that it knows the secret itself. */
  authenticated?: boolean;
  /** What an operator should check when workers of this project fail before their manager lists them. */
  advice?: string;
}

/** One look at everything. */
export interface Demand {
  /** ms since 1970. */
  at: number;
  projects: ProjectDemand[];
  /** What could not be looked at (catalogs, managers), in words for the operator. */
  problems: string[];
  /** True until everything was looked at once since the start: a project that is missing here may still be alive. */
  partial?: boolean;
}

/** What several sources say, as one. A project whose object was in the last look has not changed since then. */
export function together(demands: readonly Demand[]): Demand {
  return {
    at: Math.max(...demands.map(({ at }) => at)),
    projects: demands.flatMap(({ projects }) => projects),
    problems: demands.flatMap(({ problems }) => problems),
    ...(demands.some(({ partial }) => partial) && { partial: true }),
  };
}
