import { lstat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { listInside, NoSuchFileError, type OpenFile, openInside, stampOf } from '../files/open-inside.ts';
import { timesPath } from './arrival-times.ts';
import { type Bytes, readBlock } from './line-index.ts';
import { tailStarts } from './live-log.ts';
import { findLeftOut, type LeftOut, leftOut } from './log-bundle.ts';

/** How many times a log is opened again if its files are replaced while it is opened. */
const TRIES = 20;
const PIECE = 256 * 1024;
/** The largest number of entries of a directory that are read. */
const MOST_ENTRIES = 10_000;

/** The place of a log: the run's directory, and the path in it. */
export interface LogPlace {
  root: string;
  path: string;
}

/** A part of a log: a file, or the line about the left-out part. */
export interface LogPart {
  /** Its offset, and its length. */
  start: number;
  size: number;
  from: OpenFile | Buffer;
}

/**
 * A log at this moment, read as one: the file and, after it, the later files of a stream that is longer than half of its limit
 * (see logSegments). If bytes between them are lost, the line about them is the same as in the final file.
 */
export class OpenLog implements Bytes {
  readonly parts: readonly LogPart[];
  /** The left-out part. `bytes` changes whenever more is left out. */
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

  /** Its first file, which stays the same while the log grows. */
  get head(): OpenFile {
    return this.parts[0]?.from as OpenFile;
  }

  /** Does not change as long as all bytes that were read keep their offsets. */
  get identity(): string {
    // New files get the inode numbers of removed ones.
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

  /** A stream of the bytes in [from, to). The log is closed when the stream ends or is abandoned. */
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

  /** Whether new bytes, if any, only follow the known ones: then `size` is up to date. */
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

/** @throws NoSuchFileError when there is no such log, or its files are replaced all the time */
export async function openLog(place: LogPlace): Promise<OpenLog> {
  for (let n = 0; n < TRIES; n++) {
    const head = await openInside(place.root, place.path);
    const log = await withTails(place, head);
    if (log && (await log.grown())) return log;
    await (log ?? head.handle).close();
  }
  throw new NoSuchFileError(`${place.path} is being replaced at this moment`);
}

/** Undefined when one of them was removed in the meantime. */
async function withTails(place: LogPlace, head: OpenFile): Promise<OpenLog | undefined> {
  const tails = await tailsOf(place);
  const whole: LogPart = { start: 0, size: head.stat.size, from: head };
  // A longer one was joined already; the rest is being removed.
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

/** Only the output streams of a step are received in parts. */
async function tailsOf({ root, path }: LogPlace): Promise<number[]> {
  if (!/^steps\/[^/]+\/\d+\/std(out|err)\.log$/.test(path)) return [];
  const entries = await listInside(root, dirname(path), MOST_ENTRIES);
  return tailStarts(
    entries.map(({ name }) => name),
    basename(path),
  );
}

/** When a log arrived; undefined if it was not recorded. */
export function openTimes({ root, path }: { root: string; path: string }): Promise<OpenFile | undefined> {
  return openInside(root, timesPath(path)).catch(() => undefined);
}
