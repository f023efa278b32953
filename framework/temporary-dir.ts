import { existsSync, fstatSync, lstatSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcessesIn } from './local/processes.ts';
import { takeFlock } from './tools/flock.ts';

const PREFIX = 'mesos-workqueue-framework-';
/** Locked as long as the process of a directory lives. */
const LOCK = 'alive';

/**
 * Makes a directory for what only this process needs, such as its journal and the sandboxes of its agent. The directory is
 * removed when this process exits. Where a process was killed, the next one removes its directory.
 */
export async function temporaryDir(): Promise<string> {
  await removeLeftovers();
  for (;;) {
    const dir = mkdtempSync(join(tmpdir(), PREFIX));
    if (!isLocked(dir)) continue;
    process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
    return dir;
  }
}

/** Another process that starts just now may have taken the new directory for one that was left over. */
function isLocked(dir: string): boolean {
  try {
    const lock = takeFlock(join(dir, LOCK));
    return lock !== undefined && fstatSync(lock.fd).nlink > 0;
  } catch (error) {
    if (existsSync(dir)) throw error;
    return false;
  }
}

/** Of this user. What cannot be removed stays. */
async function removeLeftovers(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const dir = join(tmpdir(), name);
    try {
      // A link of somebody else's could lead to any directory.
      const isOurs = lstatSync(dir).isDirectory() && lstatSync(dir).uid === process.getuid?.();
      const lock = isOurs && existsSync(join(dir, LOCK)) ? takeFlock(join(dir, LOCK)) : undefined;
      if (!lock) continue;
      await endProcessesIn(realpathSync(dir));
      rmSync(dir, { recursive: true, force: true });
      lock.release();
    } catch {
      // It has no lock, or is being removed by another process.
    }
  }
}
