import { type OpenFile, openInside } from '../files/open-inside.ts';
import { readBlock } from '../logs/line-index.ts';
import { parseEvents } from '../runs/store/event-log.ts';

const CHUNK = 1024 * 1024;
/** Longest event. A longer line is skipped. */
const LONGEST = 16 * 1024 * 1024;

export interface ReadEvents {
  events: ReturnType<typeof parseEvents>;
  /** Offset after the last complete line: continue there. */
  offset: number;
  /** Inode of the file. It changes when the file is replaced. */
  ino: number;
  size: number;
}

/**
 * About 1 MB of a run's events from an offset on, each with the offset after it. An incomplete last line is left for the
 * next call. A missing file counts as empty. Unlike EventReader it does not block the server, and follows no links.
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
    return { events: parseEvents(bytes.subarray(0, end), from), offset: from + end, ino, size };
  } finally {
    await handle.close();
  }
}
