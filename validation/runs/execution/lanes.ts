/**
 * Does work that takes time in a few lanes at once: what belongs to one key is done in its order, and at once when its
 * lane is empty.
 */
export class Lanes {
  readonly #lanes: { tail: Promise<void>; waiting: number }[];
  readonly #laneOf = new Map<string, number>();
  readonly #onError: (error: Error) => void;

  /** @param onError work has failed; what comes behind it in its lane is done all the same */
  constructor(count: number, onError: (error: Error) => void) {
    this.#lanes = Array.from({ length: count }, () => ({ tail: Promise.resolve(), waiting: 0 }));
    this.#onError = onError;
  }

  /** Work that does not wait for anything: now, when nothing is before it. */
  now(key: string, work: () => void): void {
    const lane = this.#lane(key);
    if (lane.waiting === 0) work();
    else this.later(key, async () => work());
  }

  later(key: string, work: () => Promise<void>): void {
    const lane = this.#lane(key);
    lane.waiting++;
    lane.tail = lane.tail
      .then(work)
      .catch(this.#onError)
      .finally(() => {
        lane.waiting--;
      });
  }

  /** Settles when all that was given so far is done. */
  async idle(): Promise<void> {
    await Promise.all(this.#lanes.map(({ tail }) => tail));
  }

  #lane(key: string): { tail: Promise<void>; waiting: number } {
    const index = this.#laneOf.get(key) ?? this.#laneOf.size % this.#lanes.length;
    this.#laneOf.set(key, index);
    return this.#lanes[index] as { tail: Promise<void>; waiting: number };
  }
}
