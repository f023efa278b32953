import { type CondorBatch, condorSystem } from './htcondor.ts';
import { JOBS_OF_MAKEFLOW, type WorkQueueBatch, workQueueSystem } from './work-queue.ts';
import type { WorkerLogEvent } from './worker-log.ts';

/** What runs the jobs of makeflow, as data. `local`: makeflow itself, on this machine. */
export type Batch = { type: 'local' } | WorkQueueBatch | CondorBatch;

/** What makeflow's jobs run on, and all in which it differs from others. */
export interface BatchSystem {
  /** Makeflow's arguments that choose it. @param path of the Makeflow file, in front of the names of its logs */
  arguments: (path: string) => string[];
  /** Words before makeflow's command line. */
  enter: readonly string[];
  /**
   * Hands the variables that steps need to whoever brings them there.
   * @param directory of makeflow
   * @returns the environment for makeflow, in addition to this process's
   */
  give: (directory: string, variables: Readonly<Record<string, string>>) => Record<string, string>;
  /** The log that tells which job is on which worker, and a new reader of its lines. */
  jobLog: (path: string) => JobLog;
  /** Before makeflow starts: nothing of an earlier makeflow may be left, neither jobs nor words in its log that jobs go on. */
  clear: (path: string) => Promise<void>;
  /** When makeflow ends, or has ended: takes all jobs out of the queue. @throws when they may still be there */
  withdraw: () => Promise<void>;
  /** Takes one job out of the queue, since it would wait for ever. Makeflow then counts it as failed. */
  withdrawJob: (jobId: number) => Promise<void>;
  /** Whether makeflow is submitting a job, or waits to try that again. @param stderr file of what it says there */
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
