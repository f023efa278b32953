import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { logSegments } from '../step/live-log.ts';

const PIECE = 1 << 16;

/**
 * A log of an attempt that is read as it grows. It may be replaced by its final form, which has the same bytes, or of which
 * the middle is left out.
 */
export class LogTail {
  readonly #path: string;
  #offset: number;

  /** @param offset of the first byte that is wanted */
  constructor(path: string, offset = 0) {
    this.#path = path;
    this.#offset = offset;
  }

  /** What is new. */
  async *read(): AsyncGenerator<Buffer> {
    for (const { path, start, size } of await logSegments(this.#path)) {
      if (start + size <= this.#offset) continue;
      if (start > this.#offset) yield Buffer.from(`\n[relval: ${start - this.#offset} bytes left out here]\n`);
      const from = Math.max(this.#offset, start);
      for await (const chunk of createReadStream(path, { start: from - start, end: size - 1 })) {
        yield chunk as Buffer;
      }
      this.#offset = start + size;
    }
  }
}

/**
 * Where the last lines of a file begin, in bytes. A line feed at its very end ends the last line and begins none.
 * @param lines how many are wanted
 */
export async function lastLinesOffset(path: string, lines: number): Promise<number> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const piece = Buffer.allocUnsafe(PIECE);
    let left = lines;
    for (let end = size; end > 0 && lines > 0; ) {
      const start = Math.max(0, end - PIECE);
      const { bytesRead } = await file.read(piece, 0, end - start, start);
      const last = end === size ? bytesRead - 2 : bytesRead - 1;
      for (let at = last; at >= 0; at--) {
        if (piece[at] !== 0x0a) continue;
        left--;
        if (left === 0) return start + at + 1;
      }
      end = start;
    }
    return lines > 0 ? 0 : size;
  } finally {
    await file.close();
  }
}

/** Puts chunks of a log together into lines, of bytes that may be anything. */
export class ChunkLines {
  #rest: Buffer = Buffer.alloc(0);
  readonly #limit: number;

  /** @param limit bytes after which a line without an end is told in pieces */
  constructor(limit = 1 << 20) {
    this.#limit = limit;
  }

  /** The lines that a chunk completes, without their line feeds. */
  push(chunk: Buffer): string[] {
    let text = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    const lines: string[] = [];
    for (let end = text.indexOf(0x0a); end >= 0; end = text.indexOf(0x0a)) {
      lines.push(text.toString('utf8', 0, end));
      text = text.subarray(end + 1);
    }
    if (text.length > this.#limit) {
      lines.push(text.toString('utf8'));
      text = Buffer.alloc(0);
    }
    this.#rest = Buffer.from(text);
    return lines;
  }

  /** A last line without an end. */
  end(): string[] {
    const rest = this.#rest.toString('utf8');
    this.#rest = Buffer.alloc(0);
    return rest === '' ? [] : [rest];
  }
}
