import { type OpenFile, openInside } from '../files/open-inside.ts';
import { readBlock } from '../logs/line-index.ts';
import type { RunEvent } from '../runs/store/events.ts';

const CHUNK = 1024 * 1024;
/** No event is that long: it is passed over. */
const LONGEST = 16 * 1024 * 1024;

export interface ReadEvents {
  events: { event: RunEvent; offset: number }[];
  /** Behind the last whole line: where to go on. */
  offset: number;
  /** Of the file, which is another one when it was replaced. */
  ino: number;
  size: number;
}

/**
 * Some 1 MB of a run's events from an offset on, each with the offset behind it; a last line that is not ended yet is
 * left for the next time. No file is no events.
 */
export async function readEvents(root: string, from: number): Promise<ReadEvents> {
  let file: OpenFile;
  try {
    file = await openInside(root, 'events.ndjson');
  } catch {
    return { events: [], offset: from, ino: 0, size: 0 };
  }
  const { handle, stat } = file;
  try {
    const { ino, size } = stat;
    let bytes = await readBlock(handle, from, Math.min(size, from + CHUNK));
    let end = bytes.lastIndexOf('\n') + 1;
    if (end === 0 && from + CHUNK < size) {
      bytes = await readBlock(handle, from, Math.min(size, from + LONGEST));
      end = bytes.lastIndexOf('\n') + 1;
      if (end === 0 && bytes.length === LONGEST) return { events: [], offset: from + LONGEST, ino, size };
    }
    return { events: parse(bytes, end, from), offset: from + end, ino, size };
  } finally {
    await handle.close();
  }
}

function parse(bytes: Buffer, end: number, from: number): ReadEvents['events'] {
  const events: ReadEvents['events'] = [];
  for (let start = 0; start < end; ) {
    const feed = bytes.indexOf('\n', start);
    const event = parseEvent(bytes.toString('utf8', start, feed));
    if (event) events.push({ event, offset: from + feed + 1 });
    start = feed + 1;
  }
  return events;
}

/** A line that was torn by a crash, and written behind, is no event. */
function parseEvent(line: string): RunEvent | undefined {
  try {
    const event: unknown = JSON.parse(line);
    return typeof event === 'object' && event !== null && 'type' in event ? (event as RunEvent) : undefined;
  } catch {
    return undefined;
  }
}
