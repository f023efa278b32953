/** Bytes that can be read at any place: a file, or several that are read as one. */
export interface Bytes {
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
}

/** Distance of the marks in bytes: 100 MB have 400 of them, and one block must be read to find a line. */
const BLOCK = 256 * 1024;
/** Bytes that are counted before other work may run. */
const READ = 4 * BLOCK;
/** Bytes that are counted in one turn. */
const TURN = 32 * 1024 * 1024;
const LINE_FEED = 10;

/** Number of line feeds in a part of some bytes. */
function countLineFeeds(bytes: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) if (bytes[i] === LINE_FEED) count++;
  return count;
}

/** Where the lines of a growing file begin. Every byte is read once, and the counts are kept. */
export class LineIndex {
  /** Line feeds before each block. */
  readonly #marks: number[] = [];
  /** Number of counted bytes, and of line feeds in them. */
  #counted = 0;
  #lineFeeds = 0;
  #extending: Promise<void> = Promise.resolve();

  get counted(): number {
    return this.#counted;
  }

  /**
   * Counts the bytes that were added up to `size`. Calls wait for each other.
   * @param take resolves when the counting may continue for a while, with a function that ends this
   */
  extend(file: Bytes, size: number, take: () => Promise<() => void>): Promise<void> {
    const extending = this.#extending.then(() => this.#extend(file, size, take));
    this.#extending = extending.catch(() => undefined);
    return extending;
  }

  /** Resolves when nothing is being counted. */
  settled(): Promise<void> {
    return this.#extending;
  }

  async #extend(file: Bytes, size: number, take: () => Promise<() => void>): Promise<void> {
    while (this.#counted < size) {
      const before = this.#counted;
      const giveBack = await take();
      try {
        await this.#count(file, Math.min(size, before + TURN));
      } finally {
        giveBack();
      }
      // The file ends earlier.
      if (this.#counted === before) return;
    }
  }

  async #count(file: Bytes, size: number): Promise<void> {
    const buffer = Buffer.allocUnsafe(Math.min(READ, size - this.#counted));
    while (this.#counted < size) {
      const wanted = Math.min(READ - (this.#counted % BLOCK), size - this.#counted, buffer.length);
      const { bytesRead } = await file.read(buffer, 0, wanted, this.#counted);
      if (bytesRead === 0) return;
      for (let at = 0; at < bytesRead; ) {
        const position = this.#counted + at;
        if (position % BLOCK === 0) this.#marks[position / BLOCK] = this.#lineFeeds;
        const end = Math.min(bytesRead, at + BLOCK - (position % BLOCK));
        this.#lineFeeds += countLineFeeds(buffer, at, end);
        at = end;
      }
      this.#counted += bytesRead;
    }
  }

  /**
   * Number of lines in the counted part; an incomplete last line counts.
   * @param endsWithLineFeed whether the last counted byte is one
   */
  total(endsWithLineFeed: boolean): number {
    return this.#lineFeeds + (this.#counted > 0 && !endsWithLineFeed ? 1 : 0);
  }

  /** Estimate of the number of lines in the whole file. */
  estimate(size: number): number {
    return this.#counted === 0 ? 0 : Math.round((this.#lineFeeds / this.#counted) * size);
  }

  /** The offset of a line, from 1; undefined if it is after the counted part. */
  async offsetOf(file: Bytes, line: number): Promise<number | undefined> {
    if (line <= 1) return 0;
    const before = line - 1;
    if (before > this.#lineFeeds) return undefined;
    let low = 0;
    let high = this.#marks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#marks[middle] as number) < before) low = middle;
      else high = middle - 1;
    }
    const start = low * BLOCK;
    const block = await readBlock(file, start, Math.min(start + BLOCK, this.#counted));
    let left = before - (this.#marks[low] as number);
    let at = -1;
    for (; left > 0; left--) {
      at = block.indexOf(LINE_FEED, at + 1);
      if (at < 0) return undefined;
    }
    return start + at + 1;
  }

  /** The number of the line that contains a counted byte. */
  async lineAt(file: Bytes, offset: number): Promise<number> {
    const mark = Math.min(Math.floor(offset / BLOCK), this.#marks.length - 1);
    if (mark < 0) return 1;
    const block = await readBlock(file, mark * BLOCK, offset);
    return (this.#marks[mark] as number) + countLineFeeds(block, 0, block.length) + 1;
  }
}

/** The bytes in [from, to), fewer if the file ends earlier. */
export async function readBlock(file: Bytes, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(Math.max(0, to - from));
  let got = 0;
  while (got < bytes.length) {
    const { bytesRead } = await file.read(bytes, got, bytes.length - got, from + got);
    if (bytesRead === 0) break;
    got += bytesRead;
  }
  return bytes.subarray(0, got);
}
