import type { Encoding } from './plain.ts';
import { windows } from './windows.ts';

/** Both from 1; the column in characters, those of terminal sequences too. */
export interface LogPosition {
  line: number;
  column: number;
}

/** Lines and columns of byte offsets, which must ascend. The file is read up to the last of them. */
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
  // Only of a file that was cut short since: then its end is as near as one gets.
  while (positions.length < offsets.length) positions.push(counter.position());
  return positions;
}

/** Of UTF-8: characters are bytes that do not continue a sequence. */
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

/** Of UTF-16: characters are units but for the second of a pair. */
class WideCounter {
  private readonly isLittle: boolean;
  private line = 1;
  private characters = 0;
  /** The first byte of a unit whose second one has not come. */
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
