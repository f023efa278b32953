import { chownSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFramework, workerTokens } from './framework.ts';
import { eventsOf, FAST_NEGOTIATOR, type HTCondorPool, idsOf, startPool, until } from './pool.mjs';

const [ALICE, BOB] = ['alice@pool.test', 'bob@pool.test'];

let pool: HTCondorPool;
beforeAll(async () => {
  pool = await startPool();
});
afterAll(() => pool?.stop());

const ended = (log: string): number => eventsOf(log).filter(({ event }) => event === '005').length;

describe('jobs of an HTCondor pool', () => {
  it('get workers of their owner, which are given back when the jobs are done', async () => {
    const framework = await startFramework(pool, { passwordFile: await workerTokens(pool, 'pool') });
    const { log } = await pool.submit('alice', { arguments: 2 }, '2');
    await until('two running jobs', () => framework.busy(ALICE) === 2);
    await until('their end', () => ended(log) === 2);
    await framework.noWorkers();
    expect(framework.scheduler.state.counters).toMatchObject({ launches: 2, failedEarly: 0 });
    await until('no trace of the workers in the collector', async () => (await pool.tool('condor_status')) === '');
  });

  it('of two users, held, impossible, of a DAG and of a factory get as many workers as they need, and why says the rest', async () => {
    const framework = await startFramework(pool, { passwordFile: await workerTokens(pool, 'pool'), cores: 4 });
    const plain = await pool.submit('alice', { arguments: 2 }, '3');
    const held = await pool.submit('alice', { hold: 'true' }, '2');
    const nowhere = await pool.submit('alice', { requirements: 'Machine == "nowhere.example"' });
    const strange = await pool.submit('alice', { '+RequestCpus': '"2"', '+Note': '"`id` $(id) \'; id; "' });
    const large = await pool.submit('bob', { request_memory: 400, arguments: 2 }, '2');
    const factory = await pool.submit('bob', { arguments: 0, max_materialize: 8, max_idle: 4 }, '40');
    await pool.as('bob', 'sh', '-c', 'mkdir -p dag');
    const [uid, gid] = idsOf('bob');
    const write = (name: string, text: string): void => {
      writeFileSync(`/home/bob/dag/${name}`, text);
      chownSync(`/home/bob/dag/${name}`, uid, gid);
    };
    write('node.sub', 'executable = /bin/sleep\narguments = 1\ntransfer_executable = false\nlog = nodes.log\nqueue\n');
    write('two.dag', 'JOB A node.sub\nJOB B node.sub\nPARENT A CHILD B\n');
    await pool.as('bob', 'sh', '-c', 'cd dag && condor_submit_dag two.dag');

    await until('the end of the DAG', () => ended('/home/bob/dag/nodes.log') === 2, 60_000);
    await until(
      'the end of the others',
      () => ended(plain.log) === 3 && ended(large.log) === 2 && ended(factory.log) === 40,
    );
    await framework.noWorkers();
    expect(framework.scheduler.state.counters).toMatchObject({ failedEarly: 0 });
    // No more than the cores, though 50 jobs were run: workers are used again.
    expect(framework.scheduler.state.counters.launches).toBeLessThanOrEqual(24);
    const words = framework.why(ALICE)?.words.join('\n');
    expect(words).toContain(`they are held until somebody releases them (${held.cluster}.0 ${held.cluster}.1)`);
    expect(words).toContain(`(Machine == "nowhere.example") is undefined for our workers (${nowhere.cluster}.0)`);
    expect(words).toContain(`RequestCpus is "2", not a number (${strange.cluster}.0)`);
    await until('nothing of a user without jobs', () => framework.project(BOB) === undefined);
    await pool.tool('condor_rm', '-all');
  });

  it('of a user who always has more leave their workers after a while, so that another user gets some, and none is lost', async () => {
    const passwordFile = await workerTokens(pool, 'owners');
    const environment = 'environment: { _CONDOR_CLAIM_WORKLIFE: "8", _CONDOR_NETWORK_INTERFACE: 127.0.0.1 }';
    const line = `name: condor, source: htcondor, user: worker, memory: 256, disk: 256, passwordFile: '${passwordFile}', ${environment}`;
    const framework = await startFramework(pool, { passwordFile, cores: 2, pools: [line] });
    const many = await pool.submit('alice', { arguments: 2, keep_claim_idle: 10 }, '30');
    await until('two running jobs', () => framework.busy(ALICE) === 2);
    const few = await pool.submit('bob', { arguments: 1 });
    await until('the end of the job of bob', () => ended(few.log) === 1, 30_000);
    expect(ended(many.log)).toBeLessThan(30);
    await until('the end of the others', () => ended(many.log) === 30);
    const fates = eventsOf(many.log).flatMap(({ event }) =>
      ['001', '004', '005', '007', '022', '024'].includes(event) ? [event] : [],
    );
    expect(fates.sort()).toEqual([...Array(30).fill('001'), ...Array(30).fill('005')]);
    await framework.noWorkers();
    expect(framework.scheduler.state.counters).toMatchObject({ failedEarly: 0 });
  });

  it('with a token of their owner start without any negotiator', async () => {
    await pool.reconfigure(
      'NEGOTIATOR_INTERVAL = 7200',
      'NEGOTIATOR_CYCLE_DELAY = 7200',
      'NEGOTIATOR_MIN_INTERVAL = 7200',
    );
    const framework = await startFramework(pool, { passwordFile: await workerTokens(pool, 'owners') });
    const { log } = await pool.submit('bob', { arguments: 1 }, '2');
    await until('the end of the jobs', () => ended(log) === 2);
    await framework.noWorkers();
    expect(framework.scheduler.state.counters).toMatchObject({ launches: 2, failedEarly: 0 });
    await framework.stop(true);
    await pool.reconfigure(...FAST_NEGOTIATOR);
  });

  it('whose pool gives none to a worker get no more workers, and why says so', async () => {
    const environment = 'environment: { _CONDOR_START: "false", _CONDOR_NETWORK_INTERFACE: 127.0.0.1 }';
    const token = await workerTokens(pool, 'pool');
    const line = `name: shut, source: htcondor, user: worker, memory: 256, disk: 256, passwordFile: ${token}, ${environment}`;
    const framework = await startFramework(pool, { passwordFile: token, pools: [line] });
    const { cluster } = await pool.submit('alice', {});
    await until('the verdict', () => framework.project(ALICE)?.closed !== undefined);
    await pool.submit('alice', {}, '3');
    const why = await until('what blocks', () =>
      framework.why(ALICE)?.blocked === 'no-matches' ? framework.why(ALICE) : undefined,
    );
    expect(why.words.join('\n')).toMatch(
      /its pool has given no job to slot1@.* for \d+ s, though jobs wait that it could run/,
    );
    expect(framework.scheduler.state.counters.launches).toBe(1);
    await pool.tool('condor_rm', `${cluster}`);
  });
});
