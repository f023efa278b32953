import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HTCondorPool, startPool, until } from './pool.mjs';
import { PLACE, RelvalUser, ROOT, runEvents, startWorkers, writeWorkflow } from './relval-user.ts';

const GPMC = join(ROOT, 'makeflows', 'examples', 'gpmc', 'gpmc.jdl');

let pool: HTCondorPool;
beforeAll(async () => {
  pool = await startPool();
});
afterAll(() => pool?.stop());

describe('relval run --batch condor', () => {
  it('passes the example on workers of the framework, with live logs, though a worker is killed', async () => {
    const relval = new RelvalUser(pool);
    const { workers } = await startWorkers(pool, 2);
    const { ended } = relval.start(['run', GPMC, ...PLACE]);
    const run = await relval.newest();
    const first = await until('a connected step', () => runEvents(run).find(({ type }) => type === 'step-connected'));
    const step = 'step' in first ? first.step : '';
    const log = join(run.directory, 'steps', step, '1', 'stdout.log');
    await until('its log while it runs', () => existsSync(log) && readFileSync(log).length > 0);
    expect(runEvents(run).some((event) => event.type === 'step-ended' && event.step === step)).toBe(false);
    // Of a worker that has a job at this moment: the parent of a starter.
    await pool.tool('sh', '-c', 'kill -9 $(ps -o ppid= -p $(pgrep -o -x condor_starter))');

    const { code, stdout, stderr } = await ended;
    expect(code, stdout + stderr).toBe(0);
    const events = runEvents(run);
    expect(events.filter(({ type }) => type === 'step-requeued')).toHaveLength(1);
    const report = JSON.parse((await relval.run(['report', run.id, '--format', 'json'])).stdout);
    expect(report).toMatchObject({ verdict: 'passed', totals: { steps: 9, succeeded: 9 } });
    expect(await relval.jobs(run)).toEqual([]);
    await until('the end of the workers', () => workers().length === 0);
  });

  it('ends as failed when a step fails whose dependants cannot run', async () => {
    const relval = new RelvalUser(pool);
    await startWorkers(pool, 2);
    const file = writeWorkflow(
      relval,
      { 'bad.sh': 'echo before the end; exit 3', 'next.sh': 'echo never' },
      `  - { name: bad, executable: bad.sh, inputs: [bad.sh], onFailure: stop, retries: 0 }
  - { name: next, executable: next.sh, inputs: [next.sh], after: [bad], retries: 0 }`,
    );
    const { code, stdout, stderr } = await relval.run(['run', file, ...PLACE]);
    expect(code, stdout + stderr).toBe(1);
    const run = await relval.newest();
    expect((await relval.run(['logs', run.id, 'bad'])).stdout).toContain('before the end');
    expect(await relval.jobs(run)).toEqual([]);
  });

  it('ends as broken, not never, when a rule of makeflow fails for good and others wait for it', async () => {
    const relval = new RelvalUser(pool);
    await startWorkers(pool, 1);
    const file = writeWorkflow(
      relval,
      { 'next.sh': 'echo never' },
      `  - { name: bad, executable: not-there, retries: 0 }
  - { name: next, executable: next.sh, inputs: [next.sh], after: [bad] }`,
    );
    const { code, stdout, stderr } = await relval.run(['run', file, ...PLACE]);
    expect(code, stdout + stderr).toBe(3);
    expect(stdout).toContain('1 of 2 steps did not run, and 1 is broken');
    expect(stdout).toContain('no not-there');
    expect(await relval.jobs(await relval.newest())).toEqual([]);
  });

  it('leaves nothing in the queue when it is stopped, and can be resumed', async () => {
    const relval = new RelvalUser(pool);
    await startWorkers(pool, 1);
    const gate = join(relval.dir, 'gate');
    const file = writeWorkflow(
      relval,
      { 'wait.sh': `until [ -e ${gate} ]; do sleep 0.2; done; echo through` },
      '  - { name: wait, executable: wait.sh, inputs: [wait.sh], each: { jobs: 1-3 } }',
    );
    const { ended } = relval.start(['run', file, ...PLACE]);
    const run = await relval.newest();
    await until('a running step', () => runEvents(run).some(({ type }) => type === 'step-running'));
    const other = await pool.submit(relval.user, { hold: 'true' });
    const stopped = await relval.run(['stop', run.id]);
    expect(stopped.code, stopped.stdout + stopped.stderr).toBe(0);
    expect((await ended).code).toBe(130);
    expect(await relval.jobs(run)).toEqual([]);
    expect(await pool.jobs(`ClusterId == ${other.cluster}`, 'JobStatus')).toEqual([['5']]);
    await pool.tool('condor_rm', `${other.cluster}`);

    writeFileSync(gate, '');
    const resumed = await relval.run(['resume', run.id]);
    expect(resumed.code, resumed.stdout + resumed.stderr).toBe(0);
    expect(await relval.jobs(run)).toEqual([]);
  });
});
