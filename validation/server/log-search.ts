import { createRequire } from 'node:module';
import type { LogSearch } from '../logs/answers.ts';
import type { OpenLog } from '../logs/open-log.ts';
import { HttpError } from './http-error.ts';
import { WorkerPool } from './worker-pool.ts';

/** After this time a search returns what it has found so far. */
const BUDGET_MS = 2000;

export interface SearchJob {
  log: OpenLog;
  /** Offset and number of the first line to search. */
  offset: number;
  line: number;
  q: string;
  regex: boolean;
  matchCase: boolean;
  limit: number;
}

/** Searches logs in a few threads. */
export class LogSearcher {
  readonly #pool = new WorkerPool<object, LogSearch>({
    script: createRequire(import.meta.url).resolve('release-validation/validation/logs/search-worker.mjs'),
    threads: 2,
    // If the time is over before one block of 1 MB is searched, the expression backtracks without end.
    limitMs: 5000,
    tooMuch: 'this regular expression takes too long on a line of this log',
  });

  /**
   * @param client address of the client
   * @param signal ends the search when the client has gone
   * @throws HttpError 400 for an invalid regular expression; else like WorkerPool.run
   */
  search(client: string, job: SearchJob, signal: AbortSignal): Promise<LogSearch> {
    if (job.regex) {
      try {
        new RegExp(job.q);
      } catch (error) {
        throw new HttpError(400, (error as Error).message);
      }
    }
    const { log, ...rest } = job;
    const parts = log.parts.map(({ start, size, from }) => {
      return { start, size, from: 'handle' in from ? from.handle.fd : from };
    });
    return this.#pool.run(client, { ...rest, parts, size: log.size, budgetMs: BUDGET_MS }, signal);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
