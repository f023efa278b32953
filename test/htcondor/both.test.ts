import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workQueue } from '../../framework/workqueue/watcher.ts';
import { Flow, startCatalog } from '../e2e/framework/tools.ts';
import { startFramework, workerTokens } from './framework.ts';
import { eventsOf, type HTCondorPool, startPool, until } from './pool.mjs';

const ALICE = 'alice@pool.test';

let pool: HTCondorPool;
beforeAll(async () => {
  pool = await startPool();
});
afterAll(() => pool?.stop());

describe('one cluster for Work Queue and HTCondor', () => {
  it('is shared by the weights of their pools, shows both alike, and gives everything back', async () => {
    const catalog = await startCatalog();
    const framework = await startFramework(pool, {
      passwordFile: await workerTokens(pool, 'owners'),
      cores: 8,
      sources: [workQueue({ catalogs: [catalog], managers: [] })],
      pools: [
        'name: condor, weight: 1',
        'name: flows, source: workqueue, weight: 2, memory: 256, disk: 256, granularity: 1',
      ],
    });
    const blocker = await Flow.start(catalog, 'blocker', { stages: [8] });
    await until('no free core', () => framework.busy('blocker') === 8);
    const flow = await Flow.start(catalog, 'flow', { stages: [12] });
    const { log } = await pool.submit('alice', { arguments: 20 }, '12');
    await until('both waiting', () => Boolean(framework.why('flow')?.blocked && framework.why(ALICE)?.blocked));
    await blocker.toEnd();
    await until('shares of two to one', () => framework.busy('flow') === 5 && framework.busy(ALICE) === 3);
    expect(framework.why(ALICE)).toMatchObject({ pool: 'condor', blocked: 'offers-too-small' });
    expect(framework.why('flow')).toMatchObject({ pool: 'flows', blocked: 'offers-too-small' });
    await flow.toEnd();
    await until('the end of the jobs', () => eventsOf(log).filter(({ event }) => event === '005').length === 12);
    await framework.noWorkers();
    expect(framework.scheduler.state.counters.failedEarly).toBe(0);
  });
});
