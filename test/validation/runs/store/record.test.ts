import { hostname } from 'node:os';
import tmp from 'tmp';
import { expect, it } from 'vitest';
import { lockRun } from '../../../../validation/runs/store/lock.ts';
import { isAlive, thisProcess } from '../../../../validation/runs/store/record.ts';
import { unawaited } from '../zombie.ts';

it('a run is alive with this process, but not with a process of the same pid and another start, or without one', () => {
  const own = thisProcess();
  expect(isAlive(own)).toBe(true);
  expect(isAlive({ ...own, start: '1' })).toBe(false);
  expect(isAlive({ ...own, pid: 2 ** 22 + 1 })).toBe(false);
  // an old record does not say where its pid is valid
  const { space: _, ...before } = own;
  expect(isAlive(before)).toBe(true);
  expect(isAlive({ ...before, start: '1' })).toBe(false);
  expect(isAlive({ ...before, pid: 2 ** 22 + 1, host: 'elsewhere' })).toBe(true);
});

it('the lock decides whether a run is alive if its pid is not valid here', () => {
  const directory = tmp.dirSync({ unsafeCleanup: true });
  try {
    const carriers = ['1', '2'].map((start) => ({ pid: process.pid, start, host: 'elsewhere', space: 'another' }));
    const [first, second] = carriers as [(typeof carriers)[0], (typeof carriers)[0]];
    // without a lock file it is unknown
    expect(isAlive(first, directory.name)).toBe(true);
    const lock = lockRun(directory.name);
    expect(isAlive(first, directory.name)).toBe(true);
    expect(isAlive({ ...first, host: hostname() }, directory.name)).toBe(true);
    lock?.release();
    expect(isAlive(first, directory.name)).toBe(false);
    expect(isAlive({ ...first, host: hostname() }, directory.name)).toBe(false);
    // a process that resumes the run writes itself into the record
    const again = lockRun(directory.name);
    expect(isAlive(second, directory.name)).toBe(true);
    again?.release();
  } finally {
    directory.removeCallback();
  }
});

it('a zombie does not keep a run alive', async () => {
  const { pid, start, end } = await unawaited();
  const carrier = { pid, start, host: hostname() };
  expect(isAlive(carrier)).toBe(true);
  await end();
  expect(isAlive(carrier)).toBe(false);
});
