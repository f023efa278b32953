/**
 * What the starts of executors cost an agent. A real agent starts a process for each of its tasks, and the starts share the
 * processors: so many launches at once all run late. Here a start only takes time; the default is none.
 */
export class ExecutorStarts {
  readonly #ms: number;
  readonly #atOnce: number;
  #running: { left: number; started: () => void }[] = [];
  readonly #waiting: (() => void)[] = [];
  #since = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param ms that one start takes if it is the only one
   * @param atOnce so many starts share the agent equally, the others wait
   */
  constructor(ms: number, atOnce: number) {
    this.#ms = ms;
    this.#atOnce = atOnce;
  }

  /** Resolves when an executor that was asked for now would have started. */
  async next(): Promise<void> {
    if (this.#ms <= 0) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      this.#go();
    });
  }

  /** Lets the starts that have begun go on, and begins those for which there is room. */
  #go(): void {
    const now = performance.now();
    const each = (now - this.#since) / Math.max(1, this.#running.length);
    this.#since = now;
    for (const start of this.#running) start.left -= each;
    // Timers are exact to a millisecond.
    for (const { left, started } of this.#running) if (left < 1) started();
    this.#running = this.#running.filter(({ left }) => left >= 1);
    for (const started of this.#waiting.splice(0, this.#atOnce - this.#running.length)) {
      this.#running.push({ left: this.#ms, started });
    }
    clearTimeout(this.#timer);
    if (this.#running.length === 0) return;
    const first = Math.min(...this.#running.map(({ left }) => left)) * this.#running.length;
    this.#timer = setTimeout(() => this.#go(), first);
    // A task that was killed meanwhile must not keep the process.
    this.#timer.unref();
  }
}
