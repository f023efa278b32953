import { describe, expect, it } from 'vitest';
import { ExecutorStarts } from '../../../framework/local/executor-starts.ts';

/** ms after which each of so many starts, asked for at once, has happened. */
async function lasting(count: number, starts: ExecutorStarts): Promise<number[]> {
  const begin = performance.now();
  const one = async (): Promise<number> => {
    await starts.next();
    return performance.now() - begin;
  };
  return await Promise.all(Array.from({ length: count }, one));
}

describe('the starts of executors', () => {
  it('cost nothing by default', async () => {
    for (const ms of await lasting(10, new ExecutorStarts(0, 20))) expect(ms).toBeLessThan(20);
  });

  it('happen one after the other', async () => {
    const times = await lasting(4, new ExecutorStarts(40, 1));
    for (const [index, ms] of times.entries()) expect(ms).toBeGreaterThanOrEqual(40 * (index + 1) - 5);
  });

  it('share the agent, so that all of them come late', async () => {
    const times = await lasting(6, new ExecutorStarts(40, 3));
    for (const ms of times.slice(0, 3)) expect(ms).toBeGreaterThanOrEqual(115);
    for (const ms of times.slice(3)) expect(ms).toBeGreaterThanOrEqual(235);
  });
});
