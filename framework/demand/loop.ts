/** What a round wants next: the next one in so many ms, or none until `poke`. */
export type NextRound = number | 'when poked';

/**
 * Runs one asynchronous round after the other, never two at once. Stopping and poking are safe at any time.
 * A round must not reject, and must end soon once the loop is stopped.
 */
export class Loop {
  readonly #round: () => Promise<NextRound>;
  /** Least pause between two rounds, ms: what keeps a stream of pokes from becoming a burden. */
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

  /** Runs a round now; when one is under way, another one after it. */
  poke(): void {
    if (this.#running) this.#poked = true;
    else this.#schedule(0);
  }

  /** No further round. Resolves when the one under way has ended. */
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
