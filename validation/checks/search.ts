import { hashOf, KeyTable, keyAt, keyOf } from './key-table.ts';

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

/** Texts below this length would shorten the stride, and so make the search slower for all texts. */
const SHORT = 5;
/** Up to this number of short texts are searched for one by one, each with a native search of its own. */
const FEW = 4;

/**
 * Searches bytes for many texts at once. It reads only one key of a few bytes in every `stride` bytes, and looks it up in a
 * table. The cost of reading keys does not depend on the number of texts; only a key that is in the table costs a comparison.
 * `npm run bench:scan` compares it with grep.
 */
export class Searcher {
  private readonly texts: { bytes: Uint8Array; anyCase: boolean }[];
  /** Indices of the texts that are searched for one by one. */
  private readonly single: readonly number[];
  /** The keys of all other texts; undefined where there are none. */
  private readonly table: KeyTable | undefined;
  /** The matches of the current search. */
  private found: Hit[] = [];

  /** @param texts not empty, at least 2 bytes each in UTF-8 */
  constructor(texts: readonly Wanted[]) {
    this.texts = texts.map(({ text, anyCase = false }) => ({ bytes: Buffer.from(text), anyCase }));
    const short = this.texts.flatMap(({ bytes, anyCase }, index) => (bytes.length < SHORT && !anyCase ? [index] : []));
    this.single = short.length <= FEW ? short : [];
    const together = new Map(this.texts.map(({ bytes }, index) => [index, bytes]));
    for (const index of this.single) together.delete(index);
    this.table = together.size > 0 ? new KeyTable(together) : undefined;
  }

  /** The number of bytes of a text. */
  lengthOf(text: number): number {
    return this.texts[text]?.bytes.length ?? 0;
  }

  /** Every match that begins in [from, to) and ends within `bytes`, in the order of the starts, then of the texts. */
  search(bytes: Buffer, from: number, to: number): Hit[] {
    this.found = [];
    if (this.table) this.searchTogether(this.table, bytes, from, to);
    for (const index of this.single) {
      const { bytes: wanted } = this.texts[index] as { bytes: Uint8Array };
      for (let at = bytes.indexOf(wanted, from); at !== -1 && at < to; at = bytes.indexOf(wanted, at + 1))
        this.found.push({ text: index, start: at });
    }
    // A text whose key is far behind its start is found after texts that begin later, and short texts are found last.
    return this.found.sort((a, b) => a.start - b.start || a.text - b.text);
  }

  private searchTogether(table: KeyTable, bytes: Buffer, from: number, to: number): void {
    const { met, stride, length, furthest } = table;
    const end = Math.min(bytes.length, to + furthest);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const mask = length === 4 ? -1 : 0xffff;
    let at = from;
    // Four keys at a time, so that their loads run in parallel.
    for (const last = Math.min(end, bytes.length - 3) - 3 * stride; at < last; at += 4 * stride) {
      const a = keyOf(view.getInt32(at, true)) & mask;
      const b = keyOf(view.getInt32(at + stride, true)) & mask;
      const c = keyOf(view.getInt32(at + 2 * stride, true)) & mask;
      const d = keyOf(view.getInt32(at + 3 * stride, true)) & mask;
      const metA = met[hashOf(a)] as number;
      const metB = met[hashOf(b)] as number;
      const metC = met[hashOf(c)] as number;
      const metD = met[hashOf(d)] as number;
      if ((metA | metB | metC | metD) === 0) continue;
      if (metA === 1) this.compare(table, bytes, at, a, from, to);
      if (metB === 1) this.compare(table, bytes, at + stride, b, from, to);
      if (metC === 1) this.compare(table, bytes, at + 2 * stride, c, from, to);
      if (metD === 1) this.compare(table, bytes, at + 3 * stride, d, from, to);
    }
    for (; at < end; at += stride) this.compare(table, bytes, at, keyAt(bytes, at, length), from, to);
  }

  /** Compares the bytes around a key with the texts that have this key. */
  private compare(table: KeyTable, bytes: Uint8Array, at: number, key: number, from: number, to: number): void {
    const { next, keys, texts, offsets } = table;
    for (let entry = table.first[hashOf(key)] as number; entry !== 0; entry = next[entry] as number) {
      if (keys[entry] !== key) continue;
      const start = at - (offsets[entry] as number);
      const text = texts[entry] as number;
      if (start >= from && start < to && this.isAt(bytes, start, text)) this.found.push({ text, start });
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
}

function smallLetter(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}
