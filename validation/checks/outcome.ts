import type { Finding, LastLines, StepReport } from '../report/model.ts';

/** What is known of one step when a run is over, before it is judged. */
export interface StepOutcome extends Omit<StepReport, 'state'> {
  /**
   * How its last attempt ended.
   * - `waiting`: it was never started
   * - `skipped`: it was not run, because a step that it waits for failed
   * - `running`: it was started, and nothing came back
   * - `ended`: its payload ran to its end, see exitStatus, signal, timedOut; outputs were transferred
   * - `lost`: the infrastructure failed: inputs, environment, worker, disk, transfer. With an exitStatus the payload
   *   itself had ended before
   */
  ending: 'waiting' | 'skipped' | 'running' | 'ended' | 'lost';
  /** One sentence on the ending, from who saw it. */
  message?: string;
  /** Killed because its time limit was over. */
  timedOut?: boolean;
  /** It failed, and meanwhile the kernel killed a process for its memory limit. */
  outOfMemory?: boolean;
  /** Seconds. */
  timeLimit?: number;
  /** Bytes of memory that its stage asks for. */
  memoryLimit?: number;
  /** Names of core dump files. */
  coreDumps?: string[];
  /** Patterns of outputs that later stages read, of which nothing was left. */
  missing?: string[];
  /** Names of outputs that good runs before left of this step, and this one did not. */
  vanished?: string[];
  /** Outputs of no size that were packed into an archive. */
  empty?: string[];
  /** Outputs that are shorter than their format says. */
  cutOff?: string[];
  /** What its payload wrote last, where that failed. */
  lastLines?: LastLines;
  /** Why earlier attempts were not the last. */
  earlier?: { attempt: number; message: string }[];
}

/** As `problem` of a run: it follows from what became of a step, which says more. */
export const STUCK = 'steps wait for one that failed for good';

/** A run when it is over. */
export interface Outcome {
  /** In the order of the plan. */
  steps: readonly StepOutcome[];
  /** Of the logs of each step's last attempt: what scanStepLogs found. */
  inLogs: readonly Finding[];
  /** Why the run was stopped before its end ("stopped by SIGINT"); absent when it was not. */
  interrupted?: string;
  /** What kept the run as a whole from working ("makeflow ended with status 1"); absent when nothing did. */
  problem?: string;
}
