import { COMMON_TEXT } from './common-text.ts';

/** A match: the index of the text, and its start in the bytes. */
export interface Hit {
  text: number;
  start: number;
}

/** A text to search for; with `anyCase`, capitals and small letters (of ASCII) are the same. */
export interface Wanted {
  text: string;
  anyCase?: boolean | undefined;
}

/** The number of bits of a hash: the table of 32 kB fits into the first cache of a processor. */
const BITS = 15;
/** Turns capitals into small letters in a key. Some other characters become equal too, which only costs a comparison. */
const FOLD = 0x20202020;
/** Knuth's multiplicative hashing: 2^32 divided by the golden ratio. */
const MULTIPLIER = 0x9e3779b1 | 0;

/** Texts below this length would force a key at every byte, or every second byte, for all texts. */
const SHORT = 6;
/** Up to this number of short texts are searched for one by one, each with a native search of its own. */
const FEW = 4;

/** For the length of the shortest text: the bytes of a key, and the distance from one key to the next in the log. */
function strideFor(shortest: number): { key: number; stride: number } {
  if (shortest >= 7) return { key: 4, stride: 4 };
  if (shortest >= 5) return { key: 4, stride: shortest - 3 };
  return shortest === 4 ? { key: 3, stride: 2 } : { key: 2, stride: shortest - 1 };
}

/**
 * Searches bytes for many texts at once. It reads only one key of a few bytes in every `stride` bytes, and looks it up in a
 * table. The table has `stride` consecutive keys of each text, those that are rarest in logs, so that one of them is read
 * wherever the text begins. The cost of reading keys does not depend on the number of texts; only a key that is in the table
 * costs a comparison. `npm run bench:scan` compares it with grep.
 */
export class Searcher {
  private readonly texts: { bytes: Uint8Array; anyCase: boolean }[];
  /** Indices of the texts that are searched for one by one. */
  private readonly single: readonly number[];
  private readonly key: number;
  private readonly stride: number;
  /** The largest distance from the start of a text to its key. */
  private furthest = 0;
  /** By hash: 1 where a text has such a key. */
  private readonly met = new Uint8Array(1 << BITS);
  /** By hash: its first entry, counted from 1. By entry: the next entry, the text, and the offset of the key in the text. */
  private readonly first = new Int32Array(1 << BITS);
  private readonly entries: { next: number; text: number; offset: number }[] = [{ next: 0, text: 0, offset: 0 }];
  /** The matches of the current search, in the order of their starts. */
  private found: Hit[] = [];

  /** @param texts not empty, at least 2 bytes each in UTF-8 */
  constructor(texts: readonly Wanted[]) {
    this.texts = texts.map(({ text, anyCase = false }) => ({ bytes: Buffer.from(text), anyCase }));
    const short = this.texts.flatMap(({ bytes, anyCase }, index) => (bytes.length < SHORT && !anyCase ? [index] : []));
    this.single = short.length <= FEW ? short : [];
    const together = [...this.texts.entries()].filter(([index]) => !this.single.includes(index));
    const { key, stride } = strideFor(Math.min(7, ...together.map(([, { bytes }]) => bytes.length)));
    this.key = key;
    this.stride = stride;
    const common = commonKeys(key);
    for (const [text, { bytes }] of together) {
      const begin = this.rarest(bytes, common);
      for (let offset = begin; offset < begin + stride; offset++) this.enter(text, offset, hashAt(bytes, offset, key));
    }
  }

  /** The number of bytes of a text. */
  lengthOf(text: number): number {
    return this.texts[text]?.bytes.length ?? 0;
  }

  /** Every match that begins in [from, to) and ends within `bytes`, in the order of the starts. */
  search(bytes: Buffer, from: number, to: number): Hit[] {
    this.found = [];
    if (this.texts.length > this.single.length) this.searchTogether(bytes, from, to);
    for (const index of this.single) {
      const { bytes: wanted } = this.texts[index] as { bytes: Uint8Array };
      for (let at = bytes.indexOf(wanted, from); at !== -1 && at < to; at = bytes.indexOf(wanted, at + 1))
        this.note(index, at);
    }
    return this.found;
  }

  private searchTogether(bytes: Buffer, from: number, to: number): void {
    const { met, stride, key } = this;
    const end = Math.min(bytes.length, to + this.furthest + key);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const mask = key === 4 ? -1 : (1 << (8 * key)) - 1;
    const shift = 32 - BITS;
    let at = from;
    // Four keys at a time, so that their loads run in parallel.
    for (const last = end - 3 * stride - 4; at <= last; at += 4 * stride) {
      const a = Math.imul((view.getInt32(at, true) | FOLD) & mask, MULTIPLIER) >>> shift;
      const b = Math.imul((view.getInt32(at + stride, true) | FOLD) & mask, MULTIPLIER) >>> shift;
      const c = Math.imul((view.getInt32(at + 2 * stride, true) | FOLD) & mask, MULTIPLIER) >>> shift;
      const d = Math.imul((view.getInt32(at + 3 * stride, true) | FOLD) & mask, MULTIPLIER) >>> shift;
      if (((met[a] as number) | (met[b] as number) | (met[c] as number) | (met[d] as number)) === 0) continue;
      if (met[a] === 1) this.compare(bytes, at, a, from, to);
      if (met[b] === 1) this.compare(bytes, at + stride, b, from, to);
      if (met[c] === 1) this.compare(bytes, at + 2 * stride, c, from, to);
      if (met[d] === 1) this.compare(bytes, at + 3 * stride, d, from, to);
    }
    for (; at + key <= end; at += stride) {
      const hash = hashAt(bytes, at, key);
      if (met[hash] === 1) this.compare(bytes, at, hash, from, to);
    }
  }

  /** The offset of the `stride` consecutive keys that are rarest in logs. */
  private rarest(bytes: Uint8Array, common: ReadonlyMap<number, number>): number {
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let begin = 0; begin + this.stride - 1 + this.key <= bytes.length; begin++) {
      let sum = 0;
      for (let i = 0; i < this.stride; i++) sum += common.get(hashAt(bytes, begin + i, this.key)) ?? 0;
      if (sum < least) {
        least = sum;
        best = begin;
      }
    }
    return best;
  }

  private enter(text: number, offset: number, hash: number): void {
    this.entries.push({ next: this.first[hash] as number, text, offset });
    this.first[hash] = this.entries.length - 1;
    this.met[hash] = 1;
    this.furthest = Math.max(this.furthest, offset);
  }

  /** Compares the bytes around a key with the texts that have this key. */
  private compare(bytes: Uint8Array, at: number, hash: number, from: number, to: number): void {
    let entry = this.entries[this.first[hash] as number] as { next: number; text: number; offset: number };
    for (;;) {
      const start = at - entry.offset;
      if (start >= from && start < to && this.isAt(bytes, start, entry.text)) this.note(entry.text, start);
      if (entry.next === 0) return;
      entry = this.entries[entry.next] as { next: number; text: number; offset: number };
    }
  }

  private isAt(bytes: Uint8Array, start: number, text: number): boolean {
    const { bytes: wanted, anyCase } = this.texts[text] as { bytes: Uint8Array; anyCase: boolean };
    if (start + wanted.length > bytes.length) return false;
    for (let i = 0; i < wanted.length; i++) {
      const one = bytes[start + i] as number;
      const other = wanted[i] as number;
      if (one !== other && !(anyCase && smallLetter(one) === smallLetter(other))) return false;
    }
    return true;
  }

  /** Inserts a match in its order: a text whose key is far behind its start is found after texts that begin later. */
  private note(text: number, start: number): void {
    let place = this.found.length;
    while (place > 0 && (this.found[place - 1] as { start: number }).start > start) place--;
    // The match may be there already, because two keys of a text may have the same hash.
    for (let i = place - 1; i >= 0 && this.found[i]?.start === start; i--) if (this.found[i]?.text === text) return;
    this.found.splice(place, 0, { text, start });
  }
}

function smallLetter(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}

function hashAt(bytes: Uint8Array, at: number, key: number): number {
  let value = 0;
  for (let i = 0; i < key; i++) value |= ((bytes[at + i] as number) | 0x20) << (8 * i);
  return Math.imul(value, MULTIPLIER) >>> (32 - BITS);
}

/** By hash: how often its keys occur in COMMON_TEXT. */
function commonKeys(key: number): Map<number, number> {
  const counts = new Map<number, number>();
  const bytes = Buffer.from(COMMON_TEXT);
  for (let at = 0; at + key <= bytes.length; at++) {
    const hash = hashAt(bytes, at, key);
    counts.set(hash, (counts.get(hash) ?? 0) + 1);
  }
  return counts;
}
