import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFramework, workerTokens } from './framework.ts';
import { eventsOf, type HTCondorPool, startPool, until } from './pool.mjs';

let pool: HTCondorPool;
beforeAll(async () => {
  pool = await startPool();
});
afterAll(() => pool?.stop());

describe('jobs of an HTCondor pool', () => {
  it('get workers of their owner, which are given back when the jobs are done', async () => {
    const framework = await startFramework(pool, { passwordFile: await workerTokens(pool, 'pool') });
    const { log } = await pool.submit('alice', { arguments: 2 }, '2');
    await until('two running jobs', () => framework.busy('alice@pool.test') === 2).catch((error) => {
      console.log(framework.why('alice@pool.test'), framework.lines.slice(-20), framework.project('alice@pool.test'));
      throw error;
    });
    await until('their end', () => eventsOf(log).filter(({ event }) => event === '005').length === 2);
    await framework.noWorkers();
    expect(framework.scheduler.state.counters).toMatchObject({ launches: 2, failedEarly: 0 });
  });
});
