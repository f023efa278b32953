/** The line of a match in a log and the lines around it, as short texts. */

/** The number of bytes of a line that are shown before and after the match. */
const BEFORE = 200;
const AFTER = 300;
/** The number of lines before and after it that are shown, and of bytes of each. */
const CONTEXT = 2;
const CONTEXT_LENGTH = 200;
/** The number of lines behind it that may complete its message, and of bytes of each. */
const BEHIND = 200;
const BEHIND_LENGTH = 400;

const NEWLINE = 10;
const RETURN = 13;

/** Bounds of a line, as indices of bytes, without its line end. */
export interface Bounds {
  from: number;
  to: number;
}

/**
 * Decodes the bytes [from, to) as UTF-8, with U+FFFD for invalid bytes. It cuts the text to [low, high) and marks each cut end
 * with an ellipsis. It never cuts inside of a character.
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
 * The start of the line that contains `from`, at least `least`. A carriage return also ends a line: each state of a progress bar
 * is a line of its own.
 */
export function startOfLine(bytes: Uint8Array, from: number, least: number): number {
  const lowest = Math.max(0, least);
  let start = from;
  while (start > lowest && bytes[start - 1] !== NEWLINE && bytes[start - 1] !== RETURN) start--;
  return start;
}

/** The end of the line that contains `from`: the index of a line feed or carriage return, or the end of the bytes. */
export function endOfLine(bytes: Buffer, from: number): number {
  let to = from;
  while (to < bytes.length && bytes[to] !== NEWLINE && bytes[to] !== RETURN) to++;
  return to;
}

/** The text of a line around the match at [start, end). */
export function messageAround(bytes: Buffer, line: Bounds, start: number, end: number): string {
  return show(bytes, line, start - BEFORE, end + AFTER);
}

/** The lines behind a line, which may belong to its message. Empty lines between a carriage return and a line feed are left out. */
export function* linesBehind(bytes: Buffer, line: Bounds): Generator<Bounds & { text: string }> {
  let from = line.to + 1;
  for (let count = 0; count < BEHIND && from < bytes.length; ) {
    const to = endOfLine(bytes, from);
    const isPartOfLineEnd = to === from && bytes[from - 1] === RETURN;
    if (!isPartOfLineEnd) {
      count++;
      yield { text: bytes.toString('utf8', from, Math.min(to, from + BEHIND_LENGTH)), from, to };
    }
    from = to + 1;
  }
}

/** A few lines before and after the line, as far as they are in `bytes`. */
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

/** The last state of a line that was overwritten. */
function beside(bytes: Buffer, from: number, to: number): string {
  const end = to > from && bytes[to - 1] === RETURN ? to - 1 : to;
  const begin = from + bytes.subarray(from, end).lastIndexOf(RETURN) + 1;
  return show(bytes, { from: begin, to: end }, begin, begin + CONTEXT_LENGTH);
}
