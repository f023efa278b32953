import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { LogSearch } from './answers.ts';
import type { OpenLog } from './open-log.ts';

const SCRIPT = createRequire(import.meta.url).resolve('release-validation/validation/logs/search-worker.mjs');
/** Threads that search at the same time, and searches that may wait for one. */
const THREADS = 2;
const QUEUE = 32;
/** A search says how far it came after this time. */
const BUDGET_MS = 2000;
/** One that has not even come through a block of 1 MB then is ended: its expression backtracks without end. */
const HARD_MS = 5000;

export interface SearchJob {
  log: OpenLog;
  /** Where the first line to be searched begins, and its number. */
  offset: number;
  line: number;
  q: string;
  regex: boolean;
  matchCase: boolean;
  limit: number;
}

/** Why a search has no result. */
export class SearchError extends Error {
  override name = 'SearchError';
  readonly why: 'not an expression' | 'too slow' | 'busy' | 'given up';

  constructor(why: SearchError['why'], message: string) {
    super(message);
    this.why = why;
  }
}

interface Waiting {
  job: SearchJob;
  signal: AbortSignal;
  resolve: (result: LogSearch) => void;
  reject: (error: Error) => void;
}

/** Searches logs in a few threads. */
export class LogSearcher {
  readonly #idle: Worker[] = [];
  readonly #busy = new Set<Worker>();
  readonly #waiting: Waiting[] = [];

  /**
   * @param signal ends the search: whoever asked has gone
   * @throws SearchError
   */
  search(job: SearchJob, signal: AbortSignal): Promise<LogSearch> {
    if (job.regex) {
      try {
        new RegExp(job.q);
      } catch (error) {
        throw new SearchError('not an expression', (error as Error).message);
      }
    }
    if (this.#waiting.length >= QUEUE) throw new SearchError('busy', 'too many searches at this moment');
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, signal, resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    for (const { reject } of this.#waiting.splice(0)) reject(new SearchError('busy', 'the server is stopping'));
    await Promise.all([...this.#idle.splice(0), ...this.#busy].map((worker) => worker.terminate()));
  }

  #next(): void {
    while (this.#busy.size < THREADS) {
      const next = this.#waiting.shift();
      if (!next) return;
      if (next.signal.aborted) next.reject(gone());
      else this.#run(next);
    }
  }

  #run({ job, signal, resolve, reject }: Waiting): void {
    const worker = this.#idle.pop() ?? startWorker();
    this.#busy.add(worker);
    const end = (how: () => void, keep: boolean): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      worker.off('message', answered).off('error', failed).off('exit', exited);
      this.#busy.delete(worker);
      if (keep) this.#idle.push(worker);
      else void worker.terminate();
      how();
      this.#next();
    };
    const abort = (): void => end(() => reject(gone()), false);
    const timer = setTimeout(() => {
      const error = new SearchError('too slow', 'this regular expression takes too long on a line of this log');
      end(() => reject(error), false);
    }, HARD_MS);
    signal.addEventListener('abort', abort, { once: true });
    const answered = (answer: { result: LogSearch } | { error: string }): void => {
      if ('result' in answer) end(() => resolve(answer.result), true);
      else end(() => reject(new Error(answer.error)), true);
    };
    const failed = (error: Error): void => end(() => reject(error), false);
    const exited = (): void => end(() => reject(new SearchError('busy', 'the server is stopping')), false);
    worker.once('message', answered).once('error', failed).once('exit', exited);
    const { log, ...rest } = job;
    const parts = log.parts.map(({ start, size, from }) => {
      return { start, size, from: 'handle' in from ? from.handle.fd : from };
    });
    worker.postMessage({ ...rest, parts, size: log.size, budgetMs: BUDGET_MS });
  }
}

function startWorker(): Worker {
  const worker = new Worker(SCRIPT, { resourceLimits: { maxOldGenerationSizeMb: 256 } });
  worker.unref();
  return worker;
}

function gone(): SearchError {
  return new SearchError('given up', 'given up by the client');
}
