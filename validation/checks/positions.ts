import type { Encoding } from './plain.ts';
import { windows } from './windows.ts';

/** Line and column count from 1. The column is in characters and includes those of terminal sequences. */
export interface LogPosition {
  line: number;
  column: number;
}

/** Finds the lines and columns of byte offsets, which must ascend. Reads the file up to the last offset. */
export async function locate(
  path: string,
  offsets: readonly number[],
  encoding: Encoding = 'utf8',
): Promise<LogPosition[]> {
  const positions: LogPosition[] = [];
  const counter = encoding === 'utf8' ? new Counter() : new WideCounter(encoding);
  if (offsets.length > 0) {
    for await (const { bytes, from, to, base } of windows(path, 0)) {
      let done = from;
      let next = offsets[positions.length];
      while (next !== undefined && next < base + to) {
        counter.advance(bytes, done, next - base);
        done = next - base;
        positions.push(counter.position());
        next = offsets[positions.length];
      }
      if (next === undefined) break;
      counter.advance(bytes, done, to);
    }
  }
  // The file is shorter than before: its end is the best position left.
  while (positions.length < offsets.length) positions.push(counter.position());
  return positions;
}

/** Counts in UTF-8: each byte that does not continue a sequence is a character. */
class Counter {
  private line = 1;
  private characters = 0;

  advance(bytes: Buffer, from: number, to: number): void {
    const part = bytes.subarray(from, to);
    let start = 0;
    for (let i = part.indexOf(10); i !== -1; i = part.indexOf(10, i + 1)) {
      this.line++;
      this.characters = 0;
      start = i + 1;
    }
    for (let i = start; i < part.length; i++) {
      if (((part[i] as number) & 0xc0) !== 0x80) this.characters++;
    }
  }

  position(): LogPosition {
    return { line: this.line, column: this.characters + 1 };
  }
}

/** Counts in UTF-16: each unit is a character, except the second unit of a pair. */
class WideCounter {
  private readonly isLittle: boolean;
  private line = 1;
  private characters = 0;
  /** The first byte of a unit whose second byte is not read yet. */
  private half: number | undefined;

  constructor(encoding: Encoding) {
    this.isLittle = encoding === 'utf16le';
  }

  advance(bytes: Buffer, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const byte = bytes[i] as number;
      if (this.half === undefined) {
        this.half = byte;
        continue;
      }
      const unit = this.isLittle ? this.half | (byte << 8) : (this.half << 8) | byte;
      this.half = undefined;
      if (unit === 10) {
        this.line++;
        this.characters = 0;
      } else if ((unit & 0xfc00) !== 0xdc00) this.characters++;
    }
  }

  position(): LogPosition {
    return { line: this.line, column: this.characters + 1 };
  }
}
