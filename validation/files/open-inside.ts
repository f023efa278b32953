import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Nothing that may be read is at a path. */
export class NoSuchFileError extends Error {
  override name = 'NoSuchFileError';
}

export interface OpenFile {
  handle: FileHandle;
  stat: Stats;
}

/** What /proc says behind the path of an open file that was replaced or removed meanwhile. */
const DELETED = ' (deleted)';
/** Symbolic links are not followed; a FIFO does not make the open wait for a writer. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Opens a regular file below a directory. What was opened must stand where the path says, so that neither `..` nor a
 * symbolic link anywhere on the way leads out; looked at after the open, so that nothing can be exchanged in between.
 * @param root without symbolic links itself (realpath)
 * @throws NoSuchFileError there is no such file, or it is not a regular one below that directory
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

/** Changes whenever a file does: replaced, grown or rewritten. */
export function stampOf({ ino, size, mtimeMs }: Stats): string {
  return `${ino.toString(36)}-${size.toString(36)}-${Math.round(mtimeMs * 1000).toString(36)}`;
}
