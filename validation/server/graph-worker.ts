// Plans and draws runs in a separate thread, so that neither an endless input nor a large drawing blocks the server.
import { dirname } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { buildGraph } from '../graph/model.ts';
import { renderSvg } from '../graph/svg.ts';
import { InputError, readingInside } from '../input/input-error.ts';
import { requestOfCopy } from '../runs/inputs/input-copy.ts';
import { RunDir } from '../runs/store/store.ts';
import type { Plan } from '../workflow/plan.ts';
import { planInput } from '../workflow/plan-input.ts';
import { builtInWorkflow } from '../workflow/planner.ts';
import type { GraphJob } from './run-graphs.ts';
import type { Answer } from './worker-pool.ts';

/** Plans that are kept, because the input of a run does not change. */
const PLANS = 16;
const plans = new Map<string, Plan>();

/** Directories of built-in workflows. */
const BUILT_IN = dirname(dirname(builtInWorkflow('mc')));

function planOf({ root, request: asked }: GraphJob): Plan {
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

async function draw(job: GraphJob): Promise<Answer<string>> {
  const { id, collapse } = job;
  let plan: Plan;
  try {
    plan = planOf(job);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { error: `the plan of ${id} cannot be made again: ${error.message}`, status: 409 };
  }
  try {
    const steps = new Map(job.steps.map((step) => [step.id, step]));
    return { result: await renderSvg(buildGraph(plan, { collapse, run: { id, steps } })) };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { error: error.message, status: 422 };
  }
}

parentPort?.on('message', (job: GraphJob) => {
  draw(job).then(
    (answer) => parentPort?.postMessage(answer),
    (error: unknown) => {
      const answer: Answer<string> = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
      parentPort?.postMessage(answer);
    },
  );
});
