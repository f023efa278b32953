/** Called with a text's index and where it begins. */
export type Hit = (text: number, start: number) => void;

/**
 * Looks for many texts at once in bytes. The algorithm is Wu and Manber's ("A fast algorithm for multi-pattern
 * searching", 1994) with blocks of two bytes: a window as long as the shortest text moves over the bytes, and the last
 * two bytes in it say how far it may jump: on logs about as far as the shortest text is long. `npm run bench:scan` has it
 * beside grep.
 */
export class Searcher {
  private readonly texts: Uint8Array[];
  private readonly window: number;
  /** By block: how far the window may move; 0 where a text may begin. */
  private readonly jump: Uint8Array;
  /** By block: 1 where a text begins with it. */
  private readonly beginning = new Uint8Array(65536);
  /** By block: the texts whose window ends in it. */
  private readonly candidates = new Map<number, number[]>();

  /** @param texts not empty, at least 2 bytes each in UTF-8 */
  constructor(texts: readonly string[]) {
    this.texts = texts.map((text) => Buffer.from(text));
    const lengths = this.texts.map((text) => text.length);
    this.window = Math.min(255, ...lengths);
    this.jump = new Uint8Array(65536).fill(this.window - 1);
    for (const [index, text] of this.texts.entries()) {
      this.beginning[(text[0] as number) | ((text[1] as number) << 8)] = 1;
      for (let i = 1; i < this.window; i++) {
        const block = (text[i - 1] as number) | ((text[i] as number) << 8);
        this.jump[block] = Math.min(this.jump[block] as number, this.window - 1 - i);
        if (i === this.window - 1) this.candidates.set(block, [...(this.candidates.get(block) ?? []), index]);
      }
    }
  }

  /** Bytes of a text. */
  lengthOf(text: number): number {
    return this.texts[text]?.length ?? 0;
  }

  /**
   * Reports every occurrence that begins in [from, to), in order, and ends before the end of `bytes`. Where the window
   * jumps to is known only when two bytes and a table were read, which a processor spends most of the time waiting for:
   * so the four quarters of the bytes are looked through at the same time.
   */
  search(bytes: Uint8Array, from: number, to: number, hit: Hit): void {
    if (this.texts.length === 0) return;
    const { jump } = this;
    const before = this.window - 1;
    const begin = from + before;
    const end = Math.max(begin, Math.min(bytes.length, to + before));
    const quarter = (end - begin) >> 2;
    const [endA, endB, endC] = [begin + quarter, begin + 2 * quarter, begin + 3 * quarter];
    let [a, b, c, d] = [begin, endA, endB, endC];
    // Where the window may end a text, by quarter: those behind the first are told when those before them are through.
    const found: [number[], number[], number[], number[]] = [[], [], [], []];
    const [inA, inB, inC, inD] = found;
    while (a < endA && b < endB && c < endC && d < end) {
      const jumpA = jump[(bytes[a - 1] as number) | ((bytes[a] as number) << 8)] as number;
      const jumpB = jump[(bytes[b - 1] as number) | ((bytes[b] as number) << 8)] as number;
      const jumpC = jump[(bytes[c - 1] as number) | ((bytes[c] as number) << 8)] as number;
      const jumpD = jump[(bytes[d - 1] as number) | ((bytes[d] as number) << 8)] as number;
      a += jumpA;
      b += jumpB;
      c += jumpC;
      d += jumpD;
      if (jumpA === 0) this.note(bytes, a++, inA);
      if (jumpB === 0) this.note(bytes, b++, inB);
      if (jumpC === 0) this.note(bytes, c++, inC);
      if (jumpD === 0) this.note(bytes, d++, inD);
    }
    for (const [index, [at, until]] of [
      [a, endA] as const,
      [b, endB] as const,
      [c, endC] as const,
      [d, end] as const,
    ].entries()) {
      for (const last of found[index] ?? []) this.verify(bytes, last, hit);
      this.finish(bytes, at, until, hit);
    }
  }

  /** Keeps the place where a window ends, if a text begins with its first two bytes. */
  private note(bytes: Uint8Array, last: number, places: number[]): void {
    const start = last - this.window + 1;
    const block = (bytes[start] as number) | ((bytes[start + 1] as number) << 8);
    if (this.beginning[block] === 1) places.push(last);
  }

  private finish(bytes: Uint8Array, from: number, end: number, hit: Hit): void {
    for (let last = from; last < end; ) {
      const distance = this.jump[(bytes[last - 1] as number) | ((bytes[last] as number) << 8)] as number;
      if (distance === 0) this.verify(bytes, last, hit);
      last += distance || 1;
    }
  }

  /** Compares the window that ends at `last` with the texts that it may be the beginning of. */
  private verify(bytes: Uint8Array, last: number, hit: Hit): void {
    const start = last - this.window + 1;
    for (const index of this.candidates.get((bytes[last - 1] as number) | ((bytes[last] as number) << 8)) ?? []) {
      const text = this.texts[index] as Uint8Array;
      let i = 0;
      while (i < text.length && bytes[start + i] === text[i]) i++;
      if (i === text.length) hit(index, start);
    }
  }
}
