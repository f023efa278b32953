import { readSync } from 'node:fs';
import type { OpenLog } from './open-log.ts';

/** A part of a log, as in OpenLog; a file by its descriptor. */
export interface ReadablePart {
  start: number;
  size: number;
  from: number | Uint8Array;
}

/** The parts of a log that is open, as a reader takes them, also in another thread. */
export function readableParts({ parts }: OpenLog): ReadablePart[] {
  return parts.map(({ start, size, from }) => ({ start, size, from: 'handle' in from ? from.handle.fd : from }));
}

/** A line of a log. */
export interface Line {
  /** From 1. */
  number: number;
  /** Where it begins, in bytes. */
  offset: number;
  /** At most LONGEST characters of it. */
  text: string;
}

/** Where reading begins: the number of a line, and its offset in bytes. */
export interface Place {
  line: number;
  offset: number;
}

/** Characters of a line that are compared and shown. */
const LONGEST = 2000;
const BLOCK = 1024 * 1024;
const LINE_FEED = 10;

/** Reads the lines of a log from a place on, one after another, in a thread that may wait for the disk. */
export class LogReader {
  readonly #parts: readonly ReadablePart[];
  readonly #size: number;
  #block: Buffer = Buffer.alloc(0);
  /** Offset of the block, and of the next line. */
  #start: number;
  #next: number;
  #line: number;

  constructor(parts: readonly ReadablePart[], { line, offset }: Place = { line: 1, offset: 0 }) {
    const last = parts.at(-1);
    this.#parts = parts;
    this.#size = last ? last.start + last.size : 0;
    this.#start = offset;
    this.#next = offset;
    this.#line = line;
  }

  get size(): number {
    return this.#size;
  }

  /** Of the next line. */
  get place(): Place {
    return { line: this.#line, offset: this.#next };
  }

  /** The next line; undefined at the end. */
  read(): Line | undefined {
    if (this.#next >= this.#size) return undefined;
    const offset = this.#next;
    let text = '';
    for (let at = offset; ; ) {
      let block = this.#at(at);
      if (block.length === 0) {
        this.#next = this.#size;
        break;
      }
      // A line that lies in one block is read as a whole, so that no character of it is cut.
      if (at === offset && at > this.#start && !block.includes(LINE_FEED)) {
        this.#block = this.#load(at);
        this.#start = at;
        block = this.#block;
      }
      const end = block.indexOf(LINE_FEED);
      if (text.length < LONGEST) text += block.toString('utf8', 0, Math.min(end < 0 ? block.length : end, 4 * LONGEST));
      at += end < 0 ? block.length : end + 1;
      this.#next = at;
      if (end >= 0) break;
    }
    const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
    return { number: this.#line++, offset, text: cut.endsWith('\r') ? cut.slice(0, -1) : cut };
  }

  /** The bytes from an offset on that are in memory; none at the end. */
  #at(offset: number): Buffer {
    if (offset < this.#start || offset >= this.#start + this.#block.length) {
      this.#block = this.#load(offset);
      this.#start = offset;
    }
    return this.#block.subarray(offset - this.#start);
  }

  #load(offset: number): Buffer {
    const part = this.#parts.find(({ start, size }) => offset >= start && offset < start + size);
    if (!part) return Buffer.alloc(0);
    const at = offset - part.start;
    const length = Math.min(BLOCK, part.size - at);
    if (typeof part.from !== 'number') return Buffer.from(part.from.subarray(at, at + length));
    const block = Buffer.allocUnsafe(length);
    return block.subarray(0, readSync(part.from, block, 0, length, at));
  }
}
