import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { InputError } from '../../input/input-error.ts';

/** The right to execute a run. */
export interface RunLock {
  /** Open as long as the right is ours. Who inherits it shares the right, and keeps it when we are gone. */
  readonly fd: number;
  release: () => void;
}

/** flock's exit status when another has the lock. */
const TAKEN = 1;

/**
 * Locks a run's directory. The kernel gives the lock to one process only, and takes it back when that and all that
 * inherited it are gone, however they ended: there is nothing to clean up, and no moment at which two have it.
 * flock locks what the file descriptor stands for, which we share with it: so it may end, and the lock stays.
 * @param patience seconds to wait for one who is about to end
 * @returns undefined when another has it
 * @throws InputError the directory cannot be written to
 */
export function lockRun(directory: string, patience = 0): RunLock | undefined {
  let fd: number;
  try {
    fd = openSync(`${directory}/.lock`, 'a');
  } catch (error) {
    throw new InputError([{ message: `the run cannot be locked: ${(error as Error).message}` }]);
  }
  const { status, error, stderr } = spawnSync('flock', ['-w', String(patience), '3'], {
    stdio: ['ignore', 'ignore', 'pipe', fd],
    encoding: 'utf8',
  });
  if (status === 0) return { fd, release: () => closeSync(fd) };
  closeSync(fd);
  if (status === TAKEN) return undefined;
  throw new Error(`${directory} cannot be locked: ${error?.message ?? stderr.trim()}`);
}

/** Directories that were found unlocked, with whom their records named then: who carries them on writes himself there. */
const unlocked = new Map<string, string>();

/**
 * Whether somebody carries a run, whatever machine or container that is on: all of them see the lock.
 * @param carrier by the run's record: as long as it says the same, what is not locked stays so
 * @returns undefined where nobody can say: no lock was ever made, we may not read it, or its file system has none
 */
export function isLocked(directory: string, carrier: string): boolean | undefined {
  if (unlocked.get(directory) === carrier) return false;
  let fd: number;
  try {
    fd = openSync(`${directory}/.lock`, 'r');
  } catch {
    return undefined;
  }
  try {
    // Shared, so that those who only look do not see one another.
    const { status } = spawnSync('flock', ['-n', '-s', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] });
    if (status === TAKEN) return true;
    if (status !== 0) return undefined;
    unlocked.set(directory, carrier);
    return false;
  } finally {
    closeSync(fd);
  }
}

/** The lock that our parent has handed to us as an open file. */
export function inheritedLock(fd: number): RunLock {
  return { fd, release: () => closeSync(fd) };
}
