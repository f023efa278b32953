import type { Finding, LastLines, StepReport } from '../report/model.ts';

/** How one step ended, before it is judged. */
export interface StepOutcome extends Omit<StepReport, 'state'> {
  /**
   * How its last attempt ended.
   * - `waiting`: it was never started
   * - `skipped`: it did not run, because a step that it waits for failed
   * - `running`: it started, and neither a result nor an end came back
   * - `ended`: its payload ran to its end, see exitStatus, signal, timedOut; outputs were transferred
   * - `lost`: the infrastructure failed: inputs, environment, worker, disk, transfer. With an exitStatus
   *   the payload had ended before that
   */
  ending: 'waiting' | 'skipped' | 'running' | 'ended' | 'lost';
  /** One sentence about the ending. */
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
  /** Patterns of outputs that later stages read and that match no file. */
  missing?: string[];
  /** Names of outputs that this step made in earlier good runs and not in this one. */
  vanished?: string[];
  /** Names of empty outputs that were packed into an archive. */
  empty?: string[];
  /** `ARCHIVE:NAME` of files that an archive lacks, `ARCHIVE:` of archives with nothing in them. */
  lacking?: string[];
  /** Names of outputs that are shorter than their format says. */
  cutOff?: string[];
  /** Logs that could not be looked at, each with the reason. */
  unread?: string[];
  /** What its payload wrote last, where that failed. */
  lastLines?: LastLines;
  /** Why each earlier attempt was tried again. */
  earlier?: { attempt: number; message: string }[];
}

/** A `problem` of a run that only follows from a failed step: the finding of that step says more. */
export const STUCK = 'steps wait for a step that failed in its last attempt';

/** A run when it is over. */
export interface Outcome {
  /** In the order of the plan. */
  steps: readonly StepOutcome[];
  /** The findings of scanStepLogs in the logs of each step's last attempt. */
  inLogs: readonly Finding[];
  /** What kinds of checks found. */
  inChecks?: readonly Finding[];
  /** What they found in a good run, and not in this one. */
  fixedInChecks?: readonly Finding[];
  /** Why the run was stopped before its end ("stopped by SIGINT"); absent when it was not. */
  interrupted?: string;
  /** What kept the run as a whole from working ("makeflow ended with status 1"); absent if nothing did. */
  problem?: string;
}
