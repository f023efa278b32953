import { LineIndex } from './line-index.ts';
import type { OpenLog } from './open-log.ts';

/** Logs whose lines stay counted. Each has 4 kB of marks per 100 MB. */
const MOST = 256;

/** The line indexes of the logs that were looked at last. */
export class LineIndexes {
  readonly #kept = new Map<string, { identity: string; index: LineIndex }>();

  /** That of a log which may have grown since; a new one when it was replaced. */
  of(path: string, { identity, size }: OpenLog): LineIndex {
    const known = this.#kept.get(path);
    this.#kept.delete(path);
    const index = known?.identity === identity && known.index.counted <= size ? known.index : new LineIndex();
    this.#kept.set(path, { identity, index });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST && oldest !== undefined) this.#kept.delete(oldest);
    return index;
  }
}
