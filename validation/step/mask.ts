import { closeSync, fstatSync, futimesSync, openSync, readSync, writeSync } from 'node:fs';
import { formsOf } from './mask-forms.ts';
import { Needles } from './needles.ts';

const ASTERISK = 0x2a;
const PIECE = 1 << 20;

/** The texts to mask: the secrets in all their forms. @param secrets read as UTF-8; empty ones are ignored */
export function masksOf(secrets: readonly string[]): Needles {
  return new Needles(secrets.filter((secret) => secret !== '').flatMap(formsOf));
}

/** Limit on the variable's length: programs may fail with a longer environment. */
const LINES_LIMIT = 32 << 10;

/**
 * The same as text for relval-step.sh, one form on each line, the longest first. Forms that do not fit are left out:
 * rare forms come last.
 */
export function maskLines(secrets: readonly string[]): string {
  const forms = secrets.map((secret) => formsOf(secret).filter((form) => !form.includes('\n')));
  const lines = new Set<string>();
  let length = 0;
  for (let n = 0; forms.some((some) => n < some.length); n++) {
    for (const form of forms.flatMap((some) => some[n]?.toString('utf8') ?? [])) {
      const more = lines.has(form) ? 0 : Buffer.byteLength(form) + 1;
      if (length + more > LINES_LIMIT) continue;
      lines.add(form);
      length += more;
    }
  }
  return [...lines].sort((a, b) => b.length - a.length).join('\n');
}

/**
 * Replaces secrets in a stream of bytes by asterisks, wherever they are: across the borders of chunks, inside
 * and overlapping one another. Lengths do not change, so every offset stays valid. Bytes that may be the beginning of a secret
 * are held back until more arrive. One such byte may be passed on earlier.
 */
export class Masker {
  readonly #masks: Needles;
  #held: Buffer = Buffer.alloc(0);
  /** Number of bytes at the beginning of the held bytes that belong to a secret which began before them. */
  #covered = 0;
  /** Number of bytes at the beginning of the held bytes that have been passed on. */
  #shown = 0;

  constructor(masks: Needles) {
    this.#masks = masks;
  }

  /** How many bytes before an offset must be read again, so that a secret across the offset is found. */
  get context(): number {
    return Math.max(0, this.#masks.longest - 1);
  }

  /**
   * @param chunk is neither changed nor kept
   * @returns the bytes that can be passed on, in order; `masked`: something in them was replaced
   */
  push(chunk: Buffer): { bytes: Buffer; masked: boolean } {
    const text = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    return this.#release(text, text.length - this.#masks.beginningAtEnd(text));
  }

  /**
   * The held byte, if it is a single one, for when nothing follows for a while: nearly every letter may be the beginning of a form of
   * a secret, so that an unfinished line would often lack its last letter. If the rest of the secret follows, it is masked.
   */
  passSingle(): Buffer {
    if (this.#held.length !== 1 || this.#shown > 0) return Buffer.alloc(0);
    this.#shown = 1;
    return this.#covered > 0 ? Buffer.from([ASTERISK]) : this.#held;
  }

  /** The bytes that are still held. No more bytes follow. */
  end(): { bytes: Buffer; masked: boolean } {
    return this.#release(this.#held, this.#held.length);
  }

  #release(text: Buffer, length: number): { bytes: Buffer; masked: boolean } {
    let bytes = text.subarray(0, length);
    let masked = false;
    let covered = 0;
    const cover = (start: number, end: number): void => {
      if (!masked) bytes = Buffer.from(bytes);
      masked = true;
      bytes.fill(ASTERISK, start, Math.min(end, length));
      covered = Math.max(covered, end - length);
    };
    if (this.#covered > 0) cover(0, this.#covered);
    // A secret that lies completely in the held bytes will be found again.
    this.#masks.find(text, (start, end) => start < length && cover(start, end));
    this.#held = Buffer.from(text.subarray(length));
    this.#covered = covered;
    const shown = Math.min(this.#shown, length);
    this.#shown -= shown;
    return { bytes: bytes.subarray(shown), masked };
  }
}

/**
 * Masks secrets in a file, in place and without changing its length. Its times are kept, because makeflow runs a rule
 * again when its files have become newer. Most files are small, and waiting for a thread takes longer than reading
 * them, so each piece is read synchronously, and other work may run between two pieces.
 */
export async function maskFile(path: string, masks: Needles): Promise<void> {
  const masker = new Masker(masks);
  const file = openSync(path, 'r+');
  try {
    const { atime, mtime, size } = fstatSync(file);
    const piece = Buffer.allocUnsafe(Math.min(PIECE, size));
    let done = 0;
    let changed = false;
    const put = ({ bytes, masked }: { bytes: Buffer; masked: boolean }): void => {
      for (let written = 0; masked && written < bytes.length; ) {
        written += writeSync(file, bytes, written, bytes.length - written, done + written);
      }
      changed ||= masked;
      done += bytes.length;
    };
    for (let at = 0; at < size; ) {
      if (at > 0) await new Promise((resolve) => setImmediate(resolve));
      const length = readSync(file, piece, 0, piece.length, at);
      if (length === 0) break;
      at += length;
      put(masker.push(piece.subarray(0, length)));
    }
    put(masker.end());
    if (changed) futimesSync(file, atime, mtime);
  } finally {
    closeSync(file);
  }
}
