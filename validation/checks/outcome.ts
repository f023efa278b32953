import type { Finding, LastLines, StepReport } from '../report/model.ts';

/** How one step ended, before it is judged. */
export interface StepOutcome extends Omit<StepReport, 'state'> {
  /**
   * How its last attempt ended.
   * - `waiting`: it was never started
   * - `skipped`: it did not run, because a step that it waits for failed
   * - `running`: it started, but no result and no end was reported
   * - `ended`: its payload ended, see exitStatus, signal, timedOut; its outputs were transferred
   * - `lost`: the infrastructure failed: inputs, environment, worker, disk, transfer. If exitStatus is set, the payload
   *   had ended before
   */
  ending: 'waiting' | 'skipped' | 'running' | 'ended' | 'lost';
  /** One sentence about how it ended. */
  message?: string;
  /** It was killed at its time limit. */
  timedOut?: boolean;
  /** It failed, and the kernel killed one of its processes at the memory limit. */
  outOfMemory?: boolean;
  /** Seconds. */
  timeLimit?: number;
  /** Bytes of memory that its stage asks for. */
  memoryLimit?: number;
  /** Names of core dump files. */
  coreDumps?: string[];
  /** Patterns of required outputs that match no file. */
  missing?: string[];
  /** Names of outputs that this step made in earlier good runs, but not in this run. */
  vanished?: string[];
  /** Names of empty outputs that were packed into an archive. */
  empty?: string[];
  /** `ARCHIVE:NAME` for a file that an archive lacks, `ARCHIVE:` for an empty archive. */
  lacking?: string[];
  /** Names of outputs that are shorter than their format says. */
  cutOff?: string[];
  /** Logs that could not be searched, each with the reason. */
  unread?: string[];
  /** The last lines of its payload, if the payload failed. */
  lastLines?: LastLines;
  /** Its earlier attempts, and why each was repeated. */
  earlier?: { attempt: number; message: string }[];
}

/** A `problem` of a run that only follows from a failed step. The reason of the verdict names the step's finding instead. */
export const STUCK = 'steps wait for a step that failed in its last attempt';

/** How a run ended. */
export interface Outcome {
  /** In the order of the plan. */
  steps: readonly StepOutcome[];
  /** The findings of scanStepLogs in the logs of each step's last attempt. */
  inLogs: readonly Finding[];
  /** Findings of kinds of checks. */
  inChecks?: readonly Finding[];
  /** Differences that kinds of checks found in a good run, but not in this run. */
  fixedInChecks?: readonly Finding[];
  /** Why the run was stopped before its end ("stopped by SIGINT"); absent when it was not. */
  interrupted?: string;
  /** Why the run as a whole did not work ("makeflow ended with status 1"); absent if it did. */
  problem?: string;
}
