/** The number of lines that are kept, as a power of two, and the number of bytes of the longest one. */
const BITS = 9;
const LONGEST = 512;
/** Of the hash FNV-1a. */
const PRIME = 0x01000193;

/** A line that is kept. Its `outcome` is undefined until the caller sets it. */
export interface KnownLine<Outcome> {
  outcome: Outcome | undefined;
  bytes: Uint8Array;
}

/**
 * What became of the lines that came last. Logs with many errors repeat a few lines, and to compare a line with an earlier one
 * costs a tenth of what it costs to examine it. A line is kept when it comes for the second time. It takes the place of another
 * one, so the memory is bounded.
 */
export class KnownLines<Outcome> {
  /** By place: the hash of the line that came last. */
  private readonly hashes = new Int32Array(1 << BITS);
  private readonly lines: KnownLine<Outcome>[] = [];

  /** The line [from, to), with the outcome that it had before; undefined if it is not kept. */
  at(bytes: Uint8Array, from: number, to: number): KnownLine<Outcome> | undefined {
    const length = to - from;
    if (length > LONGEST) return undefined;
    let hash = length;
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ (bytes[i] as number), PRIME);
    const place = hash >>> (32 - BITS);
    if (this.hashes[place] !== hash) {
      this.hashes[place] = hash;
      return undefined;
    }
    const known = this.lines[place];
    if (known && isAt(bytes, from, to, known.bytes)) return known;
    const line = { outcome: undefined, bytes: Uint8Array.from(bytes.subarray(from, to)) };
    this.lines[place] = line;
    return line;
  }
}

/** Whether the bytes [from, to) are these. */
function isAt(bytes: Uint8Array, from: number, to: number, wanted: Uint8Array): boolean {
  if (wanted.length !== to - from) return false;
  for (let i = 0; i < wanted.length; i++) if (bytes[from + i] !== wanted[i]) return false;
  return true;
}
