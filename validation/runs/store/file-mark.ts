/** The stamp of a file. While it stays the same, the content of the file has not changed. */
export interface FileMark {
  ino: number;
  size: number;
  mtimeMs: number;
  ctimeMs: number;
}

/** A file that changed this recently may change again without another time: clocks of file systems have ticks. */
const SETTLED_MS = 2000;

/** The numbers of a stamp. */
export const numbersOf = ({ ino, size, mtimeMs, ctimeMs }: FileMark): number[] => [ino, size, mtimeMs, ctimeMs];

/** @param numbers with those of a stamp @param at the place of the first one */
export function isMark(numbers: readonly number[], at: number, { ino, size, mtimeMs, ctimeMs }: FileMark): boolean {
  return numbers[at] === ino && numbers[at + 1] === size && numbers[at + 2] === mtimeMs && numbers[at + 3] === ctimeMs;
}

/** Whether each later change of the file changes its stamp. @param now ms since 1970 */
export function isSettled({ mtimeMs, ctimeMs }: FileMark, now: number): boolean {
  return now - Math.max(mtimeMs, ctimeMs) >= SETTLED_MS;
}
