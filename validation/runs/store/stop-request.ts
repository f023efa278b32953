import { readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { replaceFile } from './store.ts';

/** In a run's directory: whoever carries the run is to stop it. For those whom no signal reaches, on other machines and in containers. */
const FILE = '.stop';

/** Asks whoever carries a run to stop it. @throws the directory cannot be written to */
export function askToStop(directory: string): void {
  replaceFile(join(directory, FILE), `relval stop on ${hostname()}\n`);
}

/** @returns by whom the run is to be stopped, once; undefined when nobody has asked */
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
