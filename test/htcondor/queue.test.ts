import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFramework, workerTokens } from './framework.ts';
import { eventsOf, type HTCondorPool, startPool, until } from './pool.mjs';

const [ALICE, BOB] = ['alice@pool.test', 'bob@pool.test'];
/** More than a user may have who is read together with the others. */
const MANY = 6000;

let pool: HTCondorPool;
beforeAll(async () => {
  pool = await startPool();
});
afterAll(() => pool?.stop());

const ended = (log: string): number => eventsOf(log).filter(({ event }) => event === '005').length;

describe('a user with thousands of jobs that all differ', () => {
  it('gets no more workers than allowed, is told in few words, and others run beside', async () => {
    const passwordFile = await workerTokens(pool, 'owners');
    const own = `source: htcondor, user: worker, memory: 256, disk: 256, idleSeconds: 2, passwordFile: '${passwordFile}', environment: { _CONDOR_NETWORK_INTERFACE: 127.0.0.1 }`;
    await pool.submit('alice', { arguments: 100, request_disk: '1000 + 512 * $(Process)' }, `${MANY}`);
    const framework = await startFramework(pool, {
      passwordFile,
      cores: 3,
      pools: [`name: alice, projects: alice.*, max: 1, ${own}`, `name: bob, projects: bob.*, ${own}`],
    });
    await until('a running job', () => framework.busy(ALICE) === 1);
    const alice = framework.project(ALICE);
    expect(alice?.waiting.length).toBeLessThanOrEqual(100);
    expect((alice?.tasksWaiting ?? 0) + (alice?.tasksOnWorkers ?? 0)).toBeGreaterThanOrEqual(MANY - 1);
    expect(framework.why(ALICE)).toMatchObject({ pool: 'alice', blocked: 'at-maximum' });
    const words = framework.why(ALICE)?.words.join('\n') ?? '';
    expect(words).toContain('missing: ');
    expect(words.length).toBeLessThan(1500);

    const { log } = await pool.submit('bob', { arguments: 1 }, '2');
    await until('the end of the jobs of bob', () => ended(log) === 2, 30_000);
    await until('no worker of bob', () => framework.workers().every(({ project }) => project !== BOB));
    expect(framework.workers()).toHaveLength(1);
    expect(framework.scheduler.state.counters).toMatchObject({ launches: 3, failedEarly: 0 });

    await pool.tool('condor_rm', '-all');
    await framework.noWorkers();
    await until('nothing of a user whose jobs are removed', () => framework.project(ALICE) === undefined);
  });
});
