import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  writeFileSync,
} from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { writeLeftOut } from './left-out-lines.ts';

/**
 * `<id>.logs`: all logs of a payload except stdout.log and stderr.log, in one file, because a Makeflow rule must name
 * its targets before it is known which logs there will be. One frame for each log:
 * `relval-log-1 BYTES HEAD OMITTED NAME\n`, BYTES bytes, `\n`. From a log that was too long OMITTED bytes were left out after
 * the first HEAD of the BYTES. The lines with known errors in the left-out part are in frames of another
 * kind: `relval-lines-1 BYTES BEFORE NAME\n`. The bundle comes from the worker, so nothing in it is trusted.
 */
export interface LogFrame {
  /** Path below the payload's directory. */
  name: string;
  /** The place of its bytes in the bundle. */
  start: number;
  size: number;
  /** Number of its bytes before the left-out part. */
  head: number;
  omitted: number;
}

/** Lines from the left-out part of a log, in the form of `grep -n`. */
export interface LinesFrame {
  /** Path of the log below the directory of the attempt. */
  name: string;
  start: number;
  size: number;
  /** Number of lines in the log before the part that grep has numbered. */
  before: number;
}

export interface LogBundle {
  frames: LogFrame[];
  lines: LinesFrame[];
  /** Why the bundle cannot be read beyond the last frame; that frame may be incomplete. */
  damage?: string;
}

/** A log that was unpacked, or why it was not. */
export interface UnpackedLog {
  name: string;
  omitted: number;
  refused?: string;
}

const HEADER = /^relval-log-1 (\d{1,15}) (\d{1,15}) (\d{1,15}) ([^\n]+)\n/;
const LINES_HEADER = /^relval-lines-1 (\d{1,15}) (\d{1,15}) ([^\n]+)\n/;
/** Bytes of a log that is read at once. */
const SMALL = 64 << 10;
/** Longest header: a path of Linux and the numbers before it. */
const HEADER_LIMIT = 4096 + 64;

/** Frames that are read, or written, in one turn of the event loop. */
const FRAMES_IN_TURN = 100;

/**
 * The frames of a bundle. The logs themselves are not read. An empty file is a bundle without logs. Most bundles have one frame,
 * and waiting for a thread takes longer than reading it, so it is read synchronously.
 */
export async function listLogs(bundle: string): Promise<LogBundle> {
  const file = openSync(bundle, 'r');
  try {
    const { size: end } = fstatSync(file);
    const buffer = Buffer.alloc(HEADER_LIMIT);
    const frames: LogFrame[] = [];
    const lines: LinesFrame[] = [];
    let at = 0;
    while (at < end) {
      if ((frames.length + lines.length) % FRAMES_IN_TURN === FRAMES_IN_TURN - 1) await nextTurn();
      const bytesRead = readSync(file, buffer, 0, HEADER_LIMIT, at);
      const lineEnd = buffer.subarray(0, bytesRead).indexOf('\n');
      const text = buffer.toString('utf8', 0, lineEnd + 1);
      const header = HEADER.exec(text) ?? LINES_HEADER.exec(text);
      if (!header) return { frames, lines, damage: `there is no frame at byte ${at} of ${bundle}` };
      const [size, head, omitted] = header.slice(1, -1).map(Number) as [number, number, number?];
      const name = header.at(-1) as string;
      const start = at + lineEnd + 1;
      const there = Math.min(size, end - start);
      if (omitted === undefined) lines.push({ name, start, size: there, before: head });
      else frames.push({ name, start, size: there, head: Math.min(head, there), omitted });
      if (there < size) return { frames, lines, damage: `${bundle} ends inside the log ${name}` };
      at = start + size + 1;
    }
    return { frames, lines };
  } finally {
    closeSync(file);
  }
}

/** Replaces the bytes that were not kept; relval-step.sh writes the same line. */
export function leftOut(bytes: number): Buffer {
  return Buffer.from(`\n[relval: ${bytes} bytes left out here]\n`);
}

/** Where a log was cut. */
export interface LeftOut {
  /** The offset in the file of the line that says so, and the offset after it. */
  start: number;
  end: number;
  /** How many bytes of the stream are missing. */
  bytes: number;
}

/** More than half the length of the line about the left-out part, with a number of 15 digits. */
const NOTE_REACH = 32;

/** Whether the middle of a log is missing: head and tail have the same length, so the line about it is in the middle. */
export async function findLeftOut(log: FileHandle, size: number): Promise<LeftOut | undefined> {
  const from = Math.max(0, Math.floor(size / 2) - NOTE_REACH);
  const bytes = Buffer.alloc(2 * NOTE_REACH);
  const { bytesRead } = await log.read(bytes, 0, bytes.length, from);
  const found = /\n\[relval: (\d{1,15}) bytes left out here\]\n/.exec(bytes.toString('latin1', 0, bytesRead));
  if (!found) return undefined;
  const start = from + found.index;
  const end = start + found[0].length;
  return start === size - end ? { start, end, bytes: Number(found[1]) } : undefined;
}

/** The bytes of one log, with a line in place of the left-out part. */
export async function* readLog(bundle: string, frame: LogFrame): AsyncGenerator<Buffer> {
  const { start, head, size, omitted } = frame;
  if (head > 0) yield* createReadStream(bundle, { start, end: start + head - 1 });
  if (omitted > 0) yield leftOut(omitted);
  if (size > head) yield* createReadStream(bundle, { start: start + head, end: start + size - 1 });
}

/**
 * Writes all logs of a bundle below a directory, which must be new or empty. It refuses a log whose name would lead out of the directory, or that
 * cannot exist beside another (`a` and `a/b`, a name twice), and writes the others.
 * @param leftOut directory for lines from the left-out parts, also new or empty (see left-out-lines.ts)
 */
export async function unpackLogs(
  bundle: string,
  directory: string,
  leftOut?: string,
): Promise<{ logs: UnpackedLog[]; damage?: string }> {
  const logs: UnpackedLog[] = [];
  const { frames, lines, damage } = await listLogs(bundle);
  for (const [n, frame] of frames.entries()) {
    if (n % FRAMES_IN_TURN === FRAMES_IN_TURN - 1) await nextTurn();
    const refused = badPath(frame.name) ?? (await write(bundle, frame, join(directory, frame.name)));
    logs.push({ name: frame.name, omitted: frame.omitted, ...(refused && { refused }) });
  }
  for (const { name, start, size, before } of leftOut === undefined ? [] : lines) {
    const text = readPart(bundle, start, size);
    const refused = badPath(name) ?? (await tryWrite(() => writeLeftOut(join(leftOut as string, name), text, before)));
    if (refused) logs.push({ name, omitted: 0, refused });
  }
  return { logs, ...(damage && { damage }) };
}

function readPart(path: string, start: number, size: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(size);
    return bytes.subarray(0, readSync(file, bytes, 0, size, start));
  } finally {
    closeSync(file);
  }
}

function badPath(name: string): string | undefined {
  if (name.includes('\0')) return 'the name contains a NUL character';
  const parts = name.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return 'the name leads out of the directory';
  if (parts.length > 255 || parts.some((part) => Buffer.byteLength(part) > 255)) return 'the name is too long';
  return undefined;
}

function write(bundle: string, frame: LogFrame, path: string): Promise<string | undefined> {
  return tryWrite(async () => {
    mkdirSync(dirname(path), { recursive: true });
    // Most steps have one log of a few lines: it is written in a fraction of the time that a stream takes.
    if (frame.size <= SMALL && frame.omitted === 0) {
      writeFileSync(path, readPart(bundle, frame.start, frame.size), { flag: 'wx' });
    } else await pipeline(Readable.from(readLog(bundle, frame)), createWriteStream(path, { flags: 'wx' }));
  });
}

/** @returns why it cannot be written */
async function tryWrite(writeIt: () => Promise<void>): Promise<string | undefined> {
  try {
    await writeIt();
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || code === 'ENOTDIR' || code === 'ENAMETOOLONG')
      return `another log is in its place (${code})`;
    throw error;
  }
}
