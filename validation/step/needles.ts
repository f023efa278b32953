/**
 * Finds many byte strings in a text in one pass (Wu and Manber, "A fast algorithm for multi-pattern searching", 1994):
 * the last two bytes of a window, which is as long as the shortest needle, say how far the window may move at least.
 * Most bytes of a text are never read, and more needles cost almost nothing.
 */
export class Needles {
  /** Length of the longest needle, in bytes; 0 without needles. */
  readonly longest: number;
  readonly #needles: readonly Buffer[];
  readonly #window: number;
  /** By the last bytes of the window: how far it may move; 0 where a needle may begin. */
  readonly #shift: Uint8Array;
  /** By the last bytes of the window: the needles that may be there. */
  readonly #candidates = new Map<number, Buffer[]>();
  /** Needles by their first byte, longest first. */
  readonly #byFirst: (Buffer[] | undefined)[] = [];
  /** A needle of one byte has no byte before it: then the first half of a pair counts as 0. */
  readonly #firstHalf: number;

  /** @param needles empty and repeated ones are ignored */
  constructor(needles: Iterable<Uint8Array>) {
    const distinct = new Map<string, Buffer>();
    for (const needle of needles) {
      if (needle.length > 0) distinct.set(Buffer.from(needle).toString('latin1'), Buffer.from(needle));
    }
    this.#needles = [...distinct.values()].sort((a, b) => b.length - a.length);
    this.longest = this.#needles[0]?.length ?? 0;
    this.#window = this.#needles.at(-1)?.length ?? 0;
    this.#firstHalf = this.#window > 1 ? 0xff00 : 0;
    this.#shift = new Uint8Array(1 << 16).fill(Math.min(255, Math.max(1, this.#window - 1)));
    for (const needle of this.#needles) this.#enter(needle);
  }

  #enter(needle: Buffer): void {
    const last = this.#window - 1;
    for (let at = Math.min(1, last); at < last; at++) {
      const pair = this.#pair(needle, at);
      this.#shift[pair] = Math.min(this.#shift[pair] as number, last - at);
    }
    const pair = this.#pair(needle, last);
    this.#shift[pair] = 0;
    this.#candidates.set(pair, [...(this.#candidates.get(pair) ?? []), needle]);
    const first = needle[0] as number;
    this.#byFirst[first] = [...(this.#byFirst[first] ?? []), needle];
  }

  #pair(text: Uint8Array, at: number): number {
    return (((text[at - 1] as number) << 8) & this.#firstHalf) | (text[at] as number);
  }

  /**
   * Reports every place of a needle, also inside and overlapping another one.
   * @param found gets the offsets of the first byte and of the byte after the last; the first one never decreases
   */
  find(text: Uint8Array, found: (start: number, end: number) => unknown): void {
    const length = text.length;
    const shift = this.#shift;
    const firstHalf = this.#firstHalf;
    if (this.#window === 0) return;
    for (let at = this.#window - 1; at < length; ) {
      const pair = (((text[at - 1] as number) << 8) & firstHalf) | (text[at] as number);
      const move = shift[pair] as number;
      if (move > 0) {
        at += move;
        continue;
      }
      const start = at - this.#window + 1;
      for (const needle of this.#candidates.get(pair) as Buffer[]) {
        if (start + needle.length <= length && agree(text, start, needle, needle.length)) {
          found(start, start + needle.length);
        }
      }
      at++;
    }
  }

  /** The length of the longest end of the text that is the beginning of a longer needle. */
  beginningAtEnd(text: Uint8Array): number {
    for (let at = Math.max(0, text.length - this.longest + 1); at < text.length; at++) {
      const length = text.length - at;
      for (const needle of this.#byFirst[text[at] as number] ?? []) {
        if (needle.length <= length) break;
        if (agree(text, at, needle, length)) return length;
      }
    }
    return 0;
  }
}

function agree(text: Uint8Array, start: number, needle: Uint8Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (text[start + i] !== needle[i]) return false;
  return true;
}
