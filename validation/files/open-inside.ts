import { constants, type Dirent, type Stats } from 'node:fs';
import { type FileHandle, open, opendir, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** There is no readable file at a path. */
export class NoSuchFileError extends Error {
  override name = 'NoSuchFileError';
}

/** A file is larger than the limit. */
export class TooLargeError extends Error {
  override name = 'TooLargeError';
}

export interface OpenFile {
  handle: FileHandle;
  stat: Stats;
}

/** What /proc appends to the path of an open file that was replaced or removed. */
const DELETED = ' (deleted)';
/** Symbolic links are not followed, and opening a FIFO does not wait for a writer. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Opens a regular file below a directory. The opened file must be at the given path, so that neither `..` nor a
 * symbolic link anywhere on the way leads out. This is checked after the open, so that nothing can be replaced in between.
 * @param root itself without symbolic links (realpath)
 * @throws NoSuchFileError when there is no such file, or it is not a regular file below that directory
 */
export async function openInside(root: string, path: string): Promise<OpenFile> {
  const wanted = join(root, path);
  const missing = new NoSuchFileError(`there is no file ${path}`);
  if (path.includes('\0') || !wanted.startsWith(`${root}/`)) throw missing;
  let handle: FileHandle;
  try {
    handle = await open(wanted, FLAGS);
  } catch {
    throw missing;
  }
  try {
    const [stat, where] = await Promise.all([handle.stat(), readlink(`/proc/self/fd/${handle.fd}`)]);
    if (stat.isFile() && (where === wanted || where === wanted + DELETED)) return { handle, stat };
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  throw missing;
}

/** The text of such a file. @param most limit in bytes @throws NoSuchFileError; TooLargeError when it is larger */
export async function readInside(root: string, path: string, most: number): Promise<string> {
  const { handle, stat } = await openInside(root, path);
  try {
    if (stat.size > most) throw new TooLargeError(`${path} is larger than the limit of ${most} bytes`);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

/**
 * The entries of a directory below another one; none if it does not exist, or if it is reached through a symbolic link.
 * @param most largest number of entries that are read
 */
export async function listInside(root: string, path: string, most: number): Promise<Dirent[]> {
  const wanted = join(root, path);
  if (path.includes('\0') || !wanted.startsWith(`${root}/`)) return [];
  const entries: Dirent[] = [];
  let handle: FileHandle | undefined;
  try {
    handle = await open(wanted, FLAGS | constants.O_DIRECTORY);
    if ((await readlink(`/proc/self/fd/${handle.fd}`)) !== wanted) return [];
    // Through its descriptor, so that nothing can be replaced in the meantime.
    for await (const entry of await opendir(`/proc/self/fd/${handle.fd}`, { bufferSize: 256 })) {
      if (entries.push(entry) >= most) break;
    }
  } catch {
    // It was removed, or this user may not read it.
  } finally {
    await handle?.close();
  }
  return entries;
}

/** Changes whenever a file is replaced, grows or is written. */
export function stampOf({ ino, size, mtimeMs }: Stats): string {
  return `${ino.toString(36)}-${size.toString(36)}-${Math.round(mtimeMs * 1000).toString(36)}`;
}
