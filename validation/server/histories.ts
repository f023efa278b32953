import { createRequire } from 'node:module';
import type { NightFilter } from '../history/nights.ts';
import type { RecordedRun } from '../history/store.ts';
import type { IndexedRun } from './run-index.ts';
import { WorkerPool } from './worker-pool.ts';

/** What a client asks for: all names with the marks of `shown` nights each, or the history of one name. */
export type HistoryQuestion =
  | { shown: number }
  | { name: string; filter: NightFilter; last: number; format: 'json' | 'csv' };

/** The job of a thread. */
export interface HistoryJob {
  /** Directory of runs. */
  dir: string;
  /** All its runs at this moment. */
  runs: RecordedRun[];
  question: HistoryQuestion;
}

/** The histories of the runs in a directory, computed in threads: a long history has 100 MB, and a hostile one has no end. */
export class Histories {
  readonly #dir: string;
  readonly #pool = new WorkerPool<HistoryJob, string>({
    script: createRequire(import.meta.url).resolve('release-validation/dist/validation/server/history-worker.cjs'),
    threads: 2,
    limitMs: 60_000,
    memoryMb: 1024,
    tooMuch: 'it takes too long to read this history. If many runs are not in it yet, `relval trend NAME` adds them',
  });

  constructor(dir: string) {
    this.#dir = dir;
  }

  /**
   * @param client address of the client
   * @param runs all runs of the directory at this moment
   * @returns JSON or CSV
   * @throws HttpError 404 when no run of this name has ended; else like WorkerPool.run
   */
  answer(client: string, runs: readonly IndexedRun[], question: HistoryQuestion): Promise<string> {
    // The thread goes on when the client has gone, because it keeps what it has read for the next question.
    return this.#pool.run(client, { dir: this.#dir, runs: runs.map(recorded), question }, new AbortController().signal);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

/** Only the parts that a history needs, because they are copied for the thread. */
function recorded({ id, root, record }: IndexedRun): RecordedRun {
  const { name, workflow, release, created, ended, state, verdict, reason, accepted, totals } = record;
  // The server uses the name of the directory as the id of a run.
  return {
    path: root,
    record: { id, name, workflow, release, created, ended, state, verdict, reason, accepted, totals },
  };
}
