import { readFileSync, rmSync, writeFileSync } from 'node:fs';
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
      // Otherwise makeflow would read events of jobs that it does not know.
      rmSync(`${path}.condorlog`, { force: true });
    },
    withdraw: () => jobs.remove(),
    withdrawJob: (jobId) => jobs.removeJob(jobId),
    isSubmitting: submissionWatch(steadyNow),
  };
}

/** Makeflow tries a submission again after at most 60 s. This is longer, ms. */
const RETRY_MS = 70_000;

/**
 * A submission is a child process of makeflow. If it fails, makeflow writes a message and pauses.
 * @param now a clock in ms that never jumps, so that a machine whose clock is set does not end a run that only waits
 * @returns `BatchSystem.isSubmitting`
 */
export function submissionWatch(now: () => number): BatchSystem['isSubmitting'] {
  let size = -1;
  let since = 0;
  return (pid, stderr) => {
    try {
      if (readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim() !== '') return true;
      const said = readFileSync(stderr, 'latin1');
      if (said.length !== size) [size, since] = [said.length, now()];
      return now() - since <= RETRY_MS && /couldn't submit batch job, still trying\.*\s*$/.test(said);
    } catch {
      return false;
    }
  };
}

/** HTCondor gives a job no home, and usually no search path. Then bash uses its own search path, which contains `.`. */
const DEFAULTS = [
  // biome-ignore lint/suspicious/noTemplateCurlyInString: shell source
  'export HOME="${HOME:-$PWD}"',
  "[[ $(declare -p PATH) == 'declare -x'* ]] || export PATH=/usr/local/bin:/usr/bin:/bin",
];

/** Writes shell source that only its owner may read. On the worker, HTCondor makes the job's user its owner. */
function writeEnvironment(path: string, variables: Readonly<Record<string, string>>): void {
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}`);
  rmSync(path, { force: true });
  writeFileSync(path, `${[...DEFAULTS, ...lines].join('\n')}\n`, { mode: 0o600 });
}
