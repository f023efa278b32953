import { type FileHandle, open } from 'node:fs/promises';
import { arrivalTimes, timesPath } from './arrival-times.ts';
import { findLeftOut } from './log-bundle.ts';
import type { LogLine } from './log-tail.ts';

export interface TimedLine extends LogLine {
  /** When its first byte came, ms since 1970; null where nobody knows. */
  time: number | null;
}

/** When lines of a log came, in the order in which they stand in it. @param path of the log */
export async function withTimes(path: string, lines: readonly LogLine[]): Promise<TimedLine[]> {
  const offsets = lines.map(({ offset }) => offset).filter((offset) => offset !== undefined);
  const known = offsets.length > 0 ? await timesAt(path, offsets) : [];
  let next = 0;
  return lines.map((line) => ({ ...line, time: line.offset === undefined ? null : (known[next++] ?? null) }));
}

async function timesAt(path: string, offsets: readonly number[]): Promise<(number | null)[]> {
  const opened: FileHandle[] = [];
  try {
    const times = await open(timesPath(path));
    opened.push(times);
    const handle = await open(path);
    opened.push(handle);
    return await arrivalTimes(times, await findLeftOut(handle, (await handle.stat()).size), offsets);
  } catch {
    return []; // they are no part of the log: what cannot be read is as good as not there
  } finally {
    for (const file of opened) await file.close();
  }
}
