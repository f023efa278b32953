import type { FileHandle } from 'node:fs/promises';
import type { LogLines } from './answers.ts';
import { arrivalTimes } from './arrival-times.ts';
import { type Bytes, type LineIndex, readBlock } from './line-index.ts';
import type { OpenLog } from './open-log.ts';

/** Longest line, in bytes. A longer one is cut. */
const LONGEST = 64 * 1024;
/** An answer ends after the line with which it reaches this many bytes. */
const LARGEST = 4 * 1024 * 1024;
const READ = 256 * 1024;
const LINE_FEED = 10;
/** How long an answer waits until the lines are counted. */
const PATIENCE_MS = 250;

export interface WantedLines {
  /** From 1; negative: counted from the end. */
  line: number;
  lines: number;
  /** The log is complete. */
  complete: boolean;
  /** When the log arrived, if known. */
  times?: FileHandle | undefined;
}

/** Reads some lines. Those at the end can be read before all lines before them are counted. @param count counts all lines of the log */
export async function readLogLines(
  file: OpenLog,
  index: LineIndex,
  count: () => Promise<void>,
  wanted: WantedLines,
): Promise<LogLines> {
  const { line, complete } = wanted;
  const { size } = file;
  const counting = count();
  const last = size > 0 ? await readBlock(file, size - 1, size) : Buffer.alloc(0);
  const total = (): number => index.total(last[0] === LINE_FEED);
  if (line < 0) {
    const start = await startOfTail(file, size, Math.min(wanted.lines, -line));
    const { lines, next, ...times } = await timedLinesFrom(file, start, wanted);
    // Other requests come first: then the numbers are estimates.
    const counted = await withinPatience(counting).catch(() => false);
    const all = counted ? total() : Math.max(lines.length, index.estimate(size));
    const from = counted ? await index.lineAt(file, start) : all - lines.length + 1;
    const gap = counted ? await gapOf(file, index) : { estimated: true as const };
    const rest = { ...times, next, total: all, size, complete, ...gap };
    return { from: lines.length === 0 ? all + 1 : from, lines, ...rest };
  }
  await counting;
  const start = (await index.offsetOf(file, line)) ?? size;
  const part = start < size ? await timedLinesFrom(file, start, wanted) : { lines: [], next: size };
  return { from: line, ...part, total: total(), size, complete, ...(await gapOf(file, index)) };
}

/** @param index the counted lines */
async function gapOf(file: OpenLog, index: LineIndex): Promise<Pick<LogLines, 'leftOut'>> {
  const { leftOut } = file;
  // The line about the left-out part begins after a line feed that ends the text before it.
  return leftOut ? { leftOut: { line: await index.lineAt(file, leftOut.start + 1), bytes: leftOut.bytes } } : {};
}

async function timedLinesFrom(
  file: OpenLog,
  start: number,
  { lines: count, times }: WantedLines,
): Promise<Pick<LogLines, 'lines' | 'next' | 'times'>> {
  const { lines, starts, next } = await linesFrom(file, start, file.size, count);
  return { lines, next, ...(times && { times: await arrivalTimes(times, file.leftOut, starts) }) };
}

async function withinPatience(work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), PATIENCE_MS);
  });
  try {
    return await Promise.race([work.then(() => true), patience]);
  } finally {
    clearTimeout(timer);
  }
}

/** Where the last `lines` lines begin. It reads no further back than the size of an answer. */
async function startOfTail(file: Bytes, size: number, lines: number): Promise<number> {
  let left = lines;
  const lowest = Math.max(0, size - LARGEST);
  // The line feed at the end of the last line does not begin another line.
  for (let end = size - 1; end > lowest; ) {
    const start = Math.max(lowest, end - READ);
    const block = await readBlock(file, start, end);
    for (let at = block.lastIndexOf(LINE_FEED); at >= 0; at = at > 0 ? block.lastIndexOf(LINE_FEED, at - 1) : -1) {
      if (--left === 0) return start + at + 1;
    }
    end = start;
  }
  return lowest === 0 ? 0 : nextLineStart(file, lowest, size);
}

async function nextLineStart(file: Bytes, from: number, size: number): Promise<number> {
  const block = await readBlock(file, from, size);
  const at = block.indexOf(LINE_FEED);
  return at < 0 || from + at + 1 >= size ? from : from + at + 1;
}

async function linesFrom(
  file: Bytes,
  start: number,
  size: number,
  count: number,
): Promise<{ lines: string[]; starts: number[]; next: number }> {
  const lines: string[] = [];
  const starts: number[] = [];
  let next = start;
  let kept = 0;
  /** The beginning of a line that continues in the next block, and its length so far. */
  let open: Buffer[] = [];
  let length = 0;
  const add = (bytes: Buffer): void => {
    const room = LONGEST - Math.min(length, LONGEST);
    if (room > 0) open.push(Buffer.from(bytes.subarray(0, room)));
    length += bytes.length;
  };
  const close = (): void => {
    const text = textOf(Buffer.concat(open), length);
    lines.push(text);
    starts.push(next);
    kept += Math.min(length, LONGEST) + 1;
    open = [];
    length = 0;
  };
  let position = start;
  while (position < size && lines.length < count && kept < LARGEST) {
    const block = await readBlock(file, position, Math.min(size, position + READ));
    if (block.length === 0) break;
    for (let at = 0; at < block.length && lines.length < count && kept < LARGEST; ) {
      const end = block.indexOf(LINE_FEED, at);
      add(block.subarray(at, end < 0 ? block.length : end));
      at = end < 0 ? block.length : end + 1;
      if (end >= 0) {
        close();
        next = position + at;
      }
    }
    position += block.length;
  }
  // Only the end of the file leaves a line incomplete.
  if (length > 0 && lines.length < count && kept < LARGEST) {
    close();
    next = position;
  }
  return { lines, starts, next };
}

function textOf(bytes: Buffer, length: number): string {
  if (length > LONGEST) {
    // Do not cut inside a character: its further bytes begin with the bits 10.
    let end = bytes.length;
    while (end > LONGEST - 4 && ((bytes[end] ?? 0x80) & 0xc0) === 0x80) end--;
    return `${bytes.toString('utf8', 0, end)} … [${length - end} more bytes in this line]`;
  }
  const text = bytes.toString('utf8');
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}
