/** Around a hit in a log: its line and the ones beside it, as text that is never long. */

/** Bytes of a line that are shown before and after what was found in it. */
const BEFORE = 200;
const AFTER = 300;
/** Lines beside it, and bytes that are shown of each. */
const CONTEXT = 2;
const CONTEXT_LENGTH = 200;

/**
 * Bytes [from, to) as text: UTF-8, with U+FFFD for what is not, without the carriage return of a DOS line end. Cut to
 * [low, high) where that is less, with an ellipsis at each end that is cut; never in the middle of a character.
 */
function show(bytes: Buffer, from: number, to: number, low: number, high: number): string {
  const stop = to > from && bytes[to - 1] === 13 ? to - 1 : to;
  let start = Math.max(from, low);
  let end = Math.min(stop, high);
  for (let i = 0; i < 3 && start > from && start < end && continues(bytes[start]); i++) start++;
  for (let i = 0; i < 3 && end < stop && end > start && continues(bytes[end]); i++) end--;
  return `${start > from ? '…' : ''}${bytes.toString('utf8', start, end)}${end < stop ? '…' : ''}`;
}

function continues(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** Bounds of the line around [start, end), as far as `margin` bytes on both sides hold it. */
export function lineAround(bytes: Buffer, start: number, end: number, margin: number): { from: number; to: number } {
  const newline = bytes.indexOf(10, end);
  return {
    from: start === 0 ? 0 : Math.max(bytes.lastIndexOf(10, start - 1) + 1, start - margin, 0),
    to: Math.min(newline === -1 ? bytes.length : newline, end + margin),
  };
}

/** The line around what was found at [start, end). */
export function messageAround(bytes: Buffer, line: { from: number; to: number }, start: number, end: number): string {
  return show(bytes, line.from, line.to, start - BEFORE, end + AFTER);
}

/** A few lines before and after the line, as far as they are in `bytes`; in their order. */
export function linesBeside(bytes: Buffer, line: { from: number; to: number }): { before: string[]; after: string[] } {
  const before: string[] = [];
  const after: string[] = [];
  let end = line.from - 1;
  while (before.length < CONTEXT && end >= 0 && bytes[end] === 10) {
    const from = end === 0 ? 0 : bytes.lastIndexOf(10, end - 1) + 1;
    before.unshift(show(bytes, from, end, from, from + CONTEXT_LENGTH));
    end = from - 1;
  }
  let from = line.to + 1;
  while (after.length < CONTEXT && bytes[from - 1] === 10 && from < bytes.length) {
    const newline = bytes.indexOf(10, from);
    const to = newline === -1 ? bytes.length : newline;
    after.push(show(bytes, from, to, from, from + CONTEXT_LENGTH));
    from = to + 1;
  }
  return { before, after };
}
