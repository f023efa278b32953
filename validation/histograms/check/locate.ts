import { createHash } from 'node:crypto';
import { createReadStream, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const GB = 2 ** 30;
/** A file of merged histograms has less; of a larger one even the list of its keys takes long. */
const MOST_BYTES = 4 * GB;

/** A file on this machine, or why it cannot be compared. */
export type Located = { path: string; size: number } | { reason: string };

/** The output of a step, where that is a regular file of a size that can be read, in a directory that we reach. */
export function locate(outputDir: string | undefined, name: string): Located {
  if (outputDir === undefined) return { reason: 'the step has no output directory' };
  if (/^\w+:\/\//.test(outputDir)) return { reason: `it is at ${outputDir}: only files in directories are compared` };
  return locateFile(join(outputDir, name));
}

/** As locate, of a path. */
export function locateFile(path: string): Located {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (!status) return { reason: 'the file is gone' };
  if (status.isSymbolicLink()) return { reason: 'it is a symbolic link' };
  if (!status.isFile()) return { reason: 'it is no regular file' };
  const reason = tooLarge(status.size);
  return reason === undefined ? { path, size: status.size } : { reason };
}

/** Why a file of this size (bytes) is not compared; undefined where it can be. */
export function tooLarge(size: number): string | undefined {
  return size > MOST_BYTES ? `it has more than ${MOST_BYTES / GB} GB` : undefined;
}

/**
 * Files without those that are copies of one before: the same events twice are no better reference than once, and would make
 * chance look smaller than it is.
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
