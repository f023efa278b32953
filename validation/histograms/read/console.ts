/** Of one record so many different texts are kept, and of each so many letters: some classes print hundreds. */
const KEPT = 2000;
const LONGEST = 200;
const METHODS = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const;

/**
 * Takes what jsroot prints, since that is how it tells of objects that it could not read: it gives such objects back as
 * if they were whole. Nothing is printed until `release`.
 */
export class CapturedConsole {
  private texts = new Set<string>();
  private readonly before = METHODS.map((method) => console[method]);

  constructor() {
    for (const method of METHODS) {
      console[method] = (...values: unknown[]) => {
        if (this.texts.size < KEPT) this.texts.add(values.map(String).join(' ').slice(0, LONGEST));
        else this.texts.add('more than can be kept was said');
      };
    }
  }

  /** What was printed since the last call. */
  take(): string[] {
    const { texts } = this;
    if (texts.size > 0) this.texts = new Set();
    return [...texts];
  }

  release(): void {
    for (const [index, method] of METHODS.entries()) console[method] = this.before[index] as () => void;
  }
}
