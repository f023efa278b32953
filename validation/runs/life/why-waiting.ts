import { z } from 'zod';
import { RunJobs } from '../../htcondor/run-jobs.ts';
import { whyIdle } from '../../htcondor/why-idle.ts';
import type { CondorBatch } from '../../makeflow/htcondor.ts';
import type { WorkQueueBatch } from '../../makeflow/work-queue.ts';
import { askFramework, type FrameworkAnswer } from '../../preflight/framework.ts';

/** What a framework says about a project at its `/state`. */
const stateSchema = z.object({
  projects: z.array(z.object({ project: z.string(), reason: z.string().nullish() })),
});

/** Steps may wait so long before it is worth saying that nobody can be asked. */
const PATIENCE_MS = 15_000;

/**
 * Why no step runs: as HTCondor says it, or as the framework says why no worker comes for a project. Where HTCondor has no slot at
 * all, both.
 * @param frameworks addresses, `http://HOST:PORT`, of those that are known
 * @returns asks them; given for how long steps have waited, ms
 */
export function whyWaiting(
  batch: WorkQueueBatch | CondorBatch,
  project: string,
  frameworks: readonly string[],
): (waitedMs: number) => Promise<string | undefined> {
  if (batch.type === 'condor') {
    return whyIdle(new RunJobs(batch, batch.mark), async (owner) =>
      ofOwner(owner, await Promise.all(frameworks.map(askFramework))),
    );
  }
  return async (waitedMs) => {
    const answers = await Promise.all(frameworks.map(askFramework));
    return reasonIn(project, answers, waitedMs);
  };
}

/** What frameworks say about a user of HTCondor, who is a project of theirs; undefined: nothing. */
export function ofOwner(owner: string, answers: readonly FrameworkAnswer[]): string | undefined {
  const silent = answers.find(({ reachable }) => !reachable);
  for (const { url, state } of answers) {
    const own = stateSchema.safeParse(state).data?.projects.find((one) => one.project === owner && one.reason);
    if (own) return `the framework at ${url} says: ${own.reason}`;
  }
  return silent && `the framework at ${silent.url} cannot be asked why no worker comes: ${silent.error}`;
}

/** Takes the reason out of what frameworks have answered; undefined: there is none, or not yet. */
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
