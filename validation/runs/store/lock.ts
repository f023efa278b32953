import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { type Flock, isTaken, isTakenSoon, takeFlock } from '../../../framework/tools/flock.ts';
import { steadyNow } from '../../../framework/tools/steady-clock.ts';
import { InputError } from '../../input/input-error.ts';

/** The right to execute a run. A process that inherits its open file shares the right. */
export type RunLock = Flock;

/**
 * Locks a run's directory.
 * @param patience seconds to wait for a process that is about to end
 * @returns undefined if another process has the lock
 * @throws InputError when the directory cannot be written to
 */
export function lockRun(directory: string, patience = 0): RunLock | undefined {
  try {
    return takeFlock(`${directory}/.lock`, { patience });
  } catch (error) {
    throw new InputError([{ message: `the run cannot be locked: ${(error as Error).message}` }]);
  }
}

/**
 * Locks a directory of runs against other processes that remove runs there.
 * @throws InputError when another process removes runs there, or the directory cannot be written to
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

/** Unlocked directories, each with the process that its record named then. A process that resumes the run changes the record. */
const unlocked = new Map<string, string>();

/**
 * Whether a process executes a run, on any machine or in any container: all of them see the lock.
 * @param owner the process in the run's record. While it stays the same, an unlocked directory stays unlocked
 * @returns undefined if unknown: the lock file does not exist or is not readable, or the file system has no locks
 */
export function isLocked(directory: string, owner: string): boolean | undefined {
  if (unlocked.get(directory) === owner) return false;
  const taken = isTaken(`${directory}/.lock`);
  if (taken === false) unlocked.set(directory, owner);
  return taken;
}

/** How long a lock counts as held after a look, ms. */
const HELD_MS = 2000;
/** Locked directories, and when they were seen to be. */
const held = new Map<string, number>();

/** Like `isLocked`, for a process that goes on with other work and looks often. The answer may be two seconds old. */
export async function isLockedSoon(directory: string, owner: string): Promise<boolean | undefined> {
  if (unlocked.get(directory) === owner) return false;
  if (steadyNow() - (held.get(directory) ?? Number.NEGATIVE_INFINITY) < HELD_MS) return true;
  held.delete(directory);
  const taken = await isTakenSoon(`${directory}/.lock`);
  if (taken) held.set(directory, steadyNow());
  else if (taken === false) unlocked.set(directory, owner);
  return taken;
}

/** The lock that the parent process passed on as an open file. */
export function inheritedLock(fd: number): RunLock {
  return { fd, release: () => closeSync(fd) };
}
