import type { HistoryLine } from '../history/line.ts';
import type { Night } from '../history/nights.ts';
import { type NamedHistory, namesIn, nightsOf } from '../history/nights.ts';
import { linesStamp, type RecordedRun, readLines } from '../history/store.ts';
import type { IndexedRun } from './run-index.ts';

/**
 * The histories of the runs of a directory. The server only reads there: lines that are not in the file are made here, once,
 * and kept in memory.
 */
export class Histories {
  readonly #dir: string;
  readonly #lines = new Map<string, HistoryLine>();
  #stamp: string | undefined;
  /** One at a time, so that two who ask do not both read the same thousand reports. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** @param runs of the directory, as they are now */
  names(runs: readonly IndexedRun[]): Promise<NamedHistory[]> {
    return this.#inTurn(async () => namesIn(recorded(runs), this.#lines));
  }

  /** The nights of a name, oldest first; undefined where no run that has ended has it. */
  nights(name: string, runs: readonly IndexedRun[]): Promise<Night[] | undefined> {
    return this.#inTurn(async () => {
      const found = await nightsOf(name, recorded(runs), this.#lines);
      for (const line of found?.fresh ?? []) this.#lines.set(line.id, line);
      return found?.nights;
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      await this.#readFile();
      return work();
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Takes what the file has where it has changed; runs that were removed since are only there. */
  async #readFile(): Promise<void> {
    const stamp = await linesStamp(this.#dir);
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    for (const [id, line] of readLines(this.#dir)) this.#lines.set(id, line);
  }
}

function recorded(runs: readonly IndexedRun[]): RecordedRun[] {
  // The server knows a run by the name of its directory.
  return runs.map(({ id, root, record }) => ({ path: root, record: { ...record, id } }));
}
