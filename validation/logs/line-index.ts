/** Bytes that can be read at any place: a file, or what is read as one. */
export interface Bytes {
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
}

/** A mark each so many bytes: 100 MB have 400 of them, and a line is found by reading one block. */
const BLOCK = 256 * 1024;
/** Bytes that are counted between two looks at other work. */
const READ = 4 * BLOCK;
const LINE_FEED = 10;

/** Line feeds in a part of some bytes. */
export function countLineFeeds(bytes: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) if (bytes[i] === LINE_FEED) count++;
  return count;
}

/** Where the lines of a file that only grows begin. Every byte is read once; what has been counted stays. */
export class LineIndex {
  /** Line feeds before each block. */
  readonly #marks: number[] = [];
  /** Bytes that have been counted, and line feeds in them. */
  #counted = 0;
  #lineFeeds = 0;
  #extending: Promise<void> = Promise.resolve();

  get counted(): number {
    return this.#counted;
  }

  /** Counts what has been added up to `size`. Calls wait for each other. */
  extend(file: Bytes, size: number): Promise<void> {
    const extending = this.#extending.then(() => this.#extend(file, size));
    this.#extending = extending.catch(() => undefined);
    return extending;
  }

  /** When nothing is being counted any more. */
  settled(): Promise<void> {
    return this.#extending;
  }

  async #extend(file: Bytes, size: number): Promise<void> {
    if (this.#counted >= size) return;
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
   * Lines in the counted part; one that is not ended counts.
   * @param endsWithLineFeed whether the last counted byte is one
   */
  total(endsWithLineFeed: boolean): number {
    return this.#lineFeeds + (this.#counted > 0 && !endsWithLineFeed ? 1 : 0);
  }

  /** What the whole file has when it goes on as it has begun. */
  estimate(size: number): number {
    return this.#counted === 0 ? 0 : Math.round((this.#lineFeeds / this.#counted) * size);
  }

  /** Where a line begins, from 1; undefined when that is behind the counted part. */
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

  /** The number of the line that a counted byte belongs to. */
  async lineAt(file: Bytes, offset: number): Promise<number> {
    const mark = Math.min(Math.floor(offset / BLOCK), this.#marks.length - 1);
    if (mark < 0) return 1;
    const block = await readBlock(file, mark * BLOCK, offset);
    return (this.#marks[mark] as number) + countLineFeeds(block, 0, block.length) + 1;
  }
}

/** The bytes in [from, to), fewer when the file ends before. */
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
