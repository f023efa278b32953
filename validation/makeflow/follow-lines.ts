import { closeSync, type FSWatcher, fstatSync, openSync, readSync, watch } from 'node:fs';

const CHUNK = 1 << 18;

/** Joins chunks of a growing file to complete lines. */
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
 * A text file that is read while it grows, from its beginning. It need not exist yet. Bytes are read as Latin-1: these
 * logs are ASCII, and no character is cut at the end of a read. Reading is synchronous, so that the lines of two logs and
 * the messages of a socket can be put into one order.
 */
export class LineTail {
  readonly path: string;
  readonly #lines = new WholeLines();
  #offset = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** The new complete lines. @throws when the file cannot be read, or has become shorter */
  read(): string[] {
    const fd = openIfThere(this.path);
    if (fd === undefined) return [];
    try {
      const { size } = fstatSync(fd);
      if (size < this.#offset)
        throw new Error(`${this.path} has become shorter. Check whether another program replaced it`);
      const lines: string[] = [];
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK, size - this.#offset));
      while (this.#offset < size) {
        const count = readSync(fd, buffer, 0, Math.min(buffer.length, size - this.#offset), this.#offset);
        if (count === 0) break;
        this.#offset += count;
        for (const line of this.#lines.push(buffer.toString('latin1', 0, count))) lines.push(line);
      }
      return lines;
    } finally {
      closeSync(fd);
    }
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Calls `look` when one of the files may have changed: after a notice from the kernel, and every `pollInterval` ms, because there
 * may be no notices (inotify limit, a network file system) and a file need not exist yet.
 */
export function watchFiles(paths: readonly string[], look: () => void, pollInterval: number): { close: () => void } {
  const watchers = new Map<string, FSWatcher>();
  const tryToWatch = (): void => {
    for (const path of paths) {
      if (watchers.has(path)) continue;
      try {
        watchers.set(
          path,
          watch(path, look).on('error', () => {}),
        );
      } catch {
        // polled
      }
    }
  };
  const timer = setInterval(() => {
    if (watchers.size < paths.length) tryToWatch();
    look();
  }, pollInterval);
  tryToWatch();
  return {
    close: () => {
      clearInterval(timer);
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}
