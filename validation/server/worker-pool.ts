import { Worker } from 'node:worker_threads';
import { HttpError } from './http-error.ts';
import { Turns } from './turns.ts';

/** Default memory limit of each thread. */
const MEMORY_MB = 512;

export interface PoolOptions {
  /** Path of the threads' program: it answers each message `Job` with a message `Answer`. */
  script: string;
  threads: number;
  memoryMb?: number;
  /** A job that takes longer is ended together with its thread. */
  limitMs: number;
  /** The message to a client whose job took too long, or too much memory. */
  tooMuch: string;
}

/** A thread's answer. `status`: the HTTP status, if the client has asked for something impossible. */
export type Answer<Result> = { result: Result } | { error: string; status?: number };

/** A few threads for work of unknown duration, so that it does not block the server. */
export class WorkerPool<Job, Result> {
  readonly #options: PoolOptions;
  readonly #turns: Turns;
  readonly #idle: Worker[] = [];
  readonly #busy = new Set<Worker>();

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#turns = new Turns(options.threads);
  }

  /**
   * @param client address of the client
   * @param signal ends the work when the client has gone
   * @throws HttpError 422 if it takes too much; else like Turns.take
   */
  async run(client: string, job: Job, signal: AbortSignal): Promise<Result> {
    const giveBack = await this.#turns.take(client, signal);
    try {
      return await this.#do(job, signal);
    } finally {
      giveBack();
    }
  }

  async close(): Promise<void> {
    this.#turns.close();
    await Promise.all([...this.#idle.splice(0), ...this.#busy].map((worker) => worker.terminate()));
  }

  #do(job: Job, signal: AbortSignal): Promise<Result> {
    const worker = this.#idle.pop() ?? startWorker(this.#options);
    this.#busy.add(worker);
    return new Promise((resolve, reject) => {
      const end = (how: () => void, keep: boolean): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        worker.off('message', answered).off('error', failed).off('exit', exited);
        this.#busy.delete(worker);
        if (keep) this.#idle.push(worker);
        else {
          worker.on('error', () => undefined);
          void worker.terminate();
        }
        how();
      };
      const refuse = (error: Error): void => end(() => reject(error), false);
      const tooMuch = (): void => refuse(new HttpError(422, this.#options.tooMuch));
      const abort = (): void => refuse(new HttpError(499, 'the client has gone'));
      const timer = setTimeout(tooMuch, this.#options.limitMs);
      signal.addEventListener('abort', abort, { once: true });
      const answered = (answer: Answer<Result>): void => {
        if ('result' in answer) {
          end(() => resolve(answer.result), true);
          return;
        }
        const { status, error } = answer;
        end(() => reject(status === undefined ? new Error(error) : new HttpError(status, error)), true);
      };
      const failed = (error: NodeJS.ErrnoException): void =>
        error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooMuch() : refuse(error);
      const exited = (): void => refuse(new HttpError(503, 'the server is stopping'));
      worker.once('message', answered).once('error', failed).once('exit', exited);
      worker.postMessage(job);
    });
  }
}

function startWorker({ script, memoryMb = MEMORY_MB }: PoolOptions): Worker {
  const worker = new Worker(script, { resourceLimits: { maxOldGenerationSizeMb: memoryMb } });
  worker.unref();
  return worker;
}
