/** Of one record so many texts are kept, and of each so many letters: some classes print hundreds. */
const KEPT = 20;
const LONGEST = 200;
const METHODS = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const;

/**
 * Takes what jsroot prints, since that is how it tells of objects that it could not read: it gives such objects back as
 * if they were whole. Nothing is printed until `release`.
 */
export class CapturedConsole {
  private texts: string[] = [];
  private readonly before = METHODS.map((method) => console[method]);

  constructor() {
    for (const method of METHODS) {
      console[method] = (...values: unknown[]) => {
        if (this.texts.length < KEPT) this.texts.push(values.map(String).join(' ').slice(0, LONGEST));
      };
    }
  }

  /** What was printed since the last call. */
  take(): string[] {
    const { texts } = this;
    this.texts = [];
    return texts;
  }

  release(): void {
    for (const [index, method] of METHODS.entries()) console[method] = this.before[index] as () => void;
  }
}
