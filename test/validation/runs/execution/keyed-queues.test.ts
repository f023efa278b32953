import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { KeyedQueues } from '../../../../validation/runs/execution/keyed-queues.ts';

it('work of one key is done in order, and other keys do not wait', async () => {
  const done: string[] = [];
  const queues = new KeyedQueues(2, () => {});
  queues.later('a', async () => {
    await sleep(20);
    done.push('a1');
  });
  queues.now('a', () => done.push('a2'));
  queues.now('b', () => done.push('b1'));
  expect(done).toEqual(['b1']);
  await queues.idle();
  expect(done).toEqual(['b1', 'a1', 'a2']);
  queues.now('a', () => done.push('a3'));
  expect(done.at(-1)).toBe('a3');
});

it('work that fails is reported, and the next work is done', async () => {
  const errors: string[] = [];
  const done: string[] = [];
  const queues = new KeyedQueues(1, (error) => errors.push(error.message));
  queues.later('a', async () => {
    throw new Error('full');
  });
  queues.later('a', async () => {
    done.push('next');
  });
  await queues.idle();
  expect(errors).toEqual(['full']);
  expect(done).toEqual(['next']);
});
