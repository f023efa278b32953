import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { LeftOut } from './log-bundle.ts';

/**
 * The times at which a log arrived: `<log>.times` beside a log that was received while it was written, because a log itself has no times.
 * Entries of twelve bytes: an offset in the stream and a time in ms since 1970, six bytes each, big-endian. The bytes from
 * that offset up to the next entry's arrived then, or up to APART_MS later. With the time 0 they never arrived: the log has them
 * from the file that the step sent at its end. Offsets never decrease.
 */
const ENTRY = 12;
const HALF = ENTRY / 2;
/** Smallest time between entries: an hour of steady output takes 216 kB, 200 MB at once take almost nothing. */
const APART_MS = 200;
const NEVER = 0;

export function timesPath(log: string): string {
  return `${log}.times`;
}

/** Records when a stream arrives. Its errors are ignored: a log without times is better than none. */
export class ArrivalWriter {
  readonly #path: string;
  #file: FileHandle | undefined;
  #entries = 0;
  #last = Number.NEGATIVE_INFINITY;

  /** @param log path of the log; the file with its times is opened when its first bytes arrive */
  constructor(log: string) {
    this.#path = timesPath(log);
  }

  /**
   * The bytes from this offset on have arrived. Call it before they are written, so that every byte has a time.
   * @param time ms since 1970
   */
  async came(offset: number, time: number): Promise<void> {
    try {
      if (Math.abs(time - this.#last) < APART_MS) return;
      this.#file ??= await this.#open(offset);
      if (Math.abs(time - this.#last) < APART_MS) return;
      this.#last = time;
      await this.#write(this.#file, offset, time);
    } catch {
      this.#last = time; // the next attempt waits as long as after a written entry
    }
  }

  /** @param offset end of the stream so far: entries after it are removed */
  async close(offset: number): Promise<void> {
    const file = this.#file;
    if (!file) return;
    await this.#write(file, offset, NEVER).catch(() => {});
    await file.close().catch(() => {});
  }

  async #write(file: FileHandle, offset: number, time: number): Promise<void> {
    const entry = Buffer.alloc(ENTRY);
    entry.writeUIntBE(offset, 0, HALF);
    entry.writeUIntBE(time, HALF, HALF);
    const { bytesWritten } = await file.write(entry, 0, ENTRY, this.#entries * ENTRY);
    if (bytesWritten === ENTRY) this.#entries++;
  }

  /** Continues after the existing entries. Entries of bytes that are not on the disk, an end entry and half an entry are removed. */
  async #open(offset: number): Promise<FileHandle> {
    const file = await open(this.#path, constants.O_RDWR | constants.O_CREAT);
    try {
      const { size } = await file.stat();
      this.#entries = await entriesUpTo(file, Math.floor(size / ENTRY), offset);
      const last = await readEntries(file, Math.max(0, this.#entries - 2), this.#entries);
      if (last.at(-1)?.time === NEVER) {
        last.pop();
        this.#entries--;
      }
      this.#last = last.at(-1)?.time ?? this.#last;
      if (size > this.#entries * ENTRY) await file.truncate(this.#entries * ENTRY);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }
}

/**
 * When bytes of a log arrived.
 * @param times the log's times
 * @param leftOut where the log was cut, if it was
 * @param offsets of bytes in the log's file, ascending
 * @returns ms since 1970 for each; null if unknown, and inside the line about the left-out part
 */
export async function arrivalTimes(
  times: FileHandle,
  leftOut: LeftOut | undefined,
  offsets: readonly number[],
): Promise<(number | null)[]> {
  if (offsets.length === 0) return [];
  const places = offsets.map((offset) => placeInStream(offset, leftOut));
  const known = places.filter((place) => place !== null);
  const count = Math.floor((await times.stat()).size / ENTRY);
  const from = await entriesUpTo(times, count, known[0] ?? 0);
  const to = await entriesUpTo(times, count, known.at(-1) ?? 0);
  const entries = await readEntries(times, Math.max(0, from - 1), to);
  let next = 0;
  return places.map((place) => {
    if (place === null) return null;
    while (next < entries.length && (entries[next] as Entry).offset <= place) next++;
    return entries[next - 1]?.time || null;
  });
}

/** The offset in the stream of a byte in the file. */
function placeInStream(offset: number, leftOut: LeftOut | undefined): number | null {
  if (!leftOut || offset < leftOut.start) return offset;
  return offset < leftOut.end ? null : offset - leftOut.end + leftOut.start + leftOut.bytes;
}

interface Entry {
  offset: number;
  time: number;
}

/** How many of the first `count` entries have this offset or a smaller one. */
async function entriesUpTo(file: FileHandle, count: number, offset: number): Promise<number> {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    const [entry] = await readEntries(file, middle, middle + 1);
    if (entry && entry.offset <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function readEntries(file: FileHandle, from: number, to: number): Promise<Entry[]> {
  if (to <= from || from < 0) return [];
  const bytes = Buffer.alloc((to - from) * ENTRY);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, from * ENTRY);
  return Array.from({ length: Math.floor(bytesRead / ENTRY) }, (_, n) => ({
    offset: bytes.readUIntBE(n * ENTRY, HALF),
    time: bytes.readUIntBE(n * ENTRY + HALF, HALF),
  }));
}
