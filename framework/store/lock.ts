import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { identityOf } from './identity.ts';

export interface HeldLock {
  held: true;
  release(): void;
}

/** `held: false` names the process that has it. */
export type Lock = HeldLock | { held: false; holder: string };

/**
 * A lock file that names its process: boot, pid and start time, so that a reused pid is not mistaken for the holder, and
 * a crashed holder's lock is taken over. `link` makes creation atomic.
 * It guards against processes that see each other: those of another host or pid namespace are taken for dead.
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

/** Removes a dead process's lock; if somebody else just took it over, theirs is put back. */
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
