import { createRequire } from 'node:module';
import type { DiffPart } from '../log-diff/answer.ts';
import type { Progress } from '../log-diff/compare-logs.ts';
import { type ReadablePart, readableParts } from '../logs/log-reader.ts';
import type { OpenLog } from '../logs/open-log.ts';
import { WorkerPool } from './worker-pool.ts';

/** After this time a comparison returns what it has found so far. */
const BUDGET_MS = 2000;

/** The job of a thread: `a` is the log of the reference. */
export interface LogDiffJob {
  a: ReadablePart[];
  b: ReadablePart[];
  /** The position at which it begins; absent: the first lines. */
  from: Progress | undefined;
  /** Lines are equal only if all characters are equal. */
  exact: boolean;
  /** Names of hosts that are left out of the comparison. */
  hosts: string[];
  budgetMs: number;
}

export interface LogDiffResult {
  parts: DiffPart[];
  /** Absent: both logs were compared to their ends. */
  next?: Progress;
}

/** Compares logs in a few threads. */
export class LogDiffs {
  readonly #pool = new WorkerPool<LogDiffJob, LogDiffResult>({
    script: createRequire(import.meta.url).resolve('release-validation/dist/validation/server/log-diff-worker.cjs'),
    threads: 2,
    limitMs: 20_000,
    tooMuch: 'it takes too long to compare these logs',
  });

  /**
   * @param client address of the client
   * @param signal ends the comparison when the client has gone
   * @throws HttpError 422 if it takes too much; else like WorkerPool.run
   */
  compare(
    client: string,
    { a, b, ...rest }: { a: OpenLog; b: OpenLog } & Pick<LogDiffJob, 'from' | 'exact' | 'hosts'>,
    signal: AbortSignal,
  ): Promise<LogDiffResult> {
    return this.#pool.run(client, { ...rest, a: readableParts(a), b: readableParts(b), budgetMs: BUDGET_MS }, signal);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
