import { existsSync } from 'node:fs';
import { timesPath } from '../../logs/arrival-times.ts';
import { ChunkLines, type LogLine, LogTail, lastLinesOffset } from '../../logs/log-tail.ts';
import { type TimedLine, withTimes } from '../../logs/log-times.ts';
import { formatClock } from '../../units/time.ts';

export interface WantedLines {
  /** Only so many of the last lines. */
  tail?: number | undefined;
  pattern?: RegExp | undefined;
  /** With the times at which they came. */
  times: boolean;
}

/** The lines of a log that are wanted, with their numbers in it, some at a time. @param path of the log */
export async function* linesOf(path: string, { tail, pattern, times }: WantedLines): AsyncGenerator<TimedLine[]> {
  const start = tail === undefined ? 0 : await lastLinesOffset(path, tail);
  const chosen = async (lines: readonly LogLine[]): Promise<TimedLine[]> => {
    const wanted = lines
      .filter(({ offset }) => offset === undefined || offset >= start)
      .map((line) => ({ ...line, text: line.text.replace(/\r$/, ''), time: null }))
      .filter(({ text }) => !pattern || pattern.test(text));
    return times ? withTimes(path, wanted) : wanted;
  };
  const lines = new ChunkLines();
  for await (const chunk of new LogTail(path).read()) yield await chosen(lines.push(chunk));
  yield await chosen(lines.end());
}

/** The time before a line, `12:34:56.7 ` in UTC, or as much space. */
export function timeColumn(time: number | null): string {
  return time === null ? ' '.repeat('12:34:56.7 '.length) : `${formatClock(time)} `;
}

/** Whether anybody knows when a log came. */
export function hasTimes(path: string): boolean {
  return existsSync(timesPath(path));
}
