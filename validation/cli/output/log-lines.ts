import { existsSync } from 'node:fs';
import { bounded, TooSlow } from '../../input/bounded.ts';
import { InputError } from '../../input/input-error.ts';
import { timesPath } from '../../logs/arrival-times.ts';
import { ChunkLines, type LogLine, LogTail, lastLinesOffset } from '../../logs/log-tail.ts';
import { type TimedLine, withTimes } from '../../logs/log-times.ts';
import { clock } from './zone.ts';

export interface WantedLines {
  /** Only this many of the last lines. */
  tail?: number | undefined;
  pattern?: RegExp | undefined;
  /** With the times at which they arrived. */
  times: boolean;
}

/** Reads the wanted lines of a log, with their line numbers, in portions. */
export async function* linesOf(path: string, { tail, pattern, times }: WantedLines): AsyncGenerator<TimedLine[]> {
  const start = tail === undefined ? 0 : await lastLinesOffset(path, tail);
  const chosen = async (lines: readonly LogLine[]): Promise<TimedLine[]> => {
    const behind = lines
      .filter(({ offset }) => offset === undefined || offset >= start)
      .map((line) => ({ ...line, text: line.text.replace(/\r$/, ''), time: null }));
    const wanted = pattern ? matching(behind, pattern) : behind;
    return times ? withTimes(path, wanted) : wanted;
  };
  const lines = new ChunkLines();
  for await (const chunk of new LogTail(path).read()) yield await chosen(lines.push(chunk));
  yield await chosen(lines.end());
}

/** The lines that match an expression of the user. @throws InputError when matching takes too long */
export function matching<Line extends { text: string }>(lines: readonly Line[], pattern: RegExp): Line[] {
  try {
    return bounded(() => lines.filter(({ text }) => pattern.test(text)));
  } catch (error) {
    if (!(error instanceof TooSlow)) throw error;
    throw new InputError([{ message: `--grep ${pattern.source}: the expression ${error.message}` }]);
  }
}

/** The time before a line, `12:34:56.7 `, or as many blanks. */
export function timeColumn(time: number | null): string {
  return time === null ? ' '.repeat('12:34:56.7 '.length) : `${clock(time)} `;
}

/** Whether the times of a log are known. */
export function hasTimes(path: string): boolean {
  return existsSync(timesPath(path));
}
