import { closeSync, constants, fstatSync, openSync, promises, readFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

/** Opening a named pipe does not wait for a writer. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** It is not a regular file, or it is larger than the limit. */
export class NotRegular extends Error {}

/**
 * Reads a file that others may have put there: a directory, a named pipe or a device is an error at once.
 * @param most limit in bytes
 * @throws NotRegular; the system's error when it cannot be opened
 */
export function readRegular(path: string, most: number): string {
  const fd = openSync(path, FLAGS);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new NotRegular(`${path} is not a regular file`);
    if (stat.size > most)
      throw new NotRegular(`${path} has ${stat.size} bytes, which is more than the limit of ${most}`);
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

/** The bytes of such a file; undefined if it has more than `most`. @throws like readRegular */
export function readIfSmall(path: string, most: number): Buffer | undefined {
  const fd = openSync(path, FLAGS);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new NotRegular(`${path} is not a regular file`);
    return stat.size > most ? undefined : readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Opens such a file for reading. @throws like readRegular */
export async function openRegular(path: string): Promise<FileHandle> {
  const handle = await promises.open(path, FLAGS);
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new NotRegular(`${path} is not a regular file`);
}
