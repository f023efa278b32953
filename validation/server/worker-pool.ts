import { Worker } from 'node:worker_threads';
import { HttpError } from './http-error.ts';

/** Jobs that wait for a thread: of all clients, and of one. */
const MOST = 64;
const MOST_OF_ONE = 16;
/** Of each thread. */
const MEMORY_MB = 512;

export interface PoolOptions {
  /** Path of the program of the threads: it answers each message `Job` with a message `Answer`. */
  script: string;
  threads: number;
  /** After this time a job is ended, and its thread with it. */
  limitMs: number;
  /** What a client is told whose job took too long, or too much memory. */
  tooMuch: string;
}

/** What a thread answers. `status`: that of HTTP, where the client has asked for something that cannot be done. */
export type Answer<Result> = { result: Result } | { error: string; status?: number };

interface Waiting<Job, Result> {
  client: string;
  job: Job;
  signal: AbortSignal;
  resolve: (result: Result) => void;
  reject: (error: Error) => void;
}

/**
 * A few threads for work whose time nobody knows before, so that it holds up neither the server nor other clients: each
 * client has one thread at a time, whoever has waited longest comes next, and what takes too long is ended.
 */
export class WorkerPool<Job, Result> {
  readonly #options: PoolOptions;
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, string>();
  readonly #waiting: Waiting<Job, Result>[] = [];

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /**
   * @param client address of whoever asks
   * @param signal ends the work: whoever asked has gone
   * @throws HttpError 422 it takes too much, 429 too many jobs of this client, 503 too many of all
   */
  run(client: string, job: Job, signal: AbortSignal): Promise<Result> {
    if (this.#waiting.filter((one) => one.client === client).length >= MOST_OF_ONE) {
      throw new HttpError(429, 'too many requests of this kind from this address at this moment');
    }
    if (this.#waiting.length >= MOST) throw new HttpError(503, 'too many requests of this kind at this moment');
    return new Promise((resolve, reject) => {
      const waiting = { client, job, signal, resolve, reject };
      this.#waiting.push(waiting);
      signal.addEventListener('abort', () => this.#forget(waiting), { once: true });
      this.#next();
    });
  }

  async close(): Promise<void> {
    for (const { reject } of this.#waiting.splice(0)) reject(stopping());
    await Promise.all([...this.#idle.splice(0), ...this.#busy.keys()].map((worker) => worker.terminate()));
  }

  /** Its client has gone before a thread was free. */
  #forget(waiting: Waiting<Job, Result>): void {
    const place = this.#waiting.indexOf(waiting);
    if (place < 0) return;
    this.#waiting.splice(place, 1);
    waiting.reject(gone());
  }

  #next(): void {
    while (this.#busy.size < this.#options.threads) {
      const served = new Set(this.#busy.values());
      const place = this.#waiting.findIndex(({ client }) => !served.has(client));
      const [next] = place < 0 ? [] : this.#waiting.splice(place, 1);
      if (!next) return;
      if (next.signal.aborted) next.reject(gone());
      else this.#start(next);
    }
  }

  #start({ client, job, signal, resolve, reject }: Waiting<Job, Result>): void {
    const worker = this.#idle.pop() ?? startWorker(this.#options.script);
    this.#busy.set(worker, client);
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
      this.#next();
    };
    const tooMuch = (): void => end(() => reject(new HttpError(422, this.#options.tooMuch)), false);
    const abort = (): void => end(() => reject(gone()), false);
    const timer = setTimeout(tooMuch, this.#options.limitMs);
    signal.addEventListener('abort', abort, { once: true });
    const answered = (answer: Answer<Result>): void => {
      if ('result' in answer) end(() => resolve(answer.result), true);
      else {
        const { status, error } = answer;
        end(() => reject(status === undefined ? new Error(error) : new HttpError(status, error)), true);
      }
    };
    const failed = (error: NodeJS.ErrnoException): void =>
      error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooMuch() : end(() => reject(error), false);
    const exited = (): void => end(() => reject(stopping()), false);
    worker.once('message', answered).once('error', failed).once('exit', exited);
    worker.postMessage(job);
  }
}

function startWorker(script: string): Worker {
  const worker = new Worker(script, { resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB } });
  worker.unref();
  return worker;
}

function gone(): HttpError {
  return new HttpError(499, 'given up by the client');
}

function stopping(): HttpError {
  return new HttpError(503, 'the server is stopping');
}
