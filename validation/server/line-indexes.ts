import type { Stats } from 'node:fs';
import { LineIndex } from './line-index.ts';

/** Logs whose lines stay counted. Each has 4 kB of marks per 100 MB. */
const MOST = 256;

/** The line indexes of the logs that were looked at last. */
export class LineIndexes {
  readonly #kept = new Map<string, { ino: number; index: LineIndex }>();

  /** That of a log which may have grown since; a new one when it was replaced. */
  of(path: string, { ino, size }: Stats): LineIndex {
    const known = this.#kept.get(path);
    this.#kept.delete(path);
    const index = known?.ino === ino && known.index.counted <= size ? known.index : new LineIndex();
    this.#kept.set(path, { ino, index });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST && oldest !== undefined) this.#kept.delete(oldest);
    return index;
  }
}
