import { COMMON_TEXT } from './common-text.ts';

/** The number of bits of a hash. A table of 128 kB is larger than the first cache of a processor, but logs repeat few keys. */
const BITS = 17;
/** Turns capitals into small letters in a key. Some other characters become equal too, which only costs a comparison. */
const FOLD = 0x20;
/** All bytes of a key. */
const FOLDED = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => (byte & FOLD) !== 0);
/** Knuth's multiplicative hashing: 2^32 divided by the golden ratio. */
const MULTIPLIER = 0x9e3779b1 | 0;

/**
 * Keys of texts, by their hash. A key is a few bytes of a text. The table has `stride` consecutive keys of each text, those that
 * are rarest in logs: whoever reads a key at each `stride`-th byte of a log reads one of them wherever the text stands.
 *
 * The first or the last of these keys may have one byte beside the text. Then the table has it with each value of this byte. So
 * texts of 5 and 6 bytes do not shorten the stride of all others.
 */
export class KeyTable {
  /** Bytes of a key. */
  readonly length: number;
  readonly stride: number;
  /** The largest distance from the start of a text to its key. */
  readonly furthest: number = 0;
  /** By hash: 1 where a text has such a key. */
  readonly met = new Uint8Array(1 << BITS);
  /** By hash: its first entry, counted from 1; 0: there is none. The other arrays have one value for each entry. */
  readonly first = new Int32Array(1 << BITS);
  readonly next: Int32Array;
  readonly keys: Int32Array;
  readonly texts: Int32Array;
  readonly offsets: Int32Array;

  /** @param texts by their index; at least 2 bytes each */
  constructor(texts: ReadonlyMap<number, Uint8Array>) {
    const shortest = Math.min(...[...texts.values()].map(({ length }) => length));
    this.length = shortest >= 3 ? 4 : 2;
    this.stride = shortest >= 3 ? Math.min(4, shortest - 1) : 1;
    const common = commonKeys(this.length);
    const next = [0];
    const keys = [0];
    const owners = [0];
    const offsets = [0];
    for (const [text, bytes] of texts) {
      const begin = this.rarest(bytes, common);
      for (let offset = begin; offset < begin + this.stride; offset++) {
        for (const key of keysAt(bytes, offset, this.length)) {
          const hash = hashOf(key);
          next.push(this.first[hash] as number);
          keys.push(key);
          owners.push(text);
          this.first[hash] = offsets.push(offset) - 1;
          this.met[hash] = 1;
        }
        this.furthest = Math.max(this.furthest, offset);
      }
    }
    this.next = new Int32Array(next);
    this.keys = new Int32Array(keys);
    this.texts = new Int32Array(owners);
    this.offsets = new Int32Array(offsets);
  }

  /** The offset of the `stride` consecutive keys of a text that are rarest in logs. */
  private rarest(text: Uint8Array, common: Uint16Array): number {
    const { length, stride } = this;
    const beside = text.length < stride - 1 + length ? 1 : 0;
    const counts: number[] = [];
    for (let offset = -beside; offset + length <= text.length + beside; offset++) {
      let count = 0;
      for (const key of keysAt(text, offset, length)) count += common[hashOf(key)] as number;
      counts.push(count);
    }
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let begin = 0; begin + stride <= counts.length; begin++) {
      let sum = 0;
      for (let i = begin; i < begin + stride; i++) sum += counts[i] as number;
      if (sum < least) {
        best = begin;
        least = sum;
      }
    }
    return best - beside;
  }
}

/** The key at a place: its bytes as small letters. Bytes behind the end are 0. */
export function keyAt(bytes: Uint8Array, at: number, length: number): number {
  let key = 0;
  for (let i = 0; i < length; i++) key |= ((bytes[at + i] ?? 0) | FOLD) << (8 * i);
  return key;
}

/** The key of the four bytes of a number in little-endian order. */
export function keyOf(bytes: number): number {
  return bytes | (FOLD * 0x01010101);
}

export function hashOf(key: number): number {
  return Math.imul(key, MULTIPLIER) >>> (32 - BITS);
}

/** The keys that can stand at an offset of a text: one, or as many as a byte beside the text has values. */
function keysAt(text: Uint8Array, offset: number, length: number): number[] {
  const key = keyAt(text, offset, length);
  if (offset >= 0 && offset + length <= text.length) return [key];
  const beside = 8 * (offset < 0 ? 0 : length - 1);
  return FOLDED.map((byte) => key | (byte << beside));
}

/** By hash: how often its keys occur in COMMON_TEXT. */
function commonKeys(length: number): Uint16Array {
  const counts = new Uint16Array(1 << BITS);
  const bytes = Buffer.from(COMMON_TEXT);
  for (let at = 0; at + length <= bytes.length; at++) {
    const hash = hashOf(keyAt(bytes, at, length));
    counts[hash] = (counts[hash] as number) + 1;
  }
  return counts;
}
