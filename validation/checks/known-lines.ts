/** The number of lines that are kept, as a power of two, and the number of bytes of the longest one. */
const BITS = 9;
const LONGEST = 512;
/** FNV-1a, with its prime. */
const PRIME = 0x01000193;

/** A line that is kept. Its `outcome` is undefined until the caller sets it. */
export interface KnownLine<Outcome> {
  outcome: Outcome | undefined;
  bytes: Uint8Array;
  length: number;
}

/**
 * What became of the lines that came last. Logs with many errors repeat a few lines, and to compare a line with the earlier
 * one costs a tenth of what it costs to examine it. A new line takes the place of an older one, so the memory is bounded.
 */
export class KnownLines<Outcome> {
  private readonly lines: KnownLine<Outcome>[] = [];

  /** The line [from, to), with the outcome that it had before; undefined if it is too long to be kept. */
  at(bytes: Uint8Array, from: number, to: number): KnownLine<Outcome> | undefined {
    const length = to - from;
    if (length > LONGEST) return undefined;
    let hash = length;
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ (bytes[i] as number), PRIME);
    const line = this.place(hash >>> (32 - BITS));
    let same = 0;
    if (line.length === length) while (same < length && line.bytes[same] === bytes[from + same]) same++;
    if (line.length === length && same === length) return line;
    for (let i = 0; i < length; i++) line.bytes[i] = bytes[from + i] as number;
    line.length = length;
    line.outcome = undefined;
    return line;
  }

  private place(index: number): KnownLine<Outcome> {
    const line = this.lines[index] ?? { outcome: undefined, bytes: new Uint8Array(LONGEST), length: -1 };
    this.lines[index] = line;
    return line;
  }
}
