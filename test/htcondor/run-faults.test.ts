import { createHash } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HTCondorPool, startPool, until } from './pool.mjs';
import { PLACE, RelvalUser, runEvents, startWorkers, writeWorkflow } from './relval-user.ts';

let pool: HTCondorPool;
beforeAll(async () => {
  pool = await startPool();
});
afterAll(() => pool?.stop());

const running = (run: { directory: string }) => runEvents(run).filter(({ type }) => type === 'step-running');
const message = (run: { directory: string }): string =>
  runEvents(run)
    .map((event) => ('message' in event ? event.message : ''))
    .join('\n');

describe('relval run --batch condor', () => {
  it('gives steps their secrets, which nobody sees in the queue', async () => {
    const relval = new RelvalUser(pool);
    await startWorkers(pool, 1);
    const gate = join(relval.dir, 'gate');
    const file = writeWorkflow(
      relval,
      { 'wait.sh': `until [ -e ${gate} ]; do sleep 0.2; done; echo "$MY_SECRET" | md5sum; echo "$MY_SECRET"` },
      '  - { name: wait, executable: wait.sh, inputs: [wait.sh] }',
    );
    const secret = "it's-a-$ecret/with signs";
    const { ended } = relval.start(['run', file, ...PLACE, '--secret', 'MY_SECRET'], { MY_SECRET: secret });
    const run = await relval.newest();
    await until('the step', () => running(run).length > 0);
    const shown = await pool.tool('condor_q', '-allusers', '-long');
    expect(shown).toContain('RelvalRun');
    // HTCondor would double its quote.
    expect(shown).not.toMatch(/MY_SECRET|ecret\/with|RELVAL_(TOKEN|LOGS|MASKS)/);
    writeFileSync(gate, '');
    const { code, stdout, stderr } = await ended;
    expect(code, stdout + stderr).toBe(0);
    const log = (await relval.run(['logs', run.id, 'wait'])).stdout;
    expect(log).toContain(createHash('md5').update(`${secret}\n`).digest('hex'));
    expect(log).toContain('*'.repeat(secret.length));
    expect(log).not.toContain(secret);
    expect(await pool.tool('condor_history', '-long', '-limit', '5')).not.toContain('MY_SECRET');
  });

  it('ends a job that HTCondor holds, and gives the reason', async () => {
    const relval = new RelvalUser(pool);
    await pool.reconfigure(
      'PERIODIC_EXPR_INTERVAL = 1',
      'SYSTEM_PERIODIC_HOLD = RequestMemory > 900 && JobStatus == 1',
      'SYSTEM_PERIODIC_HOLD_REASON = "this pool has no room for so large a job"',
    );
    const file = writeWorkflow(
      relval,
      { 'next.sh': 'echo never' },
      '  - { name: large, executable: next.sh, inputs: [next.sh], resources: { memory: 950MB }, retries: 1 }',
    );
    const { code, stdout, stderr } = await relval.run(['run', file, ...PLACE]);
    expect(code, stdout + stderr).toBe(3);
    expect(stdout).toContain('HTCondor held its job: this pool has no room for so large a job');
    const run = await relval.newest();
    expect(runEvents(run).filter(({ type }) => type === 'step-ended')).toHaveLength(2);
    expect(await relval.jobs(run)).toEqual([]);
    await pool.reconfigure('SYSTEM_PERIODIC_HOLD = false');
  });

  it('says why a step waits', async () => {
    const relval = new RelvalUser(pool);
    const file = writeWorkflow(
      relval,
      { 'next.sh': 'echo never' },
      '  - { name: next, executable: next.sh, inputs: [next.sh], resources: { memory: 800GB } }',
    );
    const { ended, child } = relval.start(['run', file, ...PLACE]);
    const run = await relval.newest();
    // Slots of workers that were killed may still be shown.
    const reason = /the HTCondor pool has no slot at this moment|requires: TARGET.Memory >= RequestMemory/;
    await until('the reason', () => reason.test(message(run)));
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
    expect(await relval.jobs(run)).toEqual([]);
  });

  it('says why the schedd takes no job, and goes on when it does', async () => {
    const relval = new RelvalUser(pool);
    await startWorkers(pool, 1);
    await pool.reconfigure('MAX_JOBS_SUBMITTED = 0');
    const file = writeWorkflow(
      relval,
      { 'next.sh': 'echo "$PATH"' },
      '  - { name: next, executable: next.sh, inputs: [next.sh] }',
    );
    const { ended } = relval.start(['run', file, ...PLACE]);
    const run = await relval.newest();
    await until('the reason', () =>
      /makeflow cannot submit a job, and tries again: MAX_JOBS_SUBMITTED/.test(message(run)),
    );
    await pool.reconfigure('MAX_JOBS_SUBMITTED = 1000');
    const { code, stdout, stderr } = await ended;
    expect(code, stdout + stderr).toBe(0);
    expect((await relval.run(['logs', run.id, 'next'])).stdout).toMatch(/^\/usr\/local\/bin:\/usr\/bin:\/bin$/m);
  });

  it('goes on after relval and makeflow were killed, without a second job for any step', async () => {
    const relval = new RelvalUser(pool);
    await startWorkers(pool, 1);
    const gate = join(relval.dir, 'gate');
    const file = writeWorkflow(
      relval,
      { 'wait.sh': `until [ -e ${gate} ]; do sleep 0.2; done; echo through` },
      '  - { name: first, executable: "true" }\n  - { name: wait, executable: wait.sh, inputs: [wait.sh], after: [first], each: { jobs: 1-2 } }',
    );
    const { ended, child } = relval.start(['run', file, ...PLACE]);
    const run = await relval.newest();
    await until('the second stage', () =>
      running(run).some((event) => 'step' in event && event.step.startsWith('wait')),
    );
    const makeflow = runEvents(run).find((event) => event.type === 'phase-started');
    const pids = [child.pid, makeflow?.type === 'phase-started' ? makeflow.makeflow : undefined];
    for (const pid of pids) if (pid !== undefined) process.kill(pid, 'SIGSTOP');
    for (const pid of pids) if (pid !== undefined) process.kill(pid, 'SIGKILL');
    await ended;
    expect((await relval.jobs(run)).length).toBe(2);
    writeFileSync(gate, '');
    const { code, stdout, stderr } = await relval.run(['resume', run.id]);
    expect(code, stdout + stderr).toBe(0);
    expect(await relval.jobs(run)).toEqual([]);
    expect(readdirSync(join(run.directory, 'steps', 'first'))).toEqual(['1']);
  });

  it('goes on when the schedd is killed and comes back', async () => {
    const relval = new RelvalUser(pool);
    await startWorkers(pool, 1);
    const gate = join(relval.dir, 'gate');
    const file = writeWorkflow(
      relval,
      { 'wait.sh': `until [ -e ${gate} ]; do sleep 0.2; done; echo through` },
      '  - { name: wait, executable: wait.sh, inputs: [wait.sh] }\n  - { name: next, executable: "true", after: [wait] }',
    );
    const { ended } = relval.start(['run', file, ...PLACE]);
    const run = await relval.newest();
    await until('the step', () => running(run).length > 0);
    for (const pid of pool.pidsOf('schedd')) process.kill(pid, 'SIGKILL');
    writeFileSync(gate, '');
    const { code, stdout, stderr } = await ended;
    expect(code, stdout + stderr).toBe(0);
    expect(await relval.jobs(run)).toEqual([]);
  });
});
