import type { LogGroup } from './log-groups.ts';

/** The answers to readers of a log. The page uses them too, so this file imports nothing. */

export interface LogLines {
  /** Number of the first line, from 1. */
  from: number;
  /**
   * Without line ends. A line of more than 64 kB is cut and ends with a note of how much is missing. There may be fewer lines than
   * requested (an answer has about 4 MB at most): continue after the last one.
   */
  lines: string[];
  /**
   * When the first byte of each line arrived; null if unknown. Only for logs that were sent while they were written.
   * Exact to a fraction of a second.
   */
  times?: (number | null)[];
  /** Start of the attempt. */
  start?: number;
  /** Byte offset after the last of these lines: to follow the log without a gap, start there. */
  next: number;
  /** Number of lines in the log at this moment; the last one may be incomplete. */
  total: number;
  size: number;
  /** The log is complete. */
  complete: boolean;
  /** The lines of a very long log are not counted yet: `from` and `total` are estimates. Ask again soon. */
  estimated?: true;
  /**
   * The log was too long, so its middle is missing. `line` is the line that says so. Line numbers after it count the lines that exist;
   * until the log is complete they change whenever more is left out.
   */
  leftOut?: { line: number; bytes: number };
}

export interface LogSearch {
  /**
   * One for each matching line: its number and the first match in it. `column` from 1 and `length` in UTF-16 units of
   * the line; `text` is the part of the line around the match, which begins at column `start`.
   */
  matches: { line: number; column: number; length: number; text: string; start: number }[];
  /**
   * The last line that was searched: continue after it (`after`) if there may be more. An answer takes about 2 s at most, so
   * it can contain this without any match.
   */
  next?: number;
}

/** Groups of lines that a reader may skip, in order. */
export interface LogGroupsAnswer {
  groups: LogGroup[];
  /** Continue with this as `after`: an answer takes about 2 s at most. Absent: the log was read to its end. */
  next?: string;
}
