import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * `<id>.logs`: all logs that a payload left but stdout.log and stderr.log, in one file, because a Makeflow rule must name
 * its targets before anybody knows what logs there will be. A frame a log:
 * `relval-log-1 BYTES HEAD OMITTED NAME\n`, BYTES bytes, `\n`. Of a log that was too long OMITTED bytes were left out behind
 * the first HEAD of the BYTES. It comes from the worker: nothing in it is trusted.
 */
export interface LogFrame {
  /** Path below the payload's directory. */
  name: string;
  /** Where its bytes stand in the bundle. */
  start: number;
  size: number;
  /** How many of them were before what was left out. */
  head: number;
  omitted: number;
}

export interface LogBundle {
  frames: LogFrame[];
  /** What is wrong with the bundle from the end of the last frame on; that frame may be cut off. */
  damage?: string;
}

/** A log that was unpacked, or why not. */
export interface UnpackedLog {
  name: string;
  omitted: number;
  refused?: string;
}

const HEADER = /^relval-log-1 (\d{1,15}) (\d{1,15}) (\d{1,15}) (.+)$/;
/** A path of Linux and the numbers before it. */
const HEADER_LIMIT = 4096 + 64;

/** The frames of a bundle, without reading the logs themselves. An empty file is a bundle without logs. */
export async function listLogs(bundle: string): Promise<LogBundle> {
  const file = await open(bundle);
  try {
    const { size: end } = await file.stat();
    const buffer = Buffer.alloc(HEADER_LIMIT);
    const frames: LogFrame[] = [];
    let at = 0;
    while (at < end) {
      const { bytesRead } = await file.read(buffer, 0, HEADER_LIMIT, at);
      const lineEnd = buffer.subarray(0, bytesRead).indexOf('\n');
      const header = HEADER.exec(buffer.toString('utf8', 0, Math.max(lineEnd, 0)));
      if (!header) return { frames, damage: `no frame at byte ${at} of ${bundle}` };
      const [size, head, omitted] = header.slice(1, 4).map(Number) as [number, number, number];
      const start = at + lineEnd + 1;
      const there = Math.min(size, end - start);
      frames.push({ name: header[4] as string, start, size: there, head: Math.min(head, there), omitted });
      if (there < size) return { frames, damage: `${bundle} ends within the log ${header[4]}` };
      at = start + size + 1;
    }
    return { frames };
  } finally {
    await file.close();
  }
}

/** Stands in the place of bytes that were not kept; relval-step.sh says the same. */
export function leftOut(bytes: number): Buffer {
  return Buffer.from(`\n[relval: ${bytes} bytes left out here]\n`);
}

/** Where a log was cut. */
export interface LeftOut {
  /** Where the line that says so begins in the file, and the byte behind it. */
  start: number;
  end: number;
  /** How many bytes of the stream are not there. */
  bytes: number;
}

/** More than half the length of the line that stands for what was left out, with a number of 15 digits. */
const NOTE_REACH = 32;

/** Whether a log has lost its middle: head and tail are of one length, so that the line about it stands in the middle. */
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

/** The bytes of one log, with a line in the place of what was left out. */
export async function* readLog(bundle: string, frame: LogFrame): AsyncGenerator<Buffer> {
  const { start, head, size, omitted } = frame;
  if (head > 0) yield* createReadStream(bundle, { start, end: start + head - 1 });
  if (omitted > 0) yield leftOut(omitted);
  if (size > head) yield* createReadStream(bundle, { start: start + head, end: start + size - 1 });
}

/**
 * Writes all logs of a bundle below a directory, which must be new or empty. A log whose name would lead out of it, or that
 * cannot stand beside another (`a` and `a/b`, a name twice), is refused, the others are written.
 */
export async function unpackLogs(bundle: string, directory: string): Promise<UnpackedLog[]> {
  const unpacked: UnpackedLog[] = [];
  for (const frame of (await listLogs(bundle)).frames) {
    const refused = badPath(frame.name) ?? (await write(bundle, frame, join(directory, frame.name)));
    unpacked.push({ name: frame.name, omitted: frame.omitted, ...(refused && { refused }) });
  }
  return unpacked;
}

function badPath(name: string): string | undefined {
  if (name.includes('\0')) return 'the name has a NUL';
  const parts = name.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return 'the name leads elsewhere';
  if (parts.length > 32 || parts.some((part) => Buffer.byteLength(part) > 255)) return 'the name is too long';
  return undefined;
}

async function write(bundle: string, frame: LogFrame, path: string): Promise<string | undefined> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await pipeline(Readable.from(readLog(bundle, frame)), createWriteStream(path, { flags: 'wx' }));
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || code === 'ENOTDIR' || code === 'ENAMETOOLONG')
      return `another log is in its place (${code})`;
    throw error;
  }
}
