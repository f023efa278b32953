import type { RunJobs } from './run-jobs.ts';
import { ofRun } from './submission.ts';
import { condorTool } from './tools.ts';

/** No reason is looked for before this time, ms: a negotiator with HTCondor's default settings needs it for a new job. */
const PATIENCE_MS = 15_000;
/** Time between two questions, ms. Each question makes the tool compare a job with all slots of the pool. */
const ASK_MS = 10_000;

/**
 * Finds out why the jobs of a run wait.
 * @param noSlots says why the framework launches no worker for the owner of the jobs (`USER@DOMAIN`). It is called if the pool has
 *   no slot at all
 * @returns a function that asks HTCondor. Its argument: for how long steps have waited, ms. Its result: the reason as a sentence, or
 *   undefined if there is none yet
 */
export function whyIdle(
  jobs: RunJobs,
  noSlots: (owner: string) => Promise<string | undefined>,
): (waitedMs: number) => Promise<string | undefined> {
  let askedAt = 0;
  return async (waitedMs) => {
    if (waitedMs < PATIENCE_MS || waitedMs - askedAt < ASK_MS) return undefined;
    askedAt = waitedMs;
    try {
      return await ask(jobs, noSlots);
    } catch (error) {
      return `HTCondor cannot be asked why no step runs: ${(error as Error).message}`;
    }
  };
}

async function ask(
  { queue, mark }: RunJobs,
  noSlots: (owner: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  const fields = ['ClusterId', 'JobStatus', 'HoldReason', 'User'];
  const listed = await condorTool(queue, 'condor_q', ['-constraint', ofRun(mark), '-af:t', ...fields]);
  const all = listed.split('\n').map((line) => line.split('\t'));
  const held = all.find(([, status]) => status === '5');
  const idle = all.find(([, status]) => status === '1');
  if (held && !idle) return `HTCondor holds job ${held[0]}: ${held[2]}. To release it: condor_release ${held[0]}`;
  if (!idle?.[0]) return undefined;
  const [job, , , owner = ''] = idle;
  const text = await condorTool(queue, 'condor_q', ['-better-analyze', job]);
  const reason = reasonIn(text, job);
  if (machinesIn(text) > 0) return reason;
  const more = await noSlots(owner);
  return more === undefined ? reason : `${reason}: ${more}`;
}

/** With how many slots a job was compared. */
const machinesIn = (text: string): number => Number(/Of (\d+) machines?/.exec(text)?.[1] ?? 0);

/** Takes the reason out of the text of `condor_q -better-analyze`. @param job its cluster */
export function reasonIn(text: string, job: string): string | undefined {
  const number = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
  const machines = machinesIn(text);
  if (machines === 0) return `the HTCondor pool has no slot at this moment, so job ${job} waits`;
  const conditions = [...text.matchAll(/^\[\d+\] +(\d+) +(.*\S)/gm)];
  const impossible = conditions.find(([, slots]) => slots === '0');
  if (impossible)
    return `none of the HTCondor pool’s slots (${machines}) meets what job ${job} requires: ${impossible[2]}${valuesOf(text, impossible[2] ?? '')}`;
  const rejected = number(/(\d+) are rejected by your job's requirements/);
  if (rejected === machines)
    return `none of the HTCondor pool’s slots (${machines}) meets all that job ${job} requires`;
  const refusing = number(/(\d+) reject your job because of their own requirements/);
  if (rejected + refusing === machines)
    return `${refusing} slots of the HTCondor pool could run job ${job}, but take no jobs of this user now (START)`;
  const others = number(/(\d+) match but are serving other users/);
  const free = number(/(\d+) are able to run your job/);
  if (free > 0) return `${free} slots of the HTCondor pool could run job ${job}: the negotiator has not matched it yet`;
  if (others > 0) return `all slots of the HTCondor pool that could run job ${job} serve other users (${others})`;
  return undefined;
}

/** `TARGET.GPUs >= RequestGPUs` → ` (RequestGPUs is 2)`: the values of the job's attributes, as the text lists them. */
function valuesOf(text: string, condition: string): string {
  const values = [...text.matchAll(/^ {4}(\w+) = (.*\S)/gm)].flatMap(([, name = '', value]) =>
    new RegExp(`\\b${name}\\b`).test(condition) ? [`${name} is ${value}`] : [],
  );
  return values.length > 0 ? ` (${values.join(', ')})` : '';
}
