/** All workers of an agent shall have started within so many seconds, even if the tasks are short or of an unknown length. */
const START_SECONDS = 0.75;
/** Or within this part of the time that a task takes: what a worker idles before its first task is then small beside the task. */
const START_SHARE = 0.1;
/** So few workers are always launched one by one: their starts take about a second, and nobody wonders at their size. */
const FEW = 4;

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
 * that cores can be given back one by one, but so many that all have started soon. (A worker cannot shrink: the cores of a large one
 * are given back when the last of its tasks has ended. The longer tasks are, the more that costs, and the less a late start matters.)
 */
export function gathered({ workers, starting, startsPerSecond, launches, taskSeconds = 0 }: Situation): number {
  if (workers <= FEW) return 1;
  const seconds = Math.max(START_SECONDS, taskSeconds * START_SHARE);
  const inTime = Math.round(startsPerSecond * seconds) - starting;
  return Math.ceil(workers / Math.max(1, Math.min(inTime, launches)));
}
