import { ftruncateSync, readFileSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { takeFlock } from '../tools/flock.ts';

export interface HeldLock {
  held: true;
  release(): void;
}

/** `held: false` says who has it: `PID on HOST`. */
export type Lock = HeldLock | { held: false; holder: string };

/** Takes the lock of a state directory, and writes into the file who has it. @throws Error it cannot be written */
export function takeLock(path: string): Lock {
  const lock = takeFlock(path, { mode: 0o600 });
  if (!lock) return { held: false, holder: readFileSync(path, 'utf8').trim() || 'of unknown number' };
  ftruncateSync(lock.fd);
  writeSync(lock.fd, `${process.pid} on ${hostname()}\n`);
  return { held: true, release: () => lock.release() };
}
