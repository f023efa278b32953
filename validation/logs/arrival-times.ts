import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { LeftOut } from './log-bundle.ts';

/**
 * When a log came: `<log>.times` beside a log that was received while it was written, because a log has no times itself.
 * Entries of twelve bytes: an offset in the stream and a time in ms since 1970, six bytes each, big-endian. The bytes from
 * that offset up to the next entry's came then, or up to APART_MS later; with the time 0 they never came: the log has them
 * from the file that the step sent at its end. Offsets never decrease.
 */
const ENTRY = 12;
const HALF = ENTRY / 2;
/** Entries are this far apart at least: an hour of steady output takes 216 kB, 200 MB at once take almost nothing. */
const APART_MS = 200;
const NEVER = 0;

export function timesPath(log: string): string {
  return `${log}.times`;
}

/** Writes down when a stream comes. Nothing of it ever fails: a log without times is better than none. */
export class ArrivalWriter {
  readonly #path: string;
  #file: FileHandle | undefined;
  #entries = 0;
  #last = Number.NEGATIVE_INFINITY;

  /** @param log path of the log; its times are opened with its first bytes */
  constructor(log: string) {
    this.#path = timesPath(log);
  }

  /**
   * The bytes from this offset on have come. Said before they are written, so that no byte is without its time.
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
      this.#last = time; // the next entry is tried as far from here as from one that was written
    }
  }

  /** @param offset up to which the stream has come: nothing is said of what is behind */
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

  /** Goes on behind what is there. Entries of bytes that never came to the disk go, the end goes, and so does half an entry. */
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
 * When bytes of a log came.
 * @param times its times
 * @param leftOut where the log was cut to its head and tail, if it was
 * @param offsets of bytes in the log's file, ascending
 * @returns ms since 1970 for each; null where nobody knows, and within the line that stands for what was left out
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

/** Where in the stream a byte of the file stands. */
function placeInStream(offset: number, leftOut: LeftOut | undefined): number | null {
  if (!leftOut || offset < leftOut.start) return offset;
  return offset < leftOut.end ? null : offset - leftOut.end + leftOut.start + leftOut.bytes;
}

interface Entry {
  offset: number;
  time: number;
}

/** How many of the first `count` entries are of an offset or one before it. */
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
