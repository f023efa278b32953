import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { type Flock, isTaken, takeFlock } from '../../../framework/tools/flock.ts';
import { InputError } from '../../input/input-error.ts';

/** The right to execute a run. A process that inherits its open file shares the right. */
export type RunLock = Flock;

/**
 * Locks a run's directory.
 * @param patience seconds to wait for one who is about to end
 * @returns undefined when another has it
 * @throws InputError the directory cannot be written to
 */
export function lockRun(directory: string, patience = 0): RunLock | undefined {
  try {
    return takeFlock(`${directory}/.lock`, { patience });
  } catch (error) {
    throw new InputError([{ message: `the run cannot be locked: ${(error as Error).message}` }]);
  }
}

/**
 * Locks a directory of runs against others who remove runs there.
 * @throws InputError another process removes runs there, or the directory cannot be written to
 */
export function lockRemoval(directory: string): Flock {
  const path = join(directory, '.gc.lock');
  let lock: Flock | undefined;
  try {
    lock = takeFlock(path);
  } catch (error) {
    throw new InputError([{ message: `the directory of runs cannot be locked: ${(error as Error).message}` }]);
  }
  if (!lock) throw new InputError([{ message: `another process is removing runs in ${directory}` }]);
  return lock;
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
  const taken = isTaken(`${directory}/.lock`);
  if (taken === false) unlocked.set(directory, carrier);
  return taken;
}

/** The lock that our parent has handed to us as an open file. */
export function inheritedLock(fd: number): RunLock {
  return { fd, release: () => closeSync(fd) };
}
