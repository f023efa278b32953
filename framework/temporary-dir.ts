import { lstatSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { endInhabitants } from './local/processes.ts';
import { isTaken, takeFlock } from './tools/flock.ts';

const PREFIX = 'mesos-workqueue-framework-';
/** Locked as long as the process of a directory lives. */
const LOCK = 'alive';

/**
 * Makes a directory for what only this process needs, such as its journal and the sandboxes of its agent. The directory is
 * removed when this process exits. Where a process was killed, the next one removes its directory.
 */
export async function temporaryDir(): Promise<string> {
  await removeLeftovers();
  // It gets its name when it is locked: until then nobody takes it for one that was left over.
  const made = mkdtempSync(join(tmpdir(), `.${PREFIX}`));
  takeFlock(join(made, LOCK));
  const dir = join(tmpdir(), basename(made).slice(1));
  renameSync(made, dir);
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Of this user. What cannot be removed stays. */
async function removeLeftovers(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const dir = join(tmpdir(), name);
    try {
      if (lstatSync(dir).uid !== process.getuid?.() || isTaken(join(dir, LOCK)) !== false) continue;
      await endInhabitants(realpathSync(dir));
      rmSync(dir, { recursive: true, force: true });
    } catch {
      // It has no lock, or is being removed by another process.
    }
  }
}
