import { existsSync, readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { replaceFile } from './store.ts';

/** A file in a run's directory that asks its process to stop the run, for processes on other machines and in containers. */
const FILE = '.stop';

/** Asks the process of a run to stop it. @throws when the directory cannot be written to */
export function askToStop(directory: string): void {
  try {
    replaceFile(join(directory, FILE), `relval stop on ${hostname()}\n`);
  } catch (error) {
    // If the directory exists, another process has made the same request at this moment.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || !existsSync(directory)) throw error;
  }
}

/** Reads and removes a request to stop. @returns who asked; undefined if nobody did */
export function takeStopRequest(directory: string): string | undefined {
  const path = join(directory, FILE);
  try {
    const by = readFileSync(path, 'utf8').trim();
    rmSync(path);
    return by;
  } catch {
    return undefined;
  }
}
