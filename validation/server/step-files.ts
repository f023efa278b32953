import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { listInside } from '../files/open-inside.ts';
import { tailStarts } from '../logs/live-log.ts';

/** The largest number of logs, and of directories, of one attempt in a list. */
const MOST = 1000;
/** The largest number of entries of one directory that are read. */
const MOST_ENTRIES = 10_000;
const DEEPEST = 16;

/** Numbers of the attempts of a step that have files, in order. @param root the run's directory */
export async function attemptsOf(root: string, step: string): Promise<number[]> {
  const entries = await listInside(root, join('steps', step), MOST_ENTRIES);
  return entries
    .filter((entry) => entry.isDirectory() && /^[1-9]\d{0,5}$/.test(entry.name))
    .map(({ name }) => Number(name))
    .sort((a, b) => a - b);
}

/** Logs of an attempt with their sizes: stdout and stderr first, then its own by name (`logs/rec.log`). */
export async function logsOfAttempt(
  root: string,
  step: string,
  attempt: number,
): Promise<{ stream: string; size: number }[]> {
  const path = join('steps', step, String(attempt));
  const directory = join(root, path);
  const there = (await listInside(root, path, MOST_ENTRIES)).map(({ name }) => name);
  if (there.length === 0) return [];
  const own = await filesBelow(root, path, 'logs', 0);
  const names = ['stdout.log', 'stderr.log', ...own.sort()];
  const sizes = await Promise.all(names.map((name) => sizeOfLog(directory, name, there)));
  return names.flatMap((name, n) => {
    const size = sizes[n];
    return size === undefined ? [] : [{ stream: streamOf(name), size }];
  });
}

/** Path of a log in the run's directory. */
export function logPath(step: string, attempt: number, stream: string): string {
  const file = stream === 'stdout' || stream === 'stderr' ? `${stream}.log` : stream;
  return `steps/${step}/${attempt}/${file}`;
}

function streamOf(file: string): string {
  return file === 'stdout.log' || file === 'stderr.log' ? file.slice(0, -'.log'.length) : file;
}

/** Files below `base/directory`, by their paths in `base`. */
async function filesBelow(root: string, base: string, directory: string, depth: number): Promise<string[]> {
  if (depth > DEEPEST) return [];
  const files: string[] = [];
  for (const entry of await listInside(root, join(base, directory), MOST_ENTRIES)) {
    const path = join(directory, entry.name);
    if (entry.isFile()) files.push(path);
    else if (entry.isDirectory()) files.push(...(await filesBelow(root, base, path, depth + 1)));
    if (files.length >= MOST) return files.slice(0, MOST);
  }
  return files;
}

/** The size includes the received part of a long log, which is in a file of its own. */
async function sizeOfLog(directory: string, name: string, there: readonly string[]): Promise<number | undefined> {
  const tails = tailStarts(there, name).map((start) => `${name}.tail-${start}`);
  const [size, ...rest] = await Promise.all([name, ...tails].map((one) => sizeOf(join(directory, one))));
  return size === undefined ? undefined : rest.reduce<number>((sum, one) => sum + (one ?? 0), size);
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const stat = await lstat(path);
    return stat.isFile() ? stat.size : undefined;
  } catch {
    return undefined;
  }
}
