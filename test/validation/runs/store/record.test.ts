import { hostname } from 'node:os';
import tmp from 'tmp';
import { expect, it } from 'vitest';
import { lockRun } from '../../../../validation/runs/store/lock.ts';
import { isAlive, thisProcess } from '../../../../validation/runs/store/record.ts';
import { unawaited } from '../zombie.ts';

it('this process carries a run; one with its number that began at another time, or none at all, does not', () => {
  const own = thisProcess();
  expect(isAlive(own)).toBe(true);
  expect(isAlive({ ...own, start: '1' })).toBe(false);
  expect(isAlive({ ...own, pid: 2 ** 22 + 1 })).toBe(false);
  // a record of before does not say where its pid means something
  const { space: _, ...before } = own;
  expect(isAlive(before)).toBe(true);
  expect(isAlive({ ...before, start: '1' })).toBe(false);
  expect(isAlive({ ...before, pid: 2 ** 22 + 1, host: 'elsewhere' })).toBe(true);
});

it('where pids mean something else, the lock says whether a run is carried', () => {
  const directory = tmp.dirSync({ unsafeCleanup: true });
  try {
    const carriers = ['1', '2'].map((start) => ({ pid: process.pid, start, host: 'elsewhere', space: 'another' }));
    const [first, second] = carriers as [(typeof carriers)[0], (typeof carriers)[0]];
    // nobody has ever locked it: nothing is known
    expect(isAlive(first, directory.name)).toBe(true);
    const lock = lockRun(directory.name);
    expect(isAlive(first, directory.name)).toBe(true);
    expect(isAlive({ ...first, host: hostname() }, directory.name)).toBe(true);
    lock?.release();
    expect(isAlive(first, directory.name)).toBe(false);
    expect(isAlive({ ...first, host: hostname() }, directory.name)).toBe(false);
    // who carries it on writes himself into the record
    const again = lockRun(directory.name);
    expect(isAlive(second, directory.name)).toBe(true);
    again?.release();
  } finally {
    directory.removeCallback();
  }
});

it('a process that has ended and that its parent has not waited for carries none', async () => {
  const { pid, start, end } = await unawaited();
  const carrier = { pid, start, host: hostname() };
  expect(isAlive(carrier)).toBe(true);
  await end();
  expect(isAlive(carrier)).toBe(false);
});
