import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ProjectDemand } from '../../../framework/demand/demand.ts';
import { startd } from '../../../framework/htcondor/worker.ts';

const KIND = startd(() => 'cm.example:9618');
const POOL = { name: 'condor', workerCommand: 'condor_startd', passwordFile: '/tokens/{user}', idleSeconds: 2 };
const WORKER = { id: 'launch-1', shape: { cores: 2, memory: 512, disk: 100 } };

const project = (more: Partial<ProjectDemand> = {}): ProjectDemand => ({
  ...{ source: 'htcondor', manager: 'alice@pool.test at q1@cm.test', name: 'alice@pool.test', owner: 'alice' },
  ...{ startedAt: 0, asOf: 0, tasksWaiting: 1, tasksOnWorkers: 0, waiting: [], running: [], workers: [] },
  ...more,
});

describe('a worker for HTCondor', () => {
  it('is a startd with one static slot for one user, that offers itself to the schedd', () => {
    const { command, environment } = KIND.launch(POOL, WORKER, project());
    expect(command).toContain("token='/tokens/alice@pool.test'");
    expect(environment).toMatchObject({
      CONDOR_CONFIG: 'ONLY_ENV',
      _CONDOR_COLLECTOR_HOST: 'cm.example:9618',
      _CONDOR_NUM_CPUS: '2',
      _CONDOR_MEMORY: '512',
      _CONDOR_STARTD_NAME: 'launch-1',
      _CONDOR_LaunchId: '"launch-1"',
      _CONDOR_START:
        'TARGET.User == "alice@pool.test" && ($(TAKES_JOBS:true) || ($(KEEPS_CLAIM:true) && State == "Claimed"))',
      _CONDOR_STARTD_DIRECT_ATTACH_SCHEDD_NAME: 'q1@cm.test',
      _CONDOR_SLOT_TYPE_1_PARTITIONABLE: 'false',
    });
  });

  it('runs one job at a time, and none that is larger', () => {
    expect(KIND.tasksAtOnce(WORKER.shape, { category: 'default', count: 5, cores: 1 })).toBe(1);
    expect(KIND.tasksAtOnce(WORKER.shape, { category: 'default', count: 5, cores: 3 })).toBe(0);
    expect(KIND.tasksAtOnce(WORKER.shape, { category: 'default', count: 5, cores: 1, memory: 513 })).toBe(0);
    expect(KIND.tasksAtOnce(WORKER.shape, { category: 'default', count: 5, gpus: 1 })).toBe(0);
    expect(KIND.tasksAtOnce({ ...WORKER.shape, gpus: 2 }, { category: 'default', count: 5, gpus: 1 })).toBe(1);
  });

  it.each(['a"b@pool.test at q1@cm.test', '$(HOME)@pool.test at q1@cm.test', 'a@p at q 1', "a'b@pool.test at q1"])(
    'is not launched for a name that could mean something in its settings: %s',
    (manager) => expect(KIND.obstacle(POOL, project({ manager }))).toMatchObject({ reason: 'name' }),
  );

  it('is not launched without a token, or for a pool that gives its workers nothing', () => {
    const { passwordFile: _, ...without } = POOL;
    expect(KIND.obstacle(without, project())).toMatchObject({ reason: 'no-token' });
    expect(KIND.obstacle(POOL, project({ closed: 'has given no job' }))).toMatchObject({ reason: 'no-matches' });
    expect(KIND.obstacle(POOL, project())).toBeUndefined();
  });

  it('takes its program and token as they are named, whatever is in the names, and is no root', () => {
    const dir = mkdtempSync(join(tmpdir(), 'htcondor-worker-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const program = join(dir, `it's $(touch pwned) "x"`);
    writeFileSync(program, '#!/bin/sh\nreadlink tokens.d/token\necho "$_CONDOR_LOCAL_DIR $1"\n');
    chmodSync(program, 0o755);
    chmodSync(dir, 0o777);
    const token = `/t'o"k$(touch pwned)en`;
    const { command, environment } = KIND.launch(
      { ...POOL, workerCommand: program, passwordFile: token },
      WORKER,
      project(),
    );
    const env = { PATH: process.env.PATH, ...environment, MESOS_SANDBOX: dir };
    const ids = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    const { stdout } = spawnSync('/bin/sh', ['-c', command], { env, encoding: 'utf8', ...ids });
    expect(stdout).toBe(`${token}\n${dir} -f\n`);
    expect(readdirSync(dir)).not.toContain('pwned');
    if (process.getuid?.() !== 0) return;
    const asRoot = spawnSync('/bin/sh', ['-c', command], { env, encoding: 'utf8' });
    expect(asRoot).toMatchObject({ status: 2, stdout: '' });
    expect(asRoot.stderr).toContain('give their pool a user that is not root');
  });
});
