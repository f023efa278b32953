import { createHash } from 'node:crypto';
import { createReadStream, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const GB = 2 ** 30;
/** A file of merged histograms is smaller. In a larger file even the list of keys takes long to read. */
const MOST_BYTES = 4 * GB;

/** A file on this machine, or why it cannot be compared. */
export type Located = { path: string; size: number } | { reason: string };

/** Finds the output of a step. It must be a regular file that is not too large, in a directory that this machine can read. */
export function locate(outputDir: string | undefined, name: string): Located {
  if (outputDir === undefined) return { reason: 'the step has no output directory' };
  if (/^\w+:\/\//.test(outputDir)) return { reason: `it is at ${outputDir}: only files in directories are compared` };
  return locateFile(join(outputDir, name));
}

/** Like locate, for a path. */
export function locateFile(path: string): Located {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (!status) return { reason: 'the file is gone' };
  if (status.isSymbolicLink()) return { reason: 'it is a symbolic link' };
  if (!status.isFile()) return { reason: 'it is no regular file' };
  const reason = tooLarge(status.size);
  return reason === undefined ? { path, size: status.size } : { reason };
}

/** Why a file of this size (bytes) is not compared; undefined if it is. */
export function tooLarge(size: number): string | undefined {
  return size > MOST_BYTES ? `it has more than ${MOST_BYTES / GB} GB` : undefined;
}

/**
 * Drops files that are copies of an earlier one. The same events twice are not a better reference, and would make the estimated
 * noise too small.
 */
export async function withoutCopies<T extends { path: string; size: number }>(files: readonly T[]): Promise<T[]> {
  const kept: T[] = [];
  const seen = new Set<string>();
  for (const file of files) {
    const isAlone = files.filter(({ size }) => size === file.size).length === 1;
    const digest = isAlone ? file.path : await digestOf(file.path);
    if (seen.has(digest)) continue;
    seen.add(digest);
    kept.push(file);
  }
  return kept;
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
