import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOwn, writeOwn } from '../../../framework/tools/own-cache.ts';
import { cacheDirectory } from '../../files/cache-directory.ts';

/** The name of the cache file about a path. @param kind what is kept there */
export function cacheName(kind: string, path: string): string {
  return `${kind}-${createHash('sha256').update(resolve(path)).digest('hex').slice(0, 32)}.json`;
}

/**
 * A file in relval's cache directory. It is only a cache, and may be removed at any time. It lies in the user's own directory,
 * because others may write to the directory of runs, and it belongs to this build of relval, because another one may read the
 * files of runs in another way.
 *
 * Behind a line with the build and the checksum stand a line with the content, and, if there is any, one with more of it, which
 * takes longer to be parsed.
 */
export class CacheFile<T, M = undefined> {
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

  /**
   * What this build has written. Undefined if there is no such file, or it is damaged or of another build or user.
   * @returns the content, and a function that parses the rest
   */
  read(): { content: T; more: () => M } | undefined {
    const bytes = readOwn(this.#path);
    if (!bytes) return undefined;
    const end = bytes.indexOf('\n');
    const text = bytes.subarray(end + 1);
    if (bytes.toString('utf8', 0, end) !== this.#head(text)) return undefined;
    const first = text.indexOf('\n');
    return {
      content: JSON.parse(text.toString('utf8', 0, first)) as T,
      more: () => JSON.parse(text.toString('utf8', first + 1)) as M,
    };
  }

  /** The first line of the file. */
  #head(text: string | Buffer): string {
    return `${this.#build} ${createHash('sha256').update(text).digest('hex')}`;
  }

  /** Replaces the file. Without a place to write to, there is none: the next process reads the files of the runs themselves. */
  write(content: T, more?: M): void {
    const text = `${JSON.stringify(content)}\n${more === undefined ? '' : JSON.stringify(more)}`;
    writeOwn(this.#path, `${this.#head(text)}\n${text}`);
  }
}
