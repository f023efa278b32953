// Plans and draws runs in a separate thread, so that neither an endless input nor a large drawing blocks the server.
import { dirname } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { type CriticalStep, criticalPath } from '../graph/critical-path.ts';
import { buildGraph } from '../graph/model.ts';
import { renderSvg } from '../graph/svg.ts';
import { InputError, readingInside } from '../input/input-error.ts';
import { requestOfCopy } from '../runs/inputs/input-copy.ts';
import { RunDir } from '../runs/store/store.ts';
import type { Plan } from '../workflow/plan.ts';
import { planInput } from '../workflow/plan-input.ts';
import { builtInWorkflow } from '../workflow/planner.ts';
import type { GraphJob, PathJob } from './run-graphs.ts';
import type { Answer } from './worker-pool.ts';

/** The number of plans in the cache. They stay valid, because the input of a run does not change. */
const PLANS = 16;
const plans = new Map<string, Plan>();

/** Directories of built-in workflows. */
const BUILT_IN = dirname(dirname(builtInWorkflow('mc')));

function planOf({ root, request: asked }: Pick<GraphJob, 'root' | 'request'>): Plan {
  const known = plans.get(root);
  if (known) return known;
  const request = requestOfCopy(new RunDir(root), asked);
  const { cwd } = request;
  const plan = readingInside([root, BUILT_IN], () =>
    planInput(request, { allowMissing: true, outputBase: root, ...(cwd !== undefined && { cwd }) }),
  );
  plans.set(root, plan);
  const [oldest] = plans.keys();
  if (plans.size > PLANS && oldest !== undefined) plans.delete(oldest);
  return plan;
}

function pathOf(plan: Plan, { steps, start }: PathJob): CriticalStep[] {
  const planned = new Map(plan.steps.map((step) => [step.id, step.after]));
  const stageOf = new Map(steps.map(({ id, stage }) => [id, stage]));
  // Only the run knows the steps of a later phase. They wait for the stages for which their stage waits.
  const after = (id: string): Iterable<string> => {
    const known = planned.get(id);
    if (known) return known;
    const stages = plan.stages.find(({ name }) => name === stageOf.get(id))?.after ?? [];
    return steps.filter(({ stage }) => stages.includes(stage)).map((step) => step.id);
  };
  return criticalPath(new Map(steps.map((step) => [step.id, step])), after, start);
}

async function draw(job: GraphJob | PathJob): Promise<Answer<string | CriticalStep[]>> {
  const { id } = job;
  let plan: Plan;
  try {
    plan = planOf(job);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { error: `the plan of ${id} cannot be made again: ${error.message}`, status: 409 };
  }
  if (!('collapse' in job)) return { result: pathOf(plan, job) };
  const { collapse, open, place, live } = job;
  try {
    const steps = new Map(job.steps.map((step) => [step.id, step]));
    return { result: await renderSvg(buildGraph(plan, { collapse, open, run: { id, live, steps } }), place) };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { error: error.message, status: 422 };
  }
}

parentPort?.on('message', (job: GraphJob | PathJob) => {
  draw(job).then(
    (answer) => parentPort?.postMessage(answer),
    (error: unknown) => {
      const answer: Answer<never> = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
      parentPort?.postMessage(answer);
    },
  );
});
