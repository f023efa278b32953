import { createRequire } from 'node:module';
import type { LogGroup } from '../logs/log-groups.ts';
import { type Place, type ReadablePart, readableParts } from '../logs/log-reader.ts';
import type { OpenLog } from '../logs/open-log.ts';
import { WorkerPool } from './worker-pool.ts';

/** After this time an answer contains the groups found so far. */
const BUDGET_MS = 1500;

export interface LogGroupsJob {
  parts: ReadablePart[];
  /** Absent: the first line. */
  from: Place | undefined;
  budgetMs: number;
}

export interface LogGroupsResult {
  groups: LogGroup[];
  /** Absent: the log was read to its end. */
  next?: Place;
}

/** Finds groups of lines in logs, in a thread. */
export class LogGroupings {
  readonly #pool = new WorkerPool<LogGroupsJob, LogGroupsResult>({
    script: createRequire(import.meta.url).resolve('release-validation/dist/validation/server/log-groups-worker.cjs'),
    threads: 1,
    limitMs: 20_000,
    tooMuch: 'it takes too long to read this log',
  });

  /** @param client address of the client @throws HttpError like WorkerPool.run */
  find(client: string, log: OpenLog, from: Place | undefined, signal: AbortSignal): Promise<LogGroupsResult> {
    return this.#pool.run(client, { parts: readableParts(log), from, budgetMs: BUDGET_MS }, signal);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
