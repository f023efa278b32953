/** Of a project's tasks nothing is known: all workers of an agent shall have started within so many seconds. */
const START_SECONDS = 1;
/** The same for tasks of a known length: within this part of it. Starts that take longer idle a larger part of what the tasks use. */
const START_SHARE = 0.1;

export interface Situation {
  /** Workers of the usual size that are still to be launched on the agent. */
  workers: number;
  /** Launches that are starting on the agent already. */
  starting: number;
  /** Workers that the agent starts in a second. */
  startsPerSecond: number;
  /** Launches that other limits still allow for the agent now; at least 1. */
  launches: number;
  /** Mean time of the project's finished tasks, in seconds. Absent: none has finished. */
  taskSeconds?: number | undefined;
}

/**
 * How many workers of one agent are best launched together, as one worker of so many times the size: as few as possible, so
 * that cores can be given back one by one, but enough for all to have started soon. Soon is a tenth of the time that a task takes,
 * since a worker that is started later, or is idle longer at the end, costs in proportion to it; and not less than a second.
 */
export function gathered({ workers, starting, startsPerSecond, launches, taskSeconds = 0 }: Situation): number {
  const seconds = Math.max(START_SECONDS, taskSeconds * START_SHARE);
  const inTime = Math.floor(startsPerSecond * seconds) - starting;
  return Math.ceil(workers / Math.max(1, Math.min(inTime, launches)));
}
