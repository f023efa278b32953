import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tmp from 'tmp';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { isLockedSoon, lockRun } from '../../../../validation/runs/store/lock.ts';

let directory: tmp.DirResult;
beforeEach(() => {
  directory = tmp.dirSync({ unsafeCleanup: true });
});
afterEach(() => {
  vi.unstubAllEnvs();
  directory.removeCallback();
});

it('one process at a time locks a run', () => {
  const lock = lockRun(directory.name);
  expect(lock).toBeDefined();
  expect(lockRun(directory.name)).toBeUndefined();
  lock?.release();
  const next = lockRun(directory.name);
  expect(next).toBeDefined();
  next?.release();
});

it('a child that inherits a lock holds it until it ends, however it ends', async () => {
  const lock = lockRun(directory.name);
  const child = spawn('sleep', ['100'], { stdio: ['ignore', 'ignore', 'ignore', lock?.fd] });
  await once(child, 'spawn');
  lock?.release();
  expect(lockRun(directory.name)).toBeUndefined();
  child.kill('SIGKILL');
  await once(child, 'exit');
  const next = lockRun(directory.name);
  expect(next).toBeDefined();
  next?.release();
});

it('a server goes on with other work while it looks whether a run is locked', async () => {
  expect(await isLockedSoon(directory.name, 'one')).toBeUndefined();
  const lock = lockRun(directory.name);
  const slow = tmp.dirSync({ unsafeCleanup: true });
  writeFileSync(join(slow.name, 'flock'), `#!/bin/sh\nsleep 0.5\nPATH='${process.env.PATH}' exec flock "$@"\n`, {
    mode: 0o755,
  });
  vi.stubEnv('PATH', `${slow.name}:${process.env.PATH}`);
  let work = 0;
  const worker = setInterval(() => work++, 10);
  expect(await isLockedSoon(directory.name, 'one')).toBe(true);
  clearInterval(worker);
  expect(work).toBeGreaterThan(5);
  slow.removeCallback();
  vi.unstubAllEnvs();
  // It was just seen to be locked, and is soon seen to be free.
  lock?.release();
  await expect.poll(() => isLockedSoon(directory.name, 'one'), { timeout: 10_000 }).toBe(false);
});

it.skipIf(process.getuid?.() === 0)('who cannot write to a run cannot carry it on', () => {
  chmodSync(directory.name, 0o500);
  expect(() => lockRun(directory.name)).toThrow('the run cannot be locked: EACCES');
});
