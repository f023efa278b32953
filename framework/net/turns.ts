/**
 * Starts work in the order in which it was given. Work goes together only with work of the same kind, and work without a kind goes alone:
 * it starts when all before it has ended, and nothing behind it starts before its end.
 */
export class Turns {
  readonly #atOnce: number;
  readonly #waiting: { kind: string | undefined; start: () => Promise<void> }[] = [];
  #running = 0;
  #kind: string | undefined;
  #whenIdle: (() => void)[] = [];

  /** @param atOnce how much work goes together at most */
  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /** Settles as the work does. */
  take<Result>(kind: string | undefined, work: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ kind, start: () => work().then(resolve, reject) });
      this.#proceed();
    });
  }

  /** Resolves when no work runs or waits. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  #proceed(): void {
    for (let next = this.#waiting[0]; next && this.#mayStart(next.kind); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#running++;
      this.#kind = next.kind;
      void next.start().then(() => {
        this.#running--;
        this.#proceed();
      });
    }
    if (this.#running > 0) return;
    for (const tell of this.#whenIdle) tell();
    this.#whenIdle = [];
  }

  #mayStart(kind: string | undefined): boolean {
    if (this.#running === 0) return true;
    return kind !== undefined && kind === this.#kind && this.#running < this.#atOnce;
  }
}
