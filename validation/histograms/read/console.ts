/** The number of texts that are kept per record, and of characters per text: some classes print hundreds of texts. */
const KEPT = 2000;
const LONGEST = 200;
const METHODS = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const;

/**
 * Captures the output of jsroot. jsroot reports objects that it could not read only by printing, and returns them as if they
 * were complete. Nothing is printed until `release`.
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

  /** The texts that were printed since the last call. */
  take(): string[] {
    const { texts } = this;
    if (texts.size > 0) this.texts = new Set();
    return [...texts];
  }

  release(): void {
    for (const [index, method] of METHODS.entries()) console[method] = this.before[index] as () => void;
  }
}
