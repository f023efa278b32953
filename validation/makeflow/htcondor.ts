import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { steadyNow } from '../../framework/tools/steady-clock.ts';
import { jobLogReader } from '../htcondor/job-log.ts';
import { RunJobs } from '../htcondor/run-jobs.ts';
import { batchOptions, ENVIRONMENT_FILE, type Submission, submitLines } from '../htcondor/submission.ts';
import { type Queue, queueVariables } from '../htcondor/tools.ts';
import { quote } from '../step/shell-words.ts';
import type { BatchSystem } from './batch.ts';
import { takeBack } from './take-back.ts';

export interface CondorBatch extends Queue, Submission {
  type: 'condor';
}

/**
 * Makeflow submits each job with condor_submit, and reads the job log. Jobs outlive makeflow, and everybody can read their
 * environment.
 */
export function condorSystem(batch: CondorBatch): BatchSystem {
  const jobs = new RunJobs(batch, batch.mark);
  return {
    arguments: () => ['-T', 'condor', '-B', batchOptions(submitLines(batch))],
    enter: [],
    give: (directory, variables) => {
      writeEnvironment(join(directory, ENVIRONMENT_FILE), variables);
      return queueVariables(batch);
    },
    jobLog: (path) => ({ path: `${path}.condorlog`, read: jobLogReader(steadyNow) }),
    clear: async (path) => {
      await jobs.remove();
      takeBack(`${path}.makeflowlog`, Date.now());
      // Makeflow would read again what became of jobs that it does not wait for.
      rmSync(`${path}.condorlog`, { force: true });
    },
    withdraw: () => jobs.remove(),
    withdrawJob: (jobId) => jobs.removeJob(jobId),
    isSubmitting,
  };
}

/** Makeflow waits at most 60 s before it tries a submission again, ms. */
const RETRY_MS = 70_000;

/** A submission is a child of makeflow. While the schedd is away, makeflow says so before each pause. */
function isSubmitting(pid: number, stderr: string): boolean {
  try {
    if (readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim() !== '') return true;
    if (Date.now() - statSync(stderr).mtimeMs > RETRY_MS) return false;
    return /couldn't submit batch job, still trying\.*\s*$/.test(readFileSync(stderr, 'latin1'));
  } catch {
    return false;
  }
}

/** HTCondor gives a job neither a home nor, mostly, a search path: bash then has one of its own, which begins or ends with `.`. */
const DEFAULTS = [
  // biome-ignore lint/suspicious/noTemplateCurlyInString: shell source
  'export HOME="${HOME:-$PWD}"',
  "[[ $(declare -p PATH) == 'declare -x'* ]] || export PATH=/usr/local/bin:/usr/bin:/bin",
];

/** Shell source. Only its owner may read it, and HTCondor keeps that for the job's user. */
function writeEnvironment(path: string, variables: Readonly<Record<string, string>>): void {
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}`);
  rmSync(path, { force: true });
  writeFileSync(path, `${[...DEFAULTS, ...lines].join('\n')}\n`, { mode: 0o600 });
}
