import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { Turns } from '../../../validation/server/turns.ts';

it('a signal can be used for any number of turns, one after the other, and keeps nothing of them', async () => {
  const turns = new Turns(1);
  const { signal } = new AbortController();
  for (let n = 0; n < 50; n++) (await turns.take('one', signal))();
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

it('who has gone gets no turn, and the next one does', async () => {
  const turns = new Turns(1);
  const [staying, going] = [new AbortController(), new AbortController()];
  const giveBack = await turns.take('one', staying.signal);
  const second = turns.take('two', going.signal);
  const third = turns.take('three', staying.signal);
  going.abort();
  await expect(second).rejects.toMatchObject({ status: 499 });
  giveBack();
  (await third)();
  for (const { signal } of [staying, going]) expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});
