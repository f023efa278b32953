/**
 * A few queues that work in parallel. All work of one key goes to one queue and is done in order. If the queue is empty,
 * synchronous work is done at once.
 */
export class KeyedQueues {
  readonly #queues: { tail: Promise<void>; waiting: number }[];
  readonly #queueOf = new Map<string, number>();
  readonly #onError: (error: Error) => void;

  /** @param onError is called if work fails; the queue goes on with the next work */
  constructor(count: number, onError: (error: Error) => void) {
    this.#queues = Array.from({ length: count }, () => ({ tail: Promise.resolve(), waiting: 0 }));
    this.#onError = onError;
  }

  /** Does synchronous work: at once if its queue is empty, else after the work before it. */
  now(key: string, work: () => void): void {
    const queue = this.#queue(key);
    if (queue.waiting === 0) work();
    else this.later(key, async () => work());
  }

  later(key: string, work: () => Promise<void>): void {
    const queue = this.#queue(key);
    queue.waiting++;
    queue.tail = queue.tail
      .then(work)
      .catch(this.#onError)
      .finally(() => {
        queue.waiting--;
      });
  }

  /** Settles when all work in the queues is done. */
  async idle(): Promise<void> {
    await Promise.all(this.#queues.map(({ tail }) => tail));
  }

  #queue(key: string): { tail: Promise<void>; waiting: number } {
    const index = this.#queueOf.get(key) ?? this.#queueOf.size % this.#queues.length;
    this.#queueOf.set(key, index);
    return this.#queues[index] as { tail: Promise<void>; waiting: number };
  }
}
