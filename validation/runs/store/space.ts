import { statfsSync } from 'node:fs';
import { openFileLimit } from '../../../framework/tools/open-files.ts';
import { ObstacleError } from './obstacle.ts';

/** The free bytes that a run needs to continue: its own records and those of makeflow must not be cut off. */
const LEAST_SPACE = 16 << 20;

/** @returns undefined if there is enough space */
export function lackOfSpace(directory: string): ObstacleError | undefined {
  const { bavail, bsize } = statfsSync(directory);
  const left = bavail * bsize;
  if (left >= LEAST_SPACE) return undefined;
  return new ObstacleError(
    `the disk of ${directory} is full (${Math.floor(left / 1024)} kB left): make space there, ${LEAST_SPACE >> 20} MB at least`,
  );
}

/** Errors for a directory that was writable a moment ago: its permissions changed, or its disk fails. */
const UNWRITABLE: readonly unknown[] = ['EPERM', 'EACCES', 'EROFS', 'EIO'];

/** The advice for an error of a process, or a machine, that cannot open more files; undefined for other errors. */
export function lackOfFiles(error: Error): string | undefined {
  const { code, message } = firstCause(error);
  if (code === 'EMFILE')
    return `relval has as many files open as it may have, ${openFileLimit()} (${message}). Raise the limit: ulimit -n`;
  if (code === 'ENFILE') return `this machine can open no more files (${message}): raise fs.file-max`;
  return undefined;
}

function firstCause(error: Error): NodeJS.ErrnoException {
  return error.cause instanceof Error ? firstCause(error.cause) : error;
}

/** Turns an error that means a full or broken disk, or too many open files, into an ObstacleError. Others stay as they are. */
export function asSpaceError(error: Error, directory: string): Error {
  const { code, path } = firstCause(error);
  const files = lackOfFiles(error);
  if (files) return new ObstacleError(files);
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new ObstacleError(`the disk of ${directory} is full (${error.message}): make space there`);
  if (UNWRITABLE.includes(code) && path?.startsWith(directory))
    return new ObstacleError(`${directory} cannot be written to any more (${error.message}): make it writable again`);
  return error;
}
