import { createRequire } from 'node:module';
import type { CriticalStep, StepTimes } from '../graph/critical-path.ts';
import type { Collapse } from '../graph/model.ts';
import type { DrawnFor } from '../graph/svg.ts';
import type { StepState } from '../report/model.ts';
import type { RunRequest } from '../runs/store/record.ts';
import { HttpError } from './http-error.ts';
import type { RunProgress } from './progress.ts';
import type { IndexedRun } from './run-index.ts';
import { type StepSource, stepStates } from './summaries.ts';
import { WorkerPool } from './worker-pool.ts';

/** Number of drawings that are kept. */
const DRAWINGS = 64;

/** A job: find the critical path of a run. */
export interface PathJob extends Pick<GraphJob, 'id' | 'root' | 'request'> {
  steps: ({ id: string; stage: string } & StepTimes)[];
  /** When the run began, ms since 1970. */
  start: number;
}

/** A job: draw a run. */
export interface GraphJob {
  id: string;
  /** Directory of the run. The thread reads no other files, except the built-in workflows. */
  root: string;
  request: RunRequest;
  collapse: Collapse;
  /** Stages whose steps are drawn one by one. */
  open: readonly string[];
  place: Required<DrawnFor>;
  steps: { id: string; stage: string; state: StepState }[];
  /** Whether the run goes on. */
  live: boolean;
}

/** Drawings of runs. They are made again when the run has new events. */
export class RunGraphs {
  readonly #drawings = new Map<string, { offset: number; svg: Promise<string> }>();
  /** The input of a run can contain anything, so it is planned and drawn in another process thread. */
  readonly #pool = new WorkerPool<GraphJob | PathJob, string | CriticalStep[]>({
    script: createRequire(import.meta.url).resolve('release-validation/dist/validation/server/graph-worker.cjs'),
    threads: 2,
    limitMs: 10_000,
    tooMuch: 'it takes too long to draw this run',
  });

  /**
   * @param client address of the client
   * @throws HttpError 409 if the run cannot be planned any more, 422 if it is too large; else like WorkerPool.run
   */
  async svg(
    client: string,
    run: IndexedRun,
    source: StepSource,
    { collapse, open, place }: Pick<GraphJob, 'collapse' | 'open' | 'place'>,
  ): Promise<string> {
    const { live } = source;
    const key = [run.root, live, collapse, place.wide, place.bare, ...open].join('\0');
    const known = this.#drawings.get(key);
    const { offset } = source.progress;
    if (known?.offset === offset) return known.svg;
    const steps = stepStates(source);
    const job = { id: run.id, root: run.root, request: run.record.request, collapse, open, place, steps, live };
    // The drawing continues when this client has gone, because other clients may wait for it.
    const svg = (this.#pool.run(client, job, new AbortController().signal) as Promise<string>).catch(
      (error: unknown) => {
        if (!isFinal(error)) this.#drawings.delete(key);
        throw error;
      },
    );
    this.#drawings.delete(key);
    this.#drawings.set(key, { offset, svg });
    const [oldest] = this.#drawings.keys();
    if (this.#drawings.size > DRAWINGS && oldest !== undefined) this.#drawings.delete(oldest);
    return svg;
  }

  /** @throws HttpError like `svg` */
  criticalPath(client: string, run: IndexedRun, progress: RunProgress, signal: AbortSignal): Promise<CriticalStep[]> {
    const steps = [...progress.view.steps.values()].map(({ id, stage, attempt }) => {
      const { started, ended } = progress.attempts.get(id)?.get(attempt) ?? {};
      return { id, stage, ...(started !== undefined && { started }), ...(ended !== undefined && { ended }) };
    });
    const job = { id: run.id, root: run.root, request: run.record.request, steps, start: run.record.created };
    return this.#pool.run(client, job, signal) as Promise<CriticalStep[]>;
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

/** Another attempt would have the same result, and take as long. */
function isFinal(error: unknown): boolean {
  return error instanceof HttpError && (error.status === 409 || error.status === 422);
}
