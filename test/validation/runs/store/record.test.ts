import { hostname } from 'node:os';
import { expect, it } from 'vitest';
import { isAlive, thisProcess } from '../../../../validation/runs/store/record.ts';
import { unawaited } from '../zombie.ts';

it('this process carries a run; one with its number that began at another time, or none at all, does not', () => {
  const own = thisProcess();
  expect(isAlive(own)).toBe(true);
  expect(isAlive({ ...own, start: '1' })).toBe(false);
  expect(isAlive({ ...own, pid: 2 ** 22 + 1 })).toBe(false);
  expect(isAlive({ ...own, pid: 2 ** 22 + 1, host: 'elsewhere' })).toBe(true);
});

it('a process that has ended and that its parent has not waited for carries none', async () => {
  const { pid, start, end } = await unawaited();
  const carrier = { pid, start, host: hostname() };
  expect(isAlive(carrier)).toBe(true);
  await end();
  expect(isAlive(carrier)).toBe(false);
});
