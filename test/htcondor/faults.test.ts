import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDir, startFramework, workerTokens } from './framework.ts';
import { eventsOf, FAST_NEGOTIATOR, type HTCondorPool, startPool, until } from './pool.mjs';

const ALICE = 'alice@pool.test';
const CLOSED = [
  'ALLOW_READ = *@pool.test',
  'SEC_READ_AUTHENTICATION = REQUIRED',
  'SEC_CLIENT_AUTHENTICATION = REQUIRED',
];

let pool: HTCondorPool;
beforeAll(async () => {
  pool = await startPool({ settings: [...FAST_NEGOTIATOR, ...CLOSED] });
});
afterAll(() => pool?.stop());

describe('a pool that cannot be read', () => {
  it('because of an expired token is named, and read as soon as the file has a good one', async () => {
    const file = join(openDir(), 'token');
    await pool.token('framework@pool.test', file, undefined, 1);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const passwordFile = await workerTokens(pool, 'owners');
    const { log } = await pool.submit('alice', { arguments: 1 });
    const framework = await startFramework(pool, {
      passwordFile,
      htcondor: [`tokenFile: ${file}`, 'schedds: [q1@cm.test]'],
    });
    const problems = () => framework.scheduler.state.demand?.problems.join('\n') ?? '';
    await until('the problem', () => problems().includes(`pool ${pool.collector}: condor_status:`));
    expect(problems()).toContain(`the token in ${file} has expired at `);
    expect(problems()).toContain('schedd q1@cm.test: its collector does not answer');
    expect(framework.workers()).toEqual([]);
    await pool.token('framework@pool.test', file);
    await until('the end of the job', () => eventsOf(log).some(({ event }) => event === '005'));
    await until('a look without problems', () => problems() === '');
    await framework.noWorkers();
  });

  it('because it is away is named, its workers stay, and its jobs end when it is back', async () => {
    const file = await pool.token('framework@pool.test', join(openDir(), 'token'));
    const passwordFile = await workerTokens(pool, 'owners');
    const framework = await startFramework(pool, { passwordFile, htcondor: [`tokenFile: ${file}`] });
    const { log } = await pool.submit('alice', { arguments: 15 });
    await until('a running job', () => framework.busy(ALICE) === 1);
    await pool.stop();
    await until('the silence', () => framework.project(ALICE)?.silentSince !== undefined);
    expect(framework.workers()).toHaveLength(1);
    await pool.start();
    await until('the end of the job', () => eventsOf(log).some(({ event }) => event === '005'));
    await framework.noWorkers();
    expect(framework.scheduler.state.counters).toMatchObject({ launches: 1, failedEarly: 0 });
  });
});
