/** When the next round begins: in this many ms, or not before `poke`. */
export type NextRound = number | 'when poked';

/**
 * Runs asynchronous rounds, one after the other, never two at once. `stop` and `poke` may be called at any time.
 * A round must not reject, and must end soon after the loop is stopped.
 */
export class Loop {
  readonly #round: () => Promise<NextRound>;
  /** Shortest pause between two rounds, ms. It limits the load when `poke` is called often. */
  readonly #pauseMs: number;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #endedAt = Number.NEGATIVE_INFINITY;
  #poked = false;
  #stopped = false;

  constructor(round: () => Promise<NextRound>, pauseMs: number) {
    this.#round = round;
    this.#pauseMs = pauseMs;
  }

  /** Runs a round now, or after the present round. */
  poke(): void {
    if (this.#running) this.#poked = true;
    else this.#schedule(0);
  }

  /** Starts no further round. Resolves when the present round has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #schedule(afterMs: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    const earliest = this.#endedAt + this.#pauseMs - performance.now();
    const delay = Math.max(afterMs, earliest);
    if (delay > 0) this.#timer = setTimeout(() => this.#start(), delay);
    else this.#start();
  }

  #start(): void {
    this.#poked = false;
    this.#running = this.#round().then((next) => {
      this.#running = undefined;
      this.#endedAt = performance.now();
      if (this.#poked) this.#schedule(0);
      else if (next !== 'when poked') this.#schedule(next);
    });
  }
}
