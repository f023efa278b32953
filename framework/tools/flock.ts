import { closeSync, constants, openSync } from 'node:fs';

/** A lock that this process has. */
export interface Flock {
  /** Open as long as the lock is ours. Who inherits it shares the lock, and keeps it when we are gone. */
  readonly fd: number;
  release(): void;
}

/** Opening a named pipe, which others may have put in the place of the file, does not wait for its other end. */
const { O_RDONLY, O_WRONLY, O_CREAT, O_APPEND, O_NONBLOCK } = constants;

/** Loaded when it is needed: each look at a run loads this file, and hardly any asks for a lock. */
const programs = () => process.getBuiltinModule('node:child_process');

/** flock's exit status when another has the lock. */
const TAKEN = 1;

/**
 * Locks a file, which is made if need be and never removed. The kernel gives the lock to one process only, and takes it back
 * when that process and all that inherited it are gone, however they ended. So nothing has to be cleaned up, there is no
 * moment at which two have it, and processes of other containers, PID namespaces and (where the file system passes locks on)
 * other hosts see it. flock(1) locks what the file descriptor stands for, which we share with it: it may end, the lock stays.
 * @param mode permissions of a new file
 * @param patience seconds to wait for one who is about to end
 * @returns undefined when another has it
 * @throws Error the file cannot be opened for writing, or its file system has no locks
 */
export function takeFlock(path: string, { mode = 0o666, patience = 0 } = {}): Flock | undefined {
  const fd = openSync(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK, mode);
  const { status, error, stderr } = programs().spawnSync('flock', ['-w', String(patience), '3'], {
    stdio: ['ignore', 'ignore', 'pipe', fd],
    encoding: 'utf8',
  });
  if (status === 0) return { fd, release: () => closeSync(fd) };
  closeSync(fd);
  if (status === TAKEN) return undefined;
  throw new Error(`${path} cannot be locked: ${error?.message ?? stderr.trim()}`, { cause: error });
}

/**
 * Whether another process has the lock of a file.
 * @returns undefined where nobody can say: there is no such file, we may not read it, or its file system has no locks
 */
export function isTaken(path: string): boolean | undefined {
  const fd = openToLook(path);
  if (fd === undefined) return undefined;
  try {
    return saysTaken(programs().spawnSync('flock', LOOK, { stdio: ['ignore', 'ignore', 'ignore', fd] }).status);
  } finally {
    closeSync(fd);
  }
}

/** Like `isTaken`, and this process goes on with other work meanwhile. */
export async function isTakenSoon(path: string): Promise<boolean | undefined> {
  const fd = openToLook(path);
  if (fd === undefined) return undefined;
  try {
    const looking = programs().spawn('flock', LOOK, { stdio: ['ignore', 'ignore', 'ignore', fd] });
    return saysTaken(
      await new Promise<number | null>((resolve) => {
        looking.once('error', () => resolve(null)).once('exit', resolve);
      }),
    );
  } finally {
    closeSync(fd);
  }
}

/** Shared, so that those who only look do not see one another. */
const LOOK = ['-n', '-s', '3'];

function openToLook(path: string): number | undefined {
  try {
    return openSync(path, O_RDONLY | O_NONBLOCK);
  } catch {
    return undefined;
  }
}

function saysTaken(status: number | null): boolean | undefined {
  return status === TAKEN ? true : status === 0 ? false : undefined;
}
