/** Around a hit in a log: its line and the ones beside it, as text that is never long. */

/** Bytes of a line that are shown before and after what was found in it. */
const BEFORE = 200;
const AFTER = 300;
/** Lines beside it, and bytes that are shown of each. */
const CONTEXT = 2;
const CONTEXT_LENGTH = 200;
/** Lines behind it that may complete its message, and bytes of each. */
const BEHIND = 200;
const BEHIND_LENGTH = 400;

const NEWLINE = 10;
const RETURN = 13;

/** Bounds of a line: indices of bytes, without what ends it. */
export interface Bounds {
  from: number;
  to: number;
}

/**
 * Bytes [from, to) as text: UTF-8, with U+FFFD for what is not. Cut to [low, high) where that is less, with an ellipsis at
 * each end that is cut; never in the middle of a character.
 */
function show(bytes: Buffer, { from, to }: Bounds, low: number, high: number): string {
  let start = Math.max(from, low);
  let end = Math.min(to, high);
  for (let i = 0; i < 3 && start > from && start < end && continues(bytes[start]); i++) start++;
  for (let i = 0; i < 3 && end < to && end > start && continues(bytes[end]); i++) end--;
  return `${start > from ? '…' : ''}${bytes.toString('utf8', start, end)}${end < to ? '…' : ''}`;
}

function continues(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/**
 * Bounds of the line around [start, end), as far as `margin` bytes on both sides hold it. A carriage return ends a line as
 * well: what a progress bar wrote before it is another one.
 */
export function lineAround(bytes: Buffer, start: number, end: number, margin: number): Bounds {
  const least = Math.max(0, start - margin);
  let from = start;
  while (from > least && bytes[from - 1] !== NEWLINE && bytes[from - 1] !== RETURN) from--;
  return { from, to: Math.min(endOfLine(bytes, end), end + margin) };
}

/** Where the line ends in which a place is: the index of a line feed or carriage return, or the end of the bytes. */
export function endOfLine(bytes: Buffer, from: number): number {
  let to = from;
  while (to < bytes.length && bytes[to] !== NEWLINE && bytes[to] !== RETURN) to++;
  return to;
}

/** The line around what was found at [start, end). */
export function messageAround(bytes: Buffer, line: Bounds, start: number, end: number): string {
  return show(bytes, line, start - BEFORE, end + AFTER);
}

/** Lines behind a line, which may belong to its message: each with where it begins; empty ones of carriage returns left out. */
export function linesBehind(bytes: Buffer, line: Bounds): { text: string; from: number; to: number }[] {
  const lines: { text: string; from: number; to: number }[] = [];
  let from = line.to + 1;
  while (lines.length < BEHIND && from < bytes.length) {
    const to = endOfLine(bytes, from);
    const isPartOfLineEnd = to === from && bytes[from - 1] === RETURN;
    if (!isPartOfLineEnd)
      lines.push({ text: bytes.toString('utf8', from, Math.min(to, from + BEHIND_LENGTH)), from, to });
    from = to + 1;
  }
  return lines;
}

/** A few lines before and after the line, as far as they are in `bytes`; in their order. */
export function linesBeside(bytes: Buffer, line: Bounds): { before: string[]; after: string[] } {
  const before: string[] = [];
  const after: string[] = [];
  let end = bytes.lastIndexOf(NEWLINE, Math.max(0, line.from - 1));
  while (before.length < CONTEXT && line.from > 0 && end >= 0) {
    const from = end === 0 ? 0 : bytes.lastIndexOf(NEWLINE, end - 1) + 1;
    before.unshift(beside(bytes, from, end));
    end = from - 1;
  }
  let from = bytes.indexOf(NEWLINE, line.to) + 1;
  while (after.length < CONTEXT && from > 0 && from < bytes.length) {
    const newline = bytes.indexOf(NEWLINE, from);
    const to = newline === -1 ? bytes.length : newline;
    after.push(beside(bytes, from, to));
    from = to + 1;
  }
  return { before, after };
}

/** Of a line that was written over again and again, the last state. */
function beside(bytes: Buffer, from: number, to: number): string {
  const end = to > from && bytes[to - 1] === RETURN ? to - 1 : to;
  const begin = from + bytes.subarray(from, end).lastIndexOf(RETURN) + 1;
  return show(bytes, { from: begin, to: end }, begin, begin + CONTEXT_LENGTH);
}
