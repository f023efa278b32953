import { type FileHandle, open } from 'node:fs/promises';
import { arrivalTimes, timesPath } from './arrival-times.ts';
import { findLeftOut } from './log-bundle.ts';
import type { LogLine } from './log-tail.ts';

export interface TimedLine extends LogLine {
  /** When its first byte arrived, ms since 1970; null if unknown. */
  time: number | null;
}

/** When lines of a log arrived, in the order of the lines. @param path of the log */
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
    return []; // the times are not part of the log: if they cannot be read, they count as missing
  } finally {
    for (const file of opened) await file.close();
  }
}
