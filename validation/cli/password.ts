import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import pc from 'picocolors';
import { InputError } from '../jdl/problem.ts';

/** Bits of a file's mode with which others than its owner can read it. */
const OTHERS_READ = 0o044;

/**
 * The file with the password that workers of a cluster must know. A run on this machine makes its own.
 * Without one whoever can connect to makeflow can be a worker, so that this is said, and refused where there are secrets.
 * @returns absolute path
 * @throws InputError the file cannot be used; secrets would go to anybody
 */
export function passwordOf(
  { catalog, password }: { catalog?: string | undefined; password?: string | undefined },
  hasSecrets: boolean,
): string | undefined {
  if (catalog === undefined) return undefined;
  if (password !== undefined) return checkFile(resolve(password));
  const danger = 'whoever can connect to makeflow on this machine can become a worker of the run';
  const advice = 'give --password FILE, and start the framework with the same file';
  if (hasSecrets)
    throw new InputError([
      { message: `--secret needs --password: without it ${danger} and read the secret\n${advice}` },
    ]);
  console.error(`${pc.yellow('warning')}: no password: ${danger}; ${advice}`);
  return undefined;
}

function checkFile(path: string): string {
  const refuse = (why: string): never => {
    throw new InputError([{ message: `--password ${path}: ${why}` }]);
  };
  const info = statSync(path, { throwIfNoEntry: false });
  if (!info) return refuse('no such file');
  if (!info.isFile()) return refuse('is not a file');
  if (info.size === 0) return refuse('is empty');
  if ((info.mode & OTHERS_READ) !== 0) {
    console.error(`${pc.yellow('warning')}: --password ${path}: others can read it; chmod go= ${path}`);
  }
  return path;
}
