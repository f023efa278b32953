import { type CondorBatch, condorSystem } from './htcondor.ts';
import { JOBS_OF_MAKEFLOW, type WorkQueueBatch, workQueueSystem } from './work-queue.ts';
import type { WorkerLogEvent } from './worker-log.ts';

/** The batch system that runs the jobs of makeflow, as data. `local`: makeflow runs them itself, on this machine. */
export type Batch = { type: 'local' } | WorkQueueBatch | CondorBatch;

/** A batch system: everything in which one differs from another. */
export interface BatchSystem {
  /** Makeflow's arguments that choose it. @param path of the Makeflow file, in front of the names of its logs */
  arguments: (path: string) => string[];
  /** Words that stand before makeflow's command line. */
  enter: readonly string[];
  /**
   * Passes on the variables that steps need.
   * @param directory of makeflow
   * @returns the environment for makeflow, in addition to this process's
   */
  give: (directory: string, variables: Readonly<Record<string, string>>) => Record<string, string>;
  /** The log that shows which job is on which worker, and a new reader for its lines. */
  jobLog: (path: string) => JobLog;
  /** Is called before makeflow starts. It removes what an earlier makeflow left: its jobs, and the lines in its log about them. */
  clear: (path: string) => Promise<void>;
  /** Is called when makeflow ends or has ended. It removes all jobs from the queue. @throws when jobs may be left */
  withdraw: () => Promise<void>;
  /** Removes one job from the queue that would wait for ever. Makeflow then counts it as failed. */
  withdrawJob: (jobId: number) => Promise<void>;
  /** Whether makeflow submits a job now, or waits before it tries again. @param stderr file with its error output */
  isSubmitting: (pid: number, stderr: string) => boolean;
}

export interface JobLog {
  path: string;
  read: (lines: readonly string[]) => WorkerLogEvent[];
}

export function batchSystem(batch: Batch): BatchSystem {
  switch (batch.type) {
    case 'wq':
      return workQueueSystem(batch);
    case 'condor':
      return condorSystem(batch);
    case 'local':
      return {
        ...JOBS_OF_MAKEFLOW,
        arguments: () => ['-T', 'local'],
        jobLog: (path) => ({ path: `${path}.joblog`, read: () => [] }),
      };
  }
}
