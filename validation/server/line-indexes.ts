import type { Stats } from 'node:fs';
import { LineIndex } from './line-index.ts';

/** Logs whose lines stay counted. Each has 4 kB of marks per 100 MB. */
const MOST = 256;

/** The line indexes of the logs that were looked at last. */
export class LineIndexes {
  readonly #kept = new Map<string, { file: string; index: LineIndex }>();

  /** That of a log which may have grown since; a new one when it was replaced. */
  of(path: string, { ino, birthtimeMs, size }: Stats): LineIndex {
    // Numbers of removed files are given to new ones.
    const file = `${ino} ${birthtimeMs}`;
    const known = this.#kept.get(path);
    this.#kept.delete(path);
    const index = known?.file === file && known.index.counted <= size ? known.index : new LineIndex();
    this.#kept.set(path, { file, index });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST && oldest !== undefined) this.#kept.delete(oldest);
    return index;
  }
}
