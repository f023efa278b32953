import { lstat, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { NoSuchFileError, type OpenFile, openInside, stampOf } from '../files/open-inside.ts';
import { timesPath } from './arrival-times.ts';
import { type Bytes, readBlock } from './line-index.ts';
import { tailStarts } from './live-log.ts';
import { findLeftOut, type LeftOut, leftOut } from './log-bundle.ts';

/** How often a log is opened anew when its files are exchanged meanwhile. */
const TRIES = 20;
const PIECE = 256 * 1024;

/** Where a log is: the run's directory, and the path in it. */
export interface LogPlace {
  root: string;
  path: string;
}

/** A part of a log: a file, or the line that stands for what was left out. */
export interface LogPart {
  /** Where it begins, and how long it is. */
  start: number;
  size: number;
  from: OpenFile | Buffer;
}

/**
 * A log as it is now, read as one: the file, and behind it what is received of one that has grown beyond half of its limit
 * (see logSegments). What is lost between these has the line that stands for it in the final file too.
 */
export class OpenLog implements Bytes {
  readonly parts: readonly LogPart[];
  /** What is not there any more; `bytes` tells one state of a log from the next. */
  readonly leftOut: LeftOut | undefined;
  readonly #place: LogPlace;
  readonly #tails: string;

  constructor(place: LogPlace, parts: readonly LogPart[], tails: readonly number[], left: LeftOut | undefined) {
    this.#place = place;
    this.parts = parts;
    this.#tails = String(tails);
    this.leftOut = left;
  }

  get size(): number {
    const { start, size } = this.#last;
    return start + size;
  }

  /** Of its first file, which stays the same one while a log grows. */
  get head(): OpenFile {
    return this.parts[0]?.from as OpenFile;
  }

  /** The same as long as what has been read of it stays where it is. */
  get identity(): string {
    // Numbers of removed files are given to new ones.
    const { ino, birthtimeMs } = this.head.stat;
    return `${ino} ${birthtimeMs} ${this.leftOut?.bytes ?? 0}`;
  }

  /** Changes whenever the log does. */
  get stamp(): string {
    return this.parts.map(({ from }) => ('stat' in from ? stampOf(from.stat) : '')).join('.');
  }

  get changed(): Date {
    return new Date(Math.max(...this.parts.map(({ from }) => ('stat' in from ? from.stat.mtimeMs : 0))));
  }

  get #last(): LogPart {
    return this.parts.at(-1) as LogPart;
  }

  async read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }> {
    const part = this.parts.find(({ start, size }) => position < start + size);
    if (!part) return { bytesRead: 0 };
    const at = position - part.start;
    const wanted = Math.min(length, part.size - at);
    if ('handle' in part.from) return part.from.handle.read(buffer, offset, wanted, at);
    return { bytesRead: part.from.copy(buffer, offset, at, at + wanted) };
  }

  /** The bytes in [from, to); the log is closed when they have been taken, or nobody wants them. */
  stream(from: number, to: number): Readable {
    const stream = Readable.from(this.#pieces(from, to), { objectMode: false, highWaterMark: PIECE });
    return stream.once('close', () => void this.close());
  }

  async *#pieces(from: number, to: number): AsyncGenerator<Buffer> {
    for (let at = from; at < to; ) {
      const piece = await readBlock(this, at, Math.min(to, at + PIECE));
      if (piece.length === 0) return;
      at += piece.length;
      yield piece;
    }
  }

  /** Whether what was added, if anything, stands behind what is known: then `size` is up to date. */
  async grown(): Promise<boolean> {
    const { root, path } = this.#place;
    const head = await lstat(join(root, path)).catch(() => undefined);
    if (head?.ino !== this.head.stat.ino || String(await tailsOf(this.#place)) !== this.#tails) return false;
    const last = this.#last;
    const file = last.from as OpenFile;
    file.stat = await file.handle.stat();
    if (file.stat.size < last.size) return false;
    last.size = file.stat.size;
    return true;
  }

  async close(): Promise<void> {
    for (const { from } of this.parts) if ('handle' in from) await from.handle.close();
  }
}

/** @throws NoSuchFileError there is no such log, or its files are being exchanged all the time */
export async function openLog(place: LogPlace): Promise<OpenLog> {
  for (let n = 0; n < TRIES; n++) {
    const head = await openInside(place.root, place.path);
    const log = await withTails(place, head);
    if (log && (await log.grown())) return log;
    await (log ?? head.handle).close();
  }
  throw new NoSuchFileError(`${place.path} is being exchanged at this moment`);
}

/** Undefined when one of them is gone by now. */
async function withTails(place: LogPlace, head: OpenFile): Promise<OpenLog | undefined> {
  const tails = await tailsOf(place);
  const whole: LogPart = { start: 0, size: head.stat.size, from: head };
  // One that is longer has been put together already; the rest is being removed.
  if (tails[0] === undefined || head.stat.size > tails[0]) {
    return new OpenLog(place, [whole], tails, await findLeftOut(head.handle, head.stat.size));
  }
  const parts = [whole];
  let size = whole.size;
  const add = (from: LogPart['from'], length: number): void => {
    parts.push({ start: size, size: length, from });
    size += length;
  };
  const bytes = tails[0] - size;
  if (bytes > 0) {
    const note = leftOut(bytes);
    add(note, note.length);
  }
  const left = bytes > 0 ? { start: whole.size, end: size, bytes } : undefined;
  for (const start of tails) {
    const tail = await openInside(place.root, `${place.path}.tail-${start}`).catch(() => undefined);
    if (!tail) {
      for (const { from } of parts.slice(1)) if ('handle' in from) await from.handle.close();
      return undefined;
    }
    add(tail, tail.stat.size);
  }
  return new OpenLog(place, parts, tails, left);
}

/** Only what a step prints is received in parts. */
async function tailsOf({ root, path }: LogPlace): Promise<number[]> {
  if (!/^steps\/[^/]+\/\d+\/std(out|err)\.log$/.test(path)) return [];
  return tailStarts(await readdir(join(root, dirname(path))).catch(() => []), basename(path));
}

/** When a log came; undefined where nobody wrote it down. */
export function openTimes({ root, path }: { root: string; path: string }): Promise<OpenFile | undefined> {
  return openInside(root, timesPath(path)).catch(() => undefined);
}
