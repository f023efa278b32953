import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDir, startFramework, workerTokens } from './framework.ts';
import { eventsOf, type HTCondorPool, startPool, until } from './pool.mjs';

const ALICE = 'alice@pool.test';

let pool: HTCondorPool;
beforeAll(async () => {
  pool = await startPool();
});
afterAll(() => pool?.stop());

const submit = (lines = {}) =>
  pool.submit('alice', {
    executable: '/usr/bin/printenv',
    arguments: 'CUDA_VISIBLE_DEVICES',
    output: '/home/alice/gpus.out',
    request_gpus: 1,
    ...lines,
  });

describe('jobs that ask for GPUs', () => {
  it('get workers with as many as these were launched with, though the machine has more', async () => {
    // In the place of HTCondor's discovery, which would find none here.
    const discovery = join(openDir(), 'discovery');
    writeFileSync(discovery, '#!/bin/sh\necho \'DetectedGPUs="GPU-aaaa, GPU-bbbb"\'\n', { mode: 0o755 });
    const passwordFile = await workerTokens(pool, 'owners');
    const environment = `environment: { _CONDOR_NETWORK_INTERFACE: 127.0.0.1, _CONDOR_MACHINE_RESOURCE_INVENTORY_GPUs: ${discovery} }`;
    const framework = await startFramework(pool, {
      passwordFile,
      gpus: 1,
      pools: [
        `name: gpus, source: htcondor, user: worker, memory: 256, disk: 256, gpus: 1, passwordFile: '${passwordFile}', ${environment}`,
      ],
    });
    const tooMany = await submit({ request_gpus: 2 });
    const { log } = await submit();
    expect(await until('the slot', async () => (await pool.tool('condor_status', '-af', 'GPUs')).trim())).toBe('1');
    await until('the end of the job', () => eventsOf(log).some(({ event }) => event === '005'));
    expect(readFileSync('/home/alice/gpus.out', 'utf8')).toMatch(/^GPU-(aaaa|bbbb)\n$/);
    expect(framework.why(ALICE)?.words.join('\n')).toContain('2 GPUs');
    await pool.tool('condor_rm', `${tooMany.cluster}`);
    await framework.noWorkers();
    expect(framework.scheduler.state.counters).toMatchObject({ launches: 1, failedEarly: 0 });
  });

  it('launch nothing where no pool has any, and why says so', async () => {
    const framework = await startFramework(pool, { passwordFile: await workerTokens(pool, 'owners') });
    const { cluster } = await submit();
    const why = await until('the reason', () => framework.why(ALICE)?.words.join('\n'));
    expect(why).toContain('1 GPU');
    expect(framework.scheduler.state.counters.launches).toBe(0);
    await pool.tool('condor_rm', `${cluster}`);
  });
});
