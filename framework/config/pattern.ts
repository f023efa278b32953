import type { Pattern } from '../scheduler/state/pool.ts';
import { bounded, TooSlow } from '../tools/bounded.ts';
import { ConfigError } from './config-error.ts';

/** ms for one text. A name and a usual expression take some µs. */
const LIMITS = { limit: 100, enough: 50, enoughInAll: 100 };
/** So many texts may take too long before the expression is asked about no other one. */
const MOST_SLOW = 5;
/** Answers that are kept. */
const KEPT = 10_000;

/**
 * A regular expression of the configuration that must match a whole text. Anybody can give a project its name, so no name can
 * keep the framework busy: a name for which the expression takes too long does not match.
 */
class AnchoredPattern implements Pattern {
  readonly #expression: RegExp;
  readonly #answers = new Map<string, boolean>();
  readonly #slow = new Set<string>();

  readonly written: string;

  constructor(written: string) {
    this.written = written;
    this.#expression = new RegExp(`^(?:${written})$`);
  }

  get source(): string {
    return this.#expression.source;
  }

  test(text: string): boolean {
    const known = this.#answers.get(text);
    if (known !== undefined) return known;
    if (this.isTooSlow(text)) return false;
    let matches = false;
    try {
      matches = bounded(() => this.#expression.test(text), true, LIMITS);
    } catch (error) {
      if (!(error instanceof TooSlow)) throw error;
      this.#slow.add(text);
      return false;
    }
    if (this.#answers.size >= KEPT) this.#answers.clear();
    this.#answers.set(text, matches);
    return matches;
  }

  isTooSlow(text: string): boolean {
    return this.#slow.has(text) || this.#slow.size >= MOST_SLOW;
  }
}

/** @throws ConfigError it is no regular expression */
export function anchored(source: string): Pattern {
  try {
    return new AnchoredPattern(source);
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
}
