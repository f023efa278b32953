import { type FSWatcher, watch } from 'node:fs';
import { open } from 'node:fs/promises';

export interface FollowOptions {
  /** ms between looks at the file, beside those that the kernel's notices cause. @default 250 */
  pollInterval?: number;
}

/** A text file that is read as it grows, from its beginning. */
export interface LineFollower {
  /** Reads what is there now: once more after its writer has ended. */
  drain: () => Promise<void>;
  close: () => void;
}

const CHUNK = 1 << 20;

/** Puts chunks of a growing file together into whole lines. */
export class WholeLines {
  private rest = '';

  /** The lines that a chunk completes, without their line feeds. */
  push(chunk: string): string[] {
    const lines = (this.rest + chunk).split('\n');
    this.rest = lines.pop() as string;
    return lines;
  }
}

/**
 * Follows a text file, which need not exist yet. Bytes are read as Latin-1: the logs that this is for are ASCII, and no
 * character is cut where a read ends.
 * @param onLines called with the new whole lines, in order
 * @param onError the file cannot be read, or has become shorter: following has ended
 */
export function followLines(
  path: string,
  onLines: (lines: string[]) => void,
  onError: (error: Error) => void,
  { pollInterval = 250 }: FollowOptions = {},
): LineFollower {
  const lines = new WholeLines();
  let offset = 0;
  let watcher: FSWatcher | undefined;
  let closed = false;
  let reading = Promise.resolve();
  let queued = false;

  async function readOn(): Promise<void> {
    const file = await open(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (!file) return;
    try {
      watcher ??= watchFile(path, look);
      if ((await file.stat()).size < offset) throw new Error(`${path} has become shorter: did someone replace it?`);
      const buffer = Buffer.alloc(CHUNK);
      for (let bytesRead = -1; bytesRead !== 0 && !closed; ) {
        ({ bytesRead } = await file.read(buffer, 0, CHUNK, offset));
        offset += bytesRead;
        const whole = lines.push(buffer.toString('latin1', 0, bytesRead));
        if (whole.length > 0) onLines(whole);
      }
    } finally {
      await file.close();
    }
  }

  /** One reader at a time; however many notices come while it reads, it reads once more. */
  function look(): void {
    if (queued || closed) return;
    queued = true;
    reading = reading
      .then(() => {
        queued = false;
        return readOn();
      })
      .catch((error: Error) => {
        close();
        onError(error);
      });
  }

  function close(): void {
    closed = true;
    clearInterval(timer);
    watcher?.close();
  }

  const timer = setInterval(look, pollInterval);
  look();
  return {
    drain: () => {
      look();
      return reading;
    },
    close,
  };
}

/** Without notices (no inotify left, a network file system) the polling does. */
function watchFile(path: string, look: () => void): FSWatcher | undefined {
  try {
    return watch(path, look).on('error', () => {});
  } catch {
    return undefined;
  }
}
