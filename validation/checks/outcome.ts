import type { StepReport } from '../report/model.ts';

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
  /** Seconds. */
  timeLimit?: number;
  /** Names of core dump files. */
  coreDumps?: string[];
  /** Patterns of outputs that later stages read, of which nothing was left. */
  missing?: string[];
  /** Why earlier attempts were not the last. */
  earlier?: { attempt: number; message: string }[];
}
