import { setTimeout as sleep } from 'node:timers/promises';
import { ofRun } from './submission.ts';
import { condorTool, type Queue } from './tools.ts';

/** ms until jobs that were removed have left the queue: their workers end them first, and get 10 s for that. */
const PATIENCE_MS = 30_000;
const LOOK_MS = 300;

/** The jobs of one run in a queue. */
export class RunJobs {
  readonly queue: Queue;
  readonly mark: string;

  constructor(queue: Queue, mark: string) {
    this.queue = queue;
    this.mark = mark;
  }

  /** How many there are. @throws {HTCondorError} */
  async count(): Promise<number> {
    const listed = await condorTool(this.queue, 'condor_q', ['-constraint', ofRun(this.mark), '-af', 'ClusterId']);
    return listed.split('\n').filter((line) => line !== '').length;
  }

  /**
   * Removes all of them, and waits until they are gone.
   * @throws {HTCondorError} when the schedd does not answer
   */
  async remove(): Promise<void> {
    for (let waited = 0; (await this.count()) > 0; waited += LOOK_MS) {
      // Again each second: makeflow may just have submitted one more.
      if (waited % (3 * LOOK_MS) === 0) await this.#remove(ofRun(this.mark));
      if (waited > PATIENCE_MS) await this.#remove(ofRun(this.mark), '-forcex');
      if (waited > 2 * PATIENCE_MS) return;
      await sleep(LOOK_MS);
    }
  }

  /** Removes one of them, if it is still there. @throws {HTCondorError} */
  async removeJob(cluster: number): Promise<void> {
    await this.#remove(`${ofRun(this.mark)} && ClusterId == ${cluster}`);
  }

  async #remove(constraint: string, ...flags: string[]): Promise<void> {
    // It fails where no job is left.
    await condorTool(this.queue, 'condor_rm', [...flags, '-constraint', constraint]).catch(async (error) => {
      if ((await this.count()) > 0) throw error;
    });
  }
}
