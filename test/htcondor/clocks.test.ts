import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openDir, startFramework, workerTokens } from './framework.ts';
import { eventsOf, FAST_NEGOTIATOR, type HTCondorPool, startPool, until } from './pool.mjs';

const ALICE = 'alice@pool.test';
const QUARTER = 900;
const CLOSED = [
  'ALLOW_READ = *@pool.test',
  'SEC_READ_AUTHENTICATION = REQUIRED',
  'SEC_CLIENT_AUTHENTICATION = REQUIRED',
];

let pool: HTCondorPool;
afterEach(() => pool?.stop());

/** The variables by which libfaketime changes only the clock of the calendar, as when a machine's clock is wrong. */
function clock(seconds: number): Record<string, string> {
  return {
    LD_PRELOAD: '/usr/$LIB/faketime/libfaketimeMT.so.1',
    FAKETIME: `${seconds < 0 ? '' : '+'}${seconds}s`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}

/** A pool that must be read with a token. @param clocks seconds by which the clocks of its daemons are ahead */
async function startClosedPool(clocks: Record<string, number>): Promise<HTCondorPool> {
  const lines = Object.entries(clocks).map(([daemon, seconds]) => {
    const variables = Object.entries(clock(seconds)).map(([name, value]) => `${name}=${value}`);
    return `${daemon}_ENVIRONMENT = "${variables.join(' ')}"`;
  });
  return await startPool({ settings: [...FAST_NEGOTIATOR, ...CLOSED, ...lines] });
}

describe('clocks that differ by a quarter of an hour', () => {
  it.each([
    { collector: -QUARTER, schedd: QUARTER, workers: -QUARTER, tokens: QUARTER },
    { collector: QUARTER, schedd: -QUARTER, workers: QUARTER, tokens: -QUARTER },
  ])('do no harm: $collector s for the collector, $schedd s for the schedd', async (ahead) => {
    const { collector, schedd, workers, tokens } = ahead;
    pool = await startClosedPool({ COLLECTOR: collector, NEGOTIATOR: collector, SCHEDD: schedd });
    const right = { ...pool.environment };
    Object.assign(pool.environment, clock(tokens));
    const passwordFile = await workerTokens(pool, 'owners');
    const tokenFile = await pool.token('framework@pool.test', join(openDir(), 'token'));
    pool.environment = right;
    const environment = JSON.stringify({ ...clock(workers), _CONDOR_NETWORK_INTERFACE: '127.0.0.1' });
    const line = `name: condor, source: htcondor, user: worker, memory: 256, disk: 256, idleSeconds: 2, passwordFile: '${passwordFile}', environment: ${environment}`;
    const framework = await startFramework(pool, {
      passwordFile,
      htcondor: [`tokenFile: ${tokenFile}`],
      pools: [line],
    });
    // Longer than the lease, and than three reports of the worker.
    const { log } = await pool.submit('alice', { arguments: 40 });
    await until('a running job', () => framework.busy(ALICE) === 1);
    expect(framework.why(ALICE)?.words.join('\n')).not.toContain('old');
    const fates = () => eventsOf(log).filter(({ event }) => ['001', '004', '005', '007', '022', '024'].includes(event));
    await until('its end', () => fates().some(({ event }) => event === '005'));
    expect(fates().map(({ event }) => event)).toEqual(['001', '005']);
    await framework.noWorkers();
    expect(framework.scheduler.state.counters).toMatchObject({ launches: 1, failedEarly: 0 });
  });
});

describe('a token that has expired only by the clock of the pool', () => {
  it('is named, and when another one is there its jobs run', async () => {
    pool = await startClosedPool({ COLLECTOR: QUARTER, NEGOTIATOR: QUARTER, SCHEDD: QUARTER });
    const tokenFile = await pool.token('framework@pool.test', join(openDir(), 'token'), undefined, QUARTER / 2);
    const passwordFile = await workerTokens(pool, 'owners');
    const framework = await startFramework(pool, {
      passwordFile,
      htcondor: [`tokenFile: ${tokenFile}`, 'schedds: [q1@cm.test]'],
    });
    const problems = () => framework.scheduler.state.demand?.problems.join('\n') ?? '';
    await until('the problem', () => problems() !== '');
    expect(problems()).toContain(`the token in ${tokenFile} expires at `);
    expect(problems()).toMatch(
      /it has expired already if the pool's clock is ahead of this machine's by [78] min or more/,
    );
    await pool.token('framework@pool.test', tokenFile);
    const { log } = await pool.submit('alice', { arguments: 1 });
    await until('the end of the job', () => eventsOf(log).some(({ event }) => event === '005'));
    await framework.noWorkers();
  });
});
