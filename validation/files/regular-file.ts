import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** A named pipe does not make the open wait for a writer. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** What stands in the place of a file is none, or is larger than any of its kind. */
export class NotRegular extends Error {}

/**
 * Reads a file that others can have put there: a directory, a named pipe or a device in its place is an error at once.
 * @param most bytes that such a file has at most
 * @throws NotRegular; what the system says when it cannot be opened
 */
export function readRegular(path: string, most: number): string {
  const fd = openSync(path, FLAGS);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new NotRegular(`${path} is not a regular file`);
    if (stat.size > most) throw new NotRegular(`${path} has ${stat.size} bytes, more than the ${most} that are read`);
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

/** Opens such a file for reading. @throws as readRegular */
export async function openRegular(path: string): Promise<FileHandle> {
  const handle = await open(path, FLAGS);
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new NotRegular(`${path} is not a regular file`);
}
