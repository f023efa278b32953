import { z } from 'zod';
import { RunJobs } from '../../htcondor/run-jobs.ts';
import { whyIdle } from '../../htcondor/why-idle.ts';
import type { CondorBatch } from '../../makeflow/htcondor.ts';
import type { WorkQueueBatch } from '../../makeflow/work-queue.ts';
import { askFramework, type FrameworkAnswer } from '../../preflight/framework.ts';
import { announceManager } from './announce.ts';

/** The part of a framework's `/state` about one project. */
const stateSchema = z.object({
  projects: z.array(z.object({ project: z.string(), reason: z.string().nullish() })),
});

/** After this wait the run says that relval knows no framework to ask, or that the framework does not answer. */
const PATIENCE_MS = 15_000;

/**
 * Asks HTCondor why no step runs, or the frameworks why no worker comes for a project. If HTCondor has no slot, asks both.
 * @param frameworks addresses of the known frameworks, `http://HOST:PORT`
 * @param portFile returns the path of the file where makeflow has written its port, for a run that a catalog lists
 * @returns the function that asks. Its argument: how long steps have waited, ms
 */
export function whyWaiting(
  batch: WorkQueueBatch | CondorBatch,
  project: string,
  frameworks: readonly string[],
  portFile?: () => string,
): (waitedMs: number) => Promise<string | undefined> {
  if (batch.type === 'condor') {
    return whyIdle(new RunJobs(batch, batch.mark), async (owner) =>
      ofOwner(owner, await Promise.all(frameworks.map(askFramework))),
    );
  }
  return async (waitedMs) => {
    const unlisted = portFile && (await announceManager(batch, portFile()));
    if (unlisted !== undefined) return unlisted;
    const answers = await Promise.all(frameworks.map(askFramework));
    return reasonIn(project, answers, waitedMs);
  };
}

/** The reason that frameworks give for a user of HTCondor, who is a project for them; undefined: none. */
export function ofOwner(owner: string, answers: readonly FrameworkAnswer[]): string | undefined {
  const silent = answers.find(({ reachable }) => !reachable);
  for (const { url, state } of answers) {
    const own = stateSchema.safeParse(state).data?.projects.find((one) => one.project === owner && one.reason);
    if (own) return `the framework at ${url} says: ${own.reason}`;
  }
  return silent && `the framework at ${silent.url} cannot be asked why no worker comes: ${silent.error}`;
}

/** The reason in the answers of the frameworks; undefined: there is none, or not yet. */
export function reasonIn(project: string, answers: readonly FrameworkAnswer[], waitedMs: number): string | undefined {
  const known = answers.flatMap(({ state }) => stateSchema.safeParse(state).data?.projects ?? []);
  const own = known.filter((one) => one.project === project);
  if (own.length > 0) return own.find(({ reason }) => reason)?.reason ?? undefined;
  if (waitedMs < PATIENCE_MS) return undefined;
  if (answers.length === 0) {
    return `no worker has come, and relval knows no framework that it could ask why. Name it in relval.yaml (serve: frameworks: ["http://HOST:PORT"]), or ask there: mesos-workqueue-framework why ${project}`;
  }
  const silent = answers.find(({ reachable }) => !reachable);
  if (silent) return `no worker has come, and the framework at ${silent.url} cannot be asked why: ${silent.error}`;
  const urls = answers.map(({ url }) => url).join(', ');
  return `the framework at ${urls} does not know project ${project}. Does it ask the same catalog (--catalog)?`;
}
