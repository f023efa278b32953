import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { InputError } from '../../input/input-error.ts';

/** Bits of a file's mode with which others than its owner can read it. */
const OTHERS_READ = 0o044;

const DANGER = 'whoever can connect to makeflow on this machine can become a worker of the run';
const ADVICE = 'use --password FILE, and start the framework with the same file';

/** The parts of a request that decide whether foreign workers can join the run. */
interface Place {
  catalog?: string | undefined;
  password?: string | undefined;
}

/**
 * @param warn gets warnings about accepted dangers
 * @returns absolute path
 * @throws InputError when the file cannot be used, or when there are secrets and anybody could read them
 */
export function passwordOf(
  { catalog, password }: Place,
  hasSecrets: boolean,
  warn: (message: string) => void,
): string | undefined {
  if (catalog === undefined) return undefined;
  if (password !== undefined) return checkFile(resolve(password), warn);
  if (!hasSecrets) {
    warn(`this run has no password: ${DANGER}; ${ADVICE}`);
    return undefined;
  }
  throw new InputError([{ message: `--secret needs --password: without it ${DANGER} and read the secret\n${ADVICE}` }]);
}

function checkFile(path: string, warn: (message: string) => void): string {
  const refuse = (why: string): never => {
    throw new InputError([{ message: `--password ${path}: ${why}` }]);
  };
  const info = statSync(path, { throwIfNoEntry: false });
  if (!info) return refuse('no such file');
  if (!info.isFile()) return refuse('is not a file');
  if (info.size === 0) return refuse('is empty');
  if ((info.mode & OTHERS_READ) !== 0) {
    warn(`--password ${path}: other users can read the file. To prevent this: chmod go= ${path}`);
  }
  return path;
}
