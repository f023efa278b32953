import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import tmp from 'tmp';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockRun } from '../../../../validation/runs/store/lock.ts';

let directory: tmp.DirResult;
beforeEach(() => {
  directory = tmp.dirSync({ unsafeCleanup: true });
});
afterEach(() => directory.removeCallback());

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

it.skipIf(process.getuid?.() === 0)('who cannot write to a run cannot carry it on', () => {
  chmodSync(directory.name, 0o500);
  expect(() => lockRun(directory.name)).toThrow('the run cannot be locked: EACCES');
});
