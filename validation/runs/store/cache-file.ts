import { createHash } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '../../files/cache-directory.ts';

/** A new cache is written within this time. */
const ABANDONED_MS = 60_000;

/** The name of the cache file about a path. @param kind what is kept there */
export function cacheName(kind: string, path: string): string {
  return `${kind}-${createHash('sha256').update(resolve(path)).digest('hex').slice(0, 32)}.json`;
}

/**
 * A file in relval's cache directory. It is only a cache, and may be removed at any time. It lies in the user's own directory,
 * because others may write to the directory of runs, and it belongs to this build of relval, because another one may read the
 * files of runs in another way.
 */
export class CacheFile<T> {
  readonly #path: string;
  readonly #build: string;

  /** @param name of the file, without a directory */
  constructor(name: string) {
    this.#path = join(cacheDirectory(), name);
    // In the build, the name of this file contains a hash of all that it imports. A package may give all its files the same time.
    const path = fileURLToPath(import.meta.url);
    const { size, mtimeMs } = statSync(path);
    this.#build = `${basename(path)} ${size} ${mtimeMs}`;
  }

  /** What this build has written. Undefined if there is no such file, or it is damaged or of another build or user. */
  read(): T | undefined {
    try {
      const fd = openSync(this.#path, 'r');
      try {
        const { uid } = fstatSync(fd);
        if (uid !== process.getuid?.()) return undefined;
        const bytes = readFileSync(fd);
        const end = bytes.indexOf('\n');
        const text = bytes.subarray(end + 1);
        const isOwn = bytes.toString('utf8', 0, end) === this.#head(text);
        return isOwn ? (JSON.parse(text.toString('utf8')) as T) : undefined;
      } finally {
        closeSync(fd);
      }
    } catch {
      return undefined;
    }
  }

  /** The first line of the file. */
  #head(text: string | Buffer): string {
    return `${this.#build} ${createHash('sha256').update(text).digest('hex')}`;
  }

  /** Replaces the file. Without a place to write to, there is none: the next process reads the files of the runs themselves. */
  write(content: T): void {
    const fresh = `${this.#path}.new`;
    try {
      mkdirSync(cacheDirectory(), { recursive: true, mode: 0o700 });
    } catch {
      return;
    }
    try {
      const text = JSON.stringify(content);
      // Two processes never write the same file.
      writeFileSync(fresh, `${this.#head(text)}\n${text}`, { mode: 0o600, flag: 'wx' });
      renameSync(fresh, this.#path);
    } catch (error) {
      // On a full disk a part was written.
      const isOther = (error as NodeJS.ErrnoException).code === 'EEXIST';
      if (!isOther || isAbandoned(fresh)) rmSync(fresh, { force: true });
    }
  }
}

/** A process that wrote it was killed: nobody writes for so long. */
function isAbandoned(path: string): boolean {
  const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return mtimeMs !== undefined && Date.now() - mtimeMs > ABANDONED_MS;
}
