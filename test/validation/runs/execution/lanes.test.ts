import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Lanes } from '../../../../validation/runs/execution/lanes.ts';

it('what belongs to one key is done in its order, and other keys do not wait', async () => {
  const done: string[] = [];
  const lanes = new Lanes(2, () => {});
  lanes.later('a', async () => {
    await sleep(20);
    done.push('a1');
  });
  lanes.now('a', () => done.push('a2'));
  lanes.now('b', () => done.push('b1'));
  expect(done).toEqual(['b1']);
  await lanes.idle();
  expect(done).toEqual(['b1', 'a1', 'a2']);
  lanes.now('a', () => done.push('a3'));
  expect(done.at(-1)).toBe('a3');
});

it('work that fails is told, and what is behind it is done', async () => {
  const errors: string[] = [];
  const done: string[] = [];
  const lanes = new Lanes(1, (error) => errors.push(error.message));
  lanes.later('a', async () => {
    throw new Error('full');
  });
  lanes.later('a', async () => {
    done.push('next');
  });
  await lanes.idle();
  expect(errors).toEqual(['full']);
  expect(done).toEqual(['next']);
});
