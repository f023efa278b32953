import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { logSegments } from './live-log.ts';
import { leftOut } from './log-bundle.ts';

const PIECE = 1 << 16;

/** Some bytes of a log. */
export interface LogChunk {
  bytes: Buffer;
  /** The offset of the first one in the log; undefined for a line about the left-out part. */
  offset: number | undefined;
}

/** A line of a log. */
export interface LogLine {
  /** Without its line feed. */
  text: string;
  /** Number of the line, from 1 at the place where the reading began. */
  number: number;
  /** The offset of its first byte, if known. */
  offset: number | undefined;
}

/**
 * A log of an attempt that is read while it grows. It may be replaced by its final form, which has the same bytes, or lacks
 * the middle.
 */
export class LogTail {
  readonly #path: string;
  #offset: number;

  /** @param offset of the first byte to read */
  constructor(path: string, offset = 0) {
    this.#path = path;
    this.#offset = offset;
  }

  /** The new bytes. */
  async *read(): AsyncGenerator<LogChunk> {
    for (const { path, start, size } of await logSegments(this.#path)) {
      if (start + size <= this.#offset) continue;
      if (start > this.#offset) yield { bytes: leftOut(start - this.#offset), offset: undefined };
      this.#offset = Math.max(this.#offset, start);
      const end = start + size;
      for await (const chunk of createReadStream(path, { start: this.#offset - start, end: size - 1 })) {
        const bytes = chunk as Buffer;
        yield { bytes, offset: this.#offset };
        this.#offset += bytes.length;
      }
      this.#offset = end;
    }
  }
}

/**
 * The byte offset of the last lines of a file. A line feed at the very end ends the last line and begins none.
 * @param lines how many lines
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

/** Joins chunks of a log to lines. The bytes may be anything. */
export class ChunkLines {
  #rest: Buffer = Buffer.alloc(0);
  #number = 1;
  #offset: number | undefined;
  readonly #limit: number;

  /** @param limit length in bytes after which an incomplete line is returned in pieces */
  constructor(limit = 1 << 20) {
    this.#limit = limit;
  }

  /** The lines that a chunk completes. */
  push({ bytes, offset }: LogChunk): LogLine[] {
    const before = this.#rest.length;
    const text = before > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    const lines: LogLine[] = [];
    if (before === 0) this.#offset = offset;
    let start = 0;
    for (let end = text.indexOf(0x0a); end >= 0; end = text.indexOf(0x0a, start)) {
      lines.push(this.#line(text.subarray(start, end)));
      this.#number++;
      start = end + 1;
      this.#offset = offset === undefined ? undefined : offset + start - before;
    }
    if (text.length - start > this.#limit) {
      lines.push(this.#line(text.subarray(start)));
      start = text.length;
    }
    this.#rest = Buffer.from(text.subarray(start));
    return lines;
  }

  /** An incomplete last line. */
  end(): LogLine[] {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return rest.length === 0 ? [] : [this.#line(rest)];
  }

  #line(bytes: Buffer): LogLine {
    return { text: bytes.toString('utf8'), number: this.#number, offset: this.#offset };
  }
}
