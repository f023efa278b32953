import { lstatSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endInhabitants } from './local/processes.ts';
import { isTaken, takeFlock } from './tools/flock.ts';

const PREFIX = 'mesos-workqueue-framework-';
/** Locked as long as the process of a directory lives. */
const LOCK = 'alive';
/** ms. A directory that is younger may be one whose lock is just being taken. */
const YOUNG_MS = 60_000;

/**
 * Makes a directory for what only this process needs, such as its journal and the sandboxes of its agent. The directory is
 * removed when this process exits. Where a process was killed, the next one removes its directory.
 */
export async function temporaryDir(): Promise<string> {
  await removeLeftovers(Date.now());
  const dir = mkdtempSync(join(tmpdir(), PREFIX));
  takeFlock(join(dir, LOCK));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Of this user. What cannot be removed stays. */
async function removeLeftovers(now: number): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const dir = join(tmpdir(), name);
    try {
      const { uid, mtimeMs } = lstatSync(join(dir, LOCK));
      if (uid !== process.getuid?.() || now - mtimeMs < YOUNG_MS || isTaken(join(dir, LOCK)) !== false) continue;
      await endInhabitants(realpathSync(dir));
      rmSync(dir, { recursive: true, force: true });
    } catch {
      // It has no lock, or is being removed by another process.
    }
  }
}
