import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { tailStarts } from '../logs/live-log.ts';

/** Logs and directories that are listed of one attempt. */
const MOST = 1000;
const DEEPEST = 16;

/** Numbers of the attempts of a step that have left something, in order. @param root the run's directory */
export async function attemptsOf(root: string, step: string): Promise<number[]> {
  const entries = await listing(join(root, 'steps', step));
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
  const directory = join(root, 'steps', step, String(attempt));
  const own = await filesBelow(directory, join(directory, 'logs'), 0);
  const names = ['stdout.log', 'stderr.log', ...own.sort()];
  const there = (await listing(directory)).map(({ name }) => name);
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

async function filesBelow(base: string, directory: string, depth: number): Promise<string[]> {
  if (depth > DEEPEST) return [];
  const files: string[] = [];
  for (const entry of await listing(directory)) {
    const path = join(directory, entry.name);
    if (entry.isFile()) files.push(relative(base, path));
    else if (entry.isDirectory()) files.push(...(await filesBelow(base, path, depth + 1)));
    if (files.length >= MOST) return files.slice(0, MOST);
  }
  return files;
}

async function listing(directory: string): Promise<Dirent[]> {
  try {
    if (!(await lstat(directory)).isDirectory()) return [];
    return await readdir(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** With what is received of a long one beside its file. */
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
