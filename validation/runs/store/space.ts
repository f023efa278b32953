import { statfsSync } from 'node:fs';
import { ObstacleError } from './obstacle.ts';

/** Bytes that must be left for a run to go on: its own records and those of makeflow must not be cut off. */
const LEAST_SPACE = 16 << 20;

/** @returns undefined when there is enough */
export function lackOfSpace(directory: string): ObstacleError | undefined {
  const { bavail, bsize } = statfsSync(directory);
  const left = bavail * bsize;
  if (left >= LEAST_SPACE) return undefined;
  return new ObstacleError(
    `the disk of ${directory} is full (${Math.floor(left / 1024)} kB left): make space there, ${LEAST_SPACE >> 20} MB at least`,
  );
}

/** Of a directory that was written to a moment ago: its rights were taken away, or its disk fails. */
const UNWRITABLE: readonly unknown[] = ['EPERM', 'EACCES', 'EROFS', 'EIO'];

/**
 * What to do about an error of a process, or of a machine, that can open no more files; undefined for other errors.
 * The limit itself cannot be read then: it is in a file.
 */
export function lackOfFiles({ code, message }: NodeJS.ErrnoException): string | undefined {
  if (code === 'EMFILE') return `relval may not open more files at once (${message}): raise the limit with ulimit -n`;
  if (code === 'ENFILE') return `this machine can open no more files (${message}): raise fs.file-max`;
  return undefined;
}

/** An error as what it means for a run: of a full disk there are many words. */
export function asSpaceError(error: Error, directory: string): Error {
  const cause = (error.cause instanceof Error ? error.cause : error) as NodeJS.ErrnoException;
  const { code, path } = cause;
  const files = lackOfFiles(cause);
  if (files) return new ObstacleError(files);
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new ObstacleError(`the disk of ${directory} is full (${error.message}): make space there`);
  if (UNWRITABLE.includes(code) && path?.startsWith(directory))
    return new ObstacleError(`${directory} cannot be written to any more (${error.message}): mend that`);
  return error;
}
