import { setTimeout as sleep } from 'node:timers/promises';
import { ofRun } from './submission.ts';
import { condorTool, HTCondorError, type Queue } from './tools.ts';

/** The longest time until removed jobs have left the queue, ms. If the worker of a job is lost, its lease must end first. */
const PATIENCE_MS = 50_000;
const LOOK_MS = 500;

/** The jobs of one run in a queue. */
export class RunJobs {
  readonly queue: Queue;
  readonly mark: string;

  constructor(queue: Queue, mark: string) {
    this.queue = queue;
    this.mark = mark;
  }

  /** How many jobs the run has in the queue, including jobs that are being removed. @throws {HTCondorError} */
  count(): Promise<number> {
    return this.#count(ofRun(this.mark));
  }

  /**
   * Removes all jobs of the run, and waits until they have left the queue.
   * @throws {HTCondorError} when the schedd does not answer, or jobs stay in the queue
   */
  remove(): Promise<void> {
    return this.#remove(ofRun(this.mark));
  }

  /** The same for one job. @throws {HTCondorError} */
  removeJob(cluster: number): Promise<void> {
    return this.#remove(`${ofRun(this.mark)} && ClusterId == ${cluster}`);
  }

  async #count(constraint: string): Promise<number> {
    const listed = await condorTool(this.queue, 'condor_q', ['-constraint', constraint, '-af', 'ClusterId']);
    return listed.split('\n').filter((line) => line !== '').length;
  }

  /** Repeats the removal, because makeflow may submit another job, and the schedd may be away for a moment. */
  async #remove(constraint: string): Promise<void> {
    let problem: unknown;
    for (const end = performance.now() + PATIENCE_MS; ; await sleep(LOOK_MS)) {
      try {
        if ((await this.#count(constraint)) === 0) return;
        problem = new HTCondorError('jobs do not leave the queue');
        await condorTool(this.queue, 'condor_rm', ['-constraint', constraint]);
      } catch (error) {
        // condor_rm also fails if all jobs are being removed already.
        problem = error;
        if (error instanceof HTCondorError && error.isMissing) throw error;
      }
      if (performance.now() > end) throw problem;
    }
  }
}
