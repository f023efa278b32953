import { LineIndex } from '../logs/line-index.ts';
import type { OpenLog } from '../logs/open-log.ts';
import { Turns } from '../server/turns.ts';

/** The number of logs whose line index is kept. An index has 4 kB for 100 MB of log. */
const MOST = 256;

/** The line indexes of the logs that were read last. */
export class LineIndexes {
  readonly #turns = new Turns(2);
  readonly #kept = new Map<string, { identity: string; index: LineIndex }>();

  /** The index of a log, which may have grown; a new index if the log was replaced. */
  of(path: string, { identity, size }: OpenLog): LineIndex {
    const known = this.#kept.get(path);
    this.#kept.delete(path);
    const index = known?.identity === identity && known.index.counted <= size ? known.index : new LineIndex();
    this.#kept.set(path, { identity, index });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST && oldest !== undefined) this.#kept.delete(oldest);
    return index;
  }

  /**
   * Counts the lines of a log up to its end. Clients take turns.
   * @param client address of the client
   * @param signal ends the count
   * @throws HttpError as Turns.take
   */
  count(index: LineIndex, log: OpenLog, client: string, signal: AbortSignal): Promise<void> {
    return index.extend(log, log.size, async () => this.#turns.take(client, signal));
  }

  close(): void {
    this.#turns.close();
  }
}
