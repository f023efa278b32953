import { expect, it } from 'vitest';
import { anchored } from '../../../framework/config/pattern.ts';
import { defaultPool, poolOf, unservedWords } from '../../../framework/scheduler/state/pool.ts';
import { WORK_QUEUE_WORKER } from '../../../framework/workqueue/worker.ts';

const HOSTILE = `${'a'.repeat(200)}!`;

it('matches whole texts', () => {
  const pattern = anchored('relval-.*|nightly');
  expect(['relval-1', 'nightly', 'my-nightly', 'relval'].map((name) => pattern.test(name))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

it('does not match what would take for ever, and says so; after some such texts it gives no answer that it has not given', () => {
  const pattern = anchored('(a+)+');
  expect(pattern.test('aaa')).toBe(true);
  const before = process.cpuUsage();
  for (let n = 0; n < 1000; n++) expect(pattern.test(`${n}`.padStart(3) + HOSTILE)).toBe(false);
  for (let n = 0; n < 1000; n++) expect(pattern.test(`${HOSTILE}${n}`)).toBe(false);
  const { user } = process.cpuUsage(before);
  expect(user).toBeLessThan(5e6);
  expect(pattern.isTooSlow?.(HOSTILE)).toBe(true);
  expect(pattern.test('aaa')).toBe(true);
});

it('a project whose name is too slow to match is not served, and why says of which pool', () => {
  const pool = { ...defaultPool(WORK_QUEUE_WORKER), name: 'mine', projects: anchored('(a+)+') };
  const project = { name: HOSTILE, source: 'workqueue' };
  expect(poolOf([pool], project)).toBeUndefined();
  expect(unservedWords([pool], project)).toContain('the regular expression of pool mine takes too long to match it');
});
