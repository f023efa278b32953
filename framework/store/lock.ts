import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { identityOf } from './identity.ts';

export interface HeldLock {
  held: true;
  release(): void;
}

/** `held: false`: `holder` is the process that has the lock. */
export type Lock = HeldLock | { held: false; holder: string };

/**
 * A lock file that names its process by boot id, pid and start time, so that a reused pid is not mistaken for the holder, and
 * the lock of a crashed holder is taken over. `link` makes the creation atomic.
 * It works only between processes that see each other: processes of another host or pid namespace count as ended.
 */
export function takeLock(path: string): Lock {
  const mine = `${process.pid} ${identityOf(process.pid)}\n`;
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, mine, { mode: 0o600 });
  try {
    for (;;) {
      if (tryLink(draft, path)) return { held: true, release: () => rmSync(path, { force: true }) };
      const theirs = readIfThere(path);
      if (theirs === undefined) continue;
      const [pid = '', start] = theirs.trim().split(' ');
      if (start !== undefined && identityOf(Number(pid)) === start) return { held: false, holder: pid };
      setAside(path, theirs);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Removes the lock of an ended process. If another process has just taken it over, its lock is put back. */
function setAside(path: string, stale: string): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (readFileSync(aside, 'utf8') !== stale) tryLink(aside, path);
  rmSync(aside, { force: true });
}
