import { buildGraph, type Collapse } from '../graph/model.ts';
import { renderSvg } from '../graph/svg.ts';
import { InputError } from '../input/input-error.ts';
import { requestOfCopy } from '../runs/inputs/input-copy.ts';
import { RunDir } from '../runs/store/store.ts';
import type { Plan } from '../workflow/plan.ts';
import { planInput } from '../workflow/plan-input.ts';
import { HttpError } from './http-error.ts';
import type { RunProgress } from './progress.ts';
import type { IndexedRun } from './run-index.ts';

/** Plans and drawings that are kept. */
const PLANS = 16;
const DRAWINGS = 64;

/** Drawings of runs, made again when their events have gone on. */
export class RunGraphs {
  readonly #plans = new Map<string, Plan>();
  readonly #drawings = new Map<string, { offset: number; svg: Promise<string> }>();

  /** @throws HttpError 409 when it cannot be planned any more, 422 when it is too large to be looked at */
  async svg(run: IndexedRun, progress: RunProgress, collapse: Collapse): Promise<string> {
    const key = `${run.root}\0${collapse}`;
    const known = this.#drawings.get(key);
    if (known?.offset === progress.offset) return known.svg;
    const plan = this.#planOf(run);
    const svg = renderSvg(buildGraph(plan, { collapse, run: { id: run.id, steps: progress.view.steps } })).catch(
      (error: unknown) => {
        this.#drawings.delete(key);
        throw error instanceof InputError ? new HttpError(422, error.message) : error;
      },
    );
    keep(this.#drawings, key, { offset: progress.offset, svg }, DRAWINGS);
    return svg;
  }

  #planOf({ id, root, record }: IndexedRun): Plan {
    const known = this.#plans.get(root);
    if (known) return known;
    try {
      const request = requestOfCopy(new RunDir(root), record.request);
      const plan = planInput(request, {
        allowMissing: true,
        outputBase: root,
        ...(request.cwd !== undefined && { cwd: request.cwd }),
      });
      keep(this.#plans, root, plan, PLANS);
      return plan;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new HttpError(409, `${id} cannot be planned as it was: ${error.message}`);
    }
  }
}

function keep<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}
