import { spawn } from 'node:child_process';
import { chownSync, closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ProjectDemand } from '../../framework/demand/demand.ts';
import { startd } from '../../framework/htcondor/worker.ts';
import { openDir, startFramework, workerTokens } from './framework.ts';
import { eventsOf, type HTCondorPool, idsOf, SCHEDD, startPool, until } from './pool.mjs';

/** Rounds of the first test, its jobs in each, and the workers of the second test. */
const ROUNDS = 24;
const JOBS = 3;
const WORKERS = 8;

let pool: HTCondorPool;
beforeAll(async () => {
  pool = await startPool();
});
afterAll(() => pool?.stop());

/** Events of a job log without those of files, images and sizes: 001 runs, 004 evicted, 005 ended, 007 shadow failed, 022 lost. */
const fates = (log: string): string[] =>
  eventsOf(log).flatMap(({ event }) =>
    ['001', '004', '005', '007', '022', '023', '024'].includes(event) ? [event] : [],
  );

describe('a worker that is given back', () => {
  it('just as jobs come loses none of them, and runs none twice', async () => {
    const framework = await startFramework(pool, {
      passwordFile: await workerTokens(pool, 'owners'),
      cores: JOBS,
      pools: ['name: condor, idleSeconds: 0.5'],
    });
    const longest = { ms: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const at = Date.now();
      const { log } = await pool.submit('alice', { arguments: 1 }, `${JOBS}`);
      await until('the jobs', () => fates(log).filter((event) => event === '005').length === JOBS);
      longest.ms = Math.max(longest.ms, Date.now() - at);
      expect([round, ...fates(log).sort()]).toEqual([round, ...Array(JOBS).fill('001'), ...Array(JOBS).fill('005')]);
      // Workers are given back 0.5 s after their last job and up to 2 s later: at all moments of that the next jobs come.
      await sleep((2500 * round) / ROUNDS);
    }
    const { launches } = framework.scheduler.state.counters;
    process.stdout.write(`${ROUNDS * JOBS} jobs, ${launches} workers, longest round ${longest.ms} ms\n`);
    // Otherwise no worker was given back.
    expect(launches).toBeGreaterThan(2 * JOBS);
    await framework.noWorkers();
  }, 600_000);

  it('at any moment between the submission and the run of its job tells the schedd', async () => {
    const workers = await startWorkers('unclaimed', WORKERS);
    await until('idle workers', async () => (await statesOfSlots('Unclaimed')) === WORKERS);
    await leaveOneByOne(workers, 3000);
  });

  it('while the schedd keeps its claim for the next job tells the schedd', async () => {
    const workers = await startWorkers('kept', WORKERS);
    const { log } = await pool.submit('alice', { arguments: 0, keep_claim_idle: 60 }, `${WORKERS}`);
    await until('the first jobs', () => fates(log).filter((event) => event === '005').length === WORKERS);
    await until('kept claims', async () => (await statesOfSlots('Claimed Idle')) > 0);
    await leaveOneByOne(workers, 1500);
  });

  it('while shadows are on their way to the claims that it gives up stays until it has refused them', async () => {
    const script = join(openDir(), 'slow-shadow');
    writeFileSync(script, '#!/bin/sh\nsleep 2\nexec /usr/sbin/condor_shadow "$@"\n', { mode: 0o755 });
    const workers = await startWorkers('refuses', 3);
    const { log } = await pool.submit('alice', { arguments: 0, keep_claim_idle: 60 }, '3');
    await until('the first jobs', () => fates(log).filter((event) => event === '005').length === 3);
    const kept = await until('kept claims', async () => await statesOfSlots('Claimed Idle'));
    await pool.reconfigure(`SHADOW = ${script}`);
    const next = await pool.submit('alice', { arguments: 60, keep_claim_idle: 60 }, `${kept}`);
    await until('shadows on their way', () => pool.pidsNamed('slow-shadow').length > 0);
    for (const worker of workers) worker.leave();
    await Promise.all(workers.map(({ ended }) => ended));
    const others = async () => (await pool.jobs(`ClusterId == ${next.cluster} && JobStatus != 1`, 'ProcId')).join();
    await until('the return of all jobs', async () => (await others()) === '', 10_000);
    await pool.reconfigure('SHADOW = /usr/sbin/condor_shadow');
    await pool.tool('condor_rm', `${next.cluster}`);
  });
});

async function startWorkers(name: string, count: number): Promise<TestWorker[]> {
  const token = (await workerTokens(pool, 'owners')).replace('{user}', 'alice@pool.test');
  return Array.from({ length: count }, (_, index) => startWorker(token, `${name}-${index}`));
}

/** How many slots are in a state, and in an activity. */
async function statesOfSlots(wanted: string): Promise<number> {
  const listed = (await pool.tool('condor_status', '-af', 'State', 'Activity')).split('\n');
  return listed.filter((line) => line.startsWith(wanted)).length;
}

/** Submits as many jobs as there are workers, and meanwhile takes the workers back, within some time, ms. All jobs must wait again at once. */
async function leaveOneByOne(workers: readonly TestWorker[], withinMs: number): Promise<void> {
  const submitted = pool.submit('alice', { arguments: 60, keep_claim_idle: 60 }, `${workers.length}`);
  await Promise.all(
    workers.map(async (worker, index) => {
      await sleep((withinMs * index) / workers.length);
      worker.leave();
      await worker.ended;
    }),
  );
  const { cluster, log } = await submitted;
  const others = async () =>
    (await pool.jobs(`ClusterId == ${cluster} && JobStatus != 1`, 'ProcId', 'JobStatus')).join();
  // Much less than the lease, which is 30 s. A shadow that was refused may end only after 10 s.
  await until('the return of all jobs', async () => (await others()) === '', 10_000);
  expect(fates(log).filter((event) => event !== '001' && event !== '004')).toEqual([]);
  await pool.tool('condor_rm', `${cluster}`);
  await until('the end of the jobs', async () => (await pool.jobs(`ClusterId == ${cluster}`, 'ProcId')).length === 0);
}

describe('a worker whose script is killed', () => {
  it('ends, and its job waits again at once', async () => {
    const token = (await workerTokens(pool, 'owners')).replace('{user}', 'alice@pool.test');
    const { cluster, log } = await pool.submit('alice', { arguments: 60 });
    const worker = startWorker(token, 'killed');
    await until('the job', () => fates(log).includes('001'));
    worker.kill();
    await until('the end of the startd', () => pool.pidsOf('startd').length === 0, 15_000);
    const states = () => pool.jobs(`ClusterId == ${cluster}`, 'JobStatus');
    await until('the return of the job', async () => (await states()).join() === '1', 10_000);
    await pool.tool('condor_rm', `${cluster}`);
  });
});

type TestWorker = ReturnType<typeof startWorker>;

/** A worker without a framework. */
function startWorker(token: string, id: string) {
  const sandbox = join(openDir(), id);
  const [uid, gid] = idsOf('worker');
  mkdirSync(sandbox);
  chownSync(sandbox, uid, gid);
  const settings = { name: 'leaving', workerCommand: 'condor_startd', passwordFile: token, idleSeconds: 2 };
  const project = { manager: `alice@pool.test at ${SCHEDD}` } as ProjectDemand;
  const kind = startd(() => pool.collector);
  const { command, environment } = kind.launch(settings, { id, shape: { cores: 1, memory: 256, disk: 256 } }, project);
  const out = openSync(join(sandbox, 'out'), 'a');
  const child = spawn('/bin/sh', ['-c', command], {
    cwd: sandbox,
    uid,
    gid,
    env: { PATH: process.env.PATH, ...environment, MESOS_SANDBOX: sandbox, _CONDOR_NETWORK_INTERFACE: '127.0.0.1' },
    stdio: ['ignore', out, out],
    detached: true,
  });
  closeSync(out);
  onTestFinished(() => void child.kill('SIGKILL'));
  const pid = child.pid ?? 0;
  return {
    /** SIGTERM to all that an executor of Mesos finds: the tree of processes, and the session. */
    leave: () => {
      for (const one of treeOf(pid)) process.kill(one, 'SIGTERM');
    },
    kill: () => void child.kill('SIGKILL'),
    ended: new Promise((resolve) => child.once('exit', resolve)),
  };
}

function treeOf(root: number): number[] {
  const all = readdirSync('/proc').flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const [, parent, , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return [{ pid: Number(name), parent: Number(parent), session: Number(session) }];
    } catch {
      return [];
    }
  });
  const tree = new Set([root]);
  for (let before = 0; before < tree.size; ) {
    before = tree.size;
    for (const { pid, parent, session } of all) if (tree.has(parent) || session === root) tree.add(pid);
  }
  return [...tree];
}
