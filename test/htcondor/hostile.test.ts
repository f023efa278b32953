import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDir, startFramework, workerTokens } from './framework.ts';
import { eventsOf, type HTCondorPool, startPool, until } from './pool.mjs';

const [ALICE, BOB] = ['alice@pool.test', 'bob@pool.test'];

let pool: HTCondorPool;
beforeAll(async () => {
  pool = await startPool();
});
afterAll(() => pool?.stop());

const ended = (log: string): boolean => eventsOf(log).some(({ event }) => event === '005');

describe('jobs with attributes that nobody expects', () => {
  it('start no command and launch nothing, why names what is wrong, and other jobs run', async () => {
    const framework = await startFramework(pool, { passwordFile: await workerTokens(pool, 'owners') });
    const mark = join(openDir(), 'pwned');
    const attack = `'; touch ${mark}; $(touch ${mark}) \`touch ${mark}\` "`;
    const text = JSON.stringify(attack);
    const long = `TARGET.Name != "${'x'.repeat(1_000_000)}" && TARGET.NotThere == 1`;
    const jobs = {
      notANumber: await pool.submit('bob', { '+RequestMemory': 'real("NaN")' }),
      infinite: await pool.submit('bob', { '+RequestCpus': 'real("INF")' }),
      text: await pool.submit('bob', { '+RequestDisk': text }),
      clause: await pool.submit('bob', { requirements: `TARGET.Name == ${text}` }),
      long: await pool.submit('bob', { requirements: long }),
      lines: await pool.submit('bob', { '+RequestGPUs': `"1\\n\\t${'x'.repeat(1000)}"`, '+LaunchId': text }),
      strange: await pool.submit('bob', { '+JobBatchName': text, '+RemoteHost': text, '+AcctGroupUser': text }),
    };
    await until('the end of the job that asks for nothing strange', () => ended(jobs.strange.log));
    const { log } = await pool.submit('alice', { arguments: 1 });
    await until('the end of the job of another user', () => ended(log));
    const words = await until('the reasons', () => framework.why(BOB)?.words.join('\n'));
    expect(words).toContain(`RequestMemory is`);
    expect(words).toContain(`(${jobs.notANumber.cluster}.0)`);
    expect(words).toContain(`(${jobs.infinite.cluster}.0)`);
    expect(words).toContain(`(${jobs.text.cluster}.0)`);
    expect(words).toContain(`(${jobs.long.cluster}.0)`);
    expect(words).toContain(`(${jobs.lines.cluster}.0)`);
    expect(words.length).toBeLessThan(10_000);
    await framework.noWorkers();
    expect(framework.scheduler.state.counters).toMatchObject({ failedEarly: 0 });
    expect(existsSync(mark)).toBe(false);
    await pool.tool('condor_rm', '-all');
  });

  it('cannot take the worker of another user', async () => {
    const passwordFile = await workerTokens(pool, 'owners');
    const own = `source: htcondor, user: worker, memory: 256, disk: 256, passwordFile: '${passwordFile}', environment: { _CONDOR_NETWORK_INTERFACE: 127.0.0.1 }`;
    const framework = await startFramework(pool, {
      passwordFile,
      pools: [`name: alice, projects: alice.*, ${own}`, `name: bob, projects: bob.*, ${own}`],
    });
    const { log } = await pool.submit('alice', { arguments: 15 });
    const { cluster } = await pool.submit('bob', { arguments: 60 });
    await until('both jobs', () => framework.busy(ALICE) === 1 && framework.busy(BOB) === 1);
    const [slot] = await pool.jobs(`User == "${ALICE}"`, 'RemoteHost');
    await pool.as('bob', 'condor_qedit', `${cluster}`, 'RemoteHost', `"${slot?.[0]}"`);
    await until('the end of the job of alice', () => ended(log));
    expect(readFileSync(log, 'utf8')).not.toMatch(/^004 /m);
    await pool.tool('condor_rm', '-all');
    await framework.noWorkers();
  });
});

it('other users of its machine can open no directory and no pipe of a worker', async () => {
  const framework = await startFramework(pool, { passwordFile: await workerTokens(pool, 'owners') });
  await pool.submit('alice', { arguments: 60 });
  await until('the job', () => framework.busy(ALICE) === 1);
  // The startd opens `execute` to all, and closes the directory of each job in it.
  const names = ['asked', 'lives', 'log', 'passwords.d', 'tokens.d'];
  const below = readdirSync(framework.dir, { recursive: true, encoding: 'utf8' });
  const own = below.filter((path) => names.includes(basename(path)));
  expect(own.map((path) => basename(path)).sort()).toEqual(names);
  for (const path of own) expect([path, lstatSync(join(framework.dir, path)).mode & 0o077]).toEqual([path, 0]);
  await pool.tool('condor_rm', '-all');
  await framework.noWorkers();
});

describe('a token that the pool does not accept', () => {
  it('is named, launches nothing, and is read again when it is replaced', async () => {
    const closed = ['ALLOW_READ = *@pool.test', 'SEC_READ_AUTHENTICATION = REQUIRED'];
    await pool.reconfigure(...closed, 'SEC_CLIENT_AUTHENTICATION = REQUIRED');
    const file = await pool.token('framework@pool.test', join(openDir(), 'token'));
    const good = readFileSync(file, 'utf8');
    const [head = '', body = ''] = good.split('.');
    writeFileSync(file, `${head}.${body}.${'A'.repeat(43)}\n`);
    const framework = await startFramework(pool, {
      passwordFile: await workerTokens(pool, 'owners'),
      htcondor: [`tokenFile: ${file}`, 'schedds: [q1@cm.test]'],
    });
    const { log } = await pool.submit('alice', { arguments: 1 });
    const problems = () => framework.scheduler.state.demand?.problems.join('\n') ?? '';
    await until('the problem', () => problems().includes('Failed to authenticate'));
    expect(framework.workers()).toEqual([]);
    writeFileSync(file, good);
    await until('the end of the job', () => ended(log));
    await framework.noWorkers();
  });
});
