import type { HistoryLine } from '../history/line.ts';
import type { Night } from '../history/nights.ts';
import { type NamedHistory, namesIn, nightsOf } from '../history/nights.ts';
import { linesStamp, type RecordedRun, readLines } from '../history/store.ts';
import type { IndexedRun } from './run-index.ts';

/**
 * The histories of the runs in a directory. The server only reads the directory. It makes the lines that are missing in the
 * history file once, and keeps them in memory.
 */
export class Histories {
  readonly #dir: string;
  readonly #lines = new Map<string, HistoryLine>();
  #stamp: string | undefined;
  /** One request at a time, so that two requests do not read the same thousand reports. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** @param runs all runs of the directory at this moment @param shown the number of last nights of each name */
  names(runs: readonly IndexedRun[], shown: number): Promise<NamedHistory[]> {
    return this.#inTurn(async () => namesIn(recorded(runs), this.#lines, shown));
  }

  /** The nights of a name, oldest first; undefined if no run that has ended has this name. */
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

  /** Reads the history file again if it has changed. Removed runs are only in this file. */
  async #readFile(): Promise<void> {
    const stamp = await linesStamp(this.#dir);
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    for (const [id, line] of readLines(this.#dir)) this.#lines.set(id, line);
  }
}

function recorded(runs: readonly IndexedRun[]): RecordedRun[] {
  // The server uses the name of the directory as the id of a run.
  return runs.map(({ id, root, record }) => ({ path: root, record: { ...record, id } }));
}
