/** What readers of a log get, on the page too: so this file loads nothing. */

export interface LogLines {
  /** Number of the first line, from 1. */
  from: number;
  /**
   * Without line ends; a line of more than 64 kB is cut and ends with a note of how much is missing. May be fewer than
   * asked for (an answer has some 4 MB at most): go on behind the last one.
   */
  lines: string[];
  /**
   * When the first byte of each line came; null where nobody knows. Only of logs that were sent while they were written.
   * Exact to a fraction of a second.
   */
  times?: (number | null)[];
  /** When the attempt began. */
  start?: number;
  /** Byte offset behind the last of these lines: follow from there and miss nothing. */
  next: number;
  /** Lines of the whole log, as far as it is now; the last one may be unfinished. */
  total: number;
  size: number;
  /** No more will come. */
  complete: boolean;
  /** The lines of a very long log are not counted yet: `from` and `total` are estimates. Ask again soon. */
  estimated?: true;
  /**
   * The log was too long: its middle is not there. `line` stands for it, and says so. Numbers behind it count what is there;
   * until the log is complete they change whenever more is left out.
   */
  leftOut?: { line: number; bytes: number };
}

export interface LogSearch {
  /**
   * One for each line that matches: its number and the first place in it. `column` from 1 and `length` in UTF-16 units of
   * the line; `text` is the part of the line around it, which begins at column `start`.
   */
  matches: { line: number; column: number; length: number; text: string; start: number }[];
  /**
   * Line up to which was searched: where to go on (`after`), when there may be more. An answer takes some 2 s at most, so
   * it can have this without any match.
   */
  next?: number;
}
