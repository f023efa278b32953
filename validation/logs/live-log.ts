import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { leftOut } from './log-bundle.ts';

/** One file of a stream that is being received. */
export interface LogSegment {
  path: string;
  /** The offset in the stream of its first byte. */
  start: number;
  size: number;
}

/**
 * The files of a stream that is being received, in order: the file itself and, if the stream is longer than
 * half of the limit, up to two files `<path>.tail-<offset>` with its latest bytes.
 */
export async function logSegments(path: string): Promise<LogSegment[]> {
  const size = await sizeOf(path);
  if (size === undefined) return [];
  const segments: LogSegment[] = [{ path, start: 0, size }];
  for (const start of tailStarts(await readdir(dirname(path)), basename(path))) {
    const tail = tailPath(path, start);
    segments.push({ path: tail, start, size: (await sizeOf(tail)) ?? 0 });
  }
  return segments;
}

/** The offsets in a stream of its later files, ascending. @param names in its directory @param log its own name */
export function tailStarts(names: readonly string[], log: string): number[] {
  const prefix = `${log}.tail-`;
  return names
    .filter((name) => name.startsWith(prefix) && /^\d{1,15}$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .sort((a, b) => a - b);
}

/**
 * Writes a stream to the disk as it arrives. Its whole state is in names and sizes of files, so that another process can continue.
 * If the stream is longer than the limit, its first and last halves are kept: see logSegments and assembleLog.
 */
export class LiveLog {
  readonly #path: string;
  readonly #half: number;
  #file: FileHandle;
  #start: number;
  #offset: number;

  private constructor(path: string, half: number, file: FileHandle, start: number, offset: number) {
    this.#path = path;
    this.#half = half;
    this.#file = file;
    this.#start = start;
    this.#offset = offset;
  }

  /** Opens the files of a stream, or creates them and the directory. @param limit bytes of the stream that are kept */
  static async open(path: string, limit: number): Promise<LiveLog> {
    await mkdir(dirname(path), { recursive: true });
    const last = (await logSegments(path)).at(-1) ?? { path, start: 0, size: 0 };
    const file = await open(last.path, last.size > 0 ? 'r+' : 'w');
    return new LiveLog(path, halfOf(limit), file, last.start, last.start + last.size);
  }

  /** Number of bytes of the stream that are, or were, on the disk. */
  get offset(): number {
    return this.#offset;
  }

  /** @throws when the disk is full or fails: `offset` says how much was written */
  async write(bytes: Buffer): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const room = this.#start + this.#half - this.#offset;
      if (room <= 0) {
        await this.#rotate();
        continue;
      }
      const length = Math.min(room, bytes.length - done);
      const { bytesWritten } = await this.#file.write(bytes, done, length, this.#offset - this.#start);
      done += bytesWritten;
      this.#offset += bytesWritten;
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** Begins the next file. Of the earlier files the first and the latest are kept. */
  async #rotate(): Promise<void> {
    const next = await open(tailPath(this.#path, this.#offset), 'w');
    await this.#file.close();
    this.#file = next;
    this.#start = this.#offset;
    const tails = (await logSegments(this.#path)).slice(1);
    for (const { path } of tails.slice(0, -2)) await rm(path, { force: true });
  }
}

/**
 * Joins the files of a complete stream to one file: all of it, or its first and last halves of the limit with a line
 * between them that says how much was left out. A second call does no harm.
 */
export async function assembleLog(path: string, limit: number): Promise<void> {
  const [head, ...tails] = await logSegments(path);
  const last = tails.at(-1);
  if (!head || !last) return;
  const half = halfOf(limit);
  // A longer one was joined already, by a process that ended before it removed the rest.
  if (head.size <= half) {
    const draft = `${path}.draft`;
    const from = Math.max(last.start + last.size - half, tails[0]?.start ?? 0, head.size);
    await pipeline(joined(head, tails, from), createWriteStream(draft));
    await rename(draft, path);
  }
  for (const tail of tails) await rm(tail.path, { force: true });
}

async function* joined(head: LogSegment, tails: readonly LogSegment[], from: number): AsyncGenerator<Buffer> {
  yield* createReadStream(head.path);
  if (from > head.size) yield leftOut(from - head.size);
  for (const { path, start, size } of tails) {
    if (start + size > from) yield* createReadStream(path, { start: Math.max(0, from - start) });
  }
}

function halfOf(limit: number): number {
  return Math.max(1, Math.floor(limit / 2));
}

function tailPath(path: string, start: number): string {
  return join(dirname(path), `${basename(path)}.tail-${start}`);
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const info = await stat(path);
    // A directory or a named pipe in its place cannot be read.
    return info.isFile() ? info.size : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
