import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LocalMaster, startLocalMaster } from '../../../framework/local/master.ts';
import { RawFramework } from '../../conformance/client.ts';
import { firstOffer, launch, task } from '../../conformance/cluster.ts';
import { type Compiled, compile } from './compiled.ts';

const QUIET = { debug() {}, info() {}, warn: console.warn, error: console.error };
const AGENT = { cpus: 64, memory: 65_536, disk: 1000 };

let workDir = '';
let master: LocalMaster | undefined;
let framework: RawFramework | undefined;

/** A duration of `sleep` that no other process uses, to find the processes of a test. */
let seconds = '';

/** Pids of this test's living processes, without the shells that wait for them. */
function living(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
          .split('\0')
          .some((word) => word === seconds);
      } catch {
        return false;
      }
    })
    .map(Number);
}

async function eventually(what: string, holds: () => boolean, patience = 60_000): Promise<void> {
  const deadline = Date.now() + patience;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`${what}: not after ${patience} ms; living: ${living()}`);
    await sleep(20);
  }
}

beforeEach(() => {
  workDir = mkdtempSync(join(tmpdir(), 'killing-'));
  seconds = `10${process.pid}.${Math.floor(Math.random() * 1e9)}`;
});

afterEach(async () => {
  await framework?.close();
  await master?.stop();
  framework = undefined;
  master = undefined;
  for (const pid of living()) process.kill(pid, 'SIGKILL');
  rmSync(workDir, { recursive: true, force: true });
});

/** @param grace seconds from SIGTERM to SIGKILL; default: the usual ones */
async function start(command: string, { count = 1, grace = 0 } = {}): Promise<RawFramework> {
  master = await startLocalMaster({ workDir, agents: [AGENT], log: QUIET, credentials: undefined });
  framework = await RawFramework.subscribe(master.url);
  const offer = await firstOffer(framework);
  const policy = grace > 0 && { kill_policy: { grace_period: { nanoseconds: `${grace}000000000` } } };
  const tasks = Array.from({ length: count }, (_, index) => task(offer, `t${index}`, { command, ...policy }));
  await launch(framework, [offer], tasks);
  return framework;
}

const stdout = (id: string): string => readFileSync(join(workDir, 'S0', id, 'stdout'), 'utf8');

/** The number of processes that `living` finds for one task with HIDERS. */
const HIDDEN = 6;

/**
 * Children in every place where a process can hide: its own group, its own session, an empty environment, no parent, and all of
 * these together, in the sandbox or with an open file there.
 */
const HIDERS = () =>
  [
    `sleep ${seconds} &`,
    `setsid sleep ${seconds} &`,
    `env -i sleep ${seconds} &`,
    `(setsid sh -c "sleep ${seconds}; :" &)`,
    `(env -i setsid sleep ${seconds} &)`,
    `(exec 5>open; cd /; env -i setsid sleep ${seconds} &)`,
  ].join('\n');

describe('when the first process of a task ends', () => {
  it('all others of the task die, wherever they hide', async () => {
    const gate = join(workDir, 'gate');
    const subscribed = await start(`${HIDERS()}\nuntil [ -e ${gate} ]; do sleep 0.05; done`);
    await eventually('all hidden children run', () => living().length >= HIDDEN);
    writeFileSync(gate, '');
    await subscribed.update('t0', 'TASK_FINISHED');
    expect(living()).toEqual([]);
  });

  it('by SIGKILL from outside, the task has failed and nothing is left', async () => {
    const subscribed = await start(`echo $$\n${HIDERS()}\nwait`);
    await eventually('all hidden children run', () => living().length >= HIDDEN);
    process.kill(Number(stdout('t0')), 'SIGKILL');
    expect((await subscribed.update('t0', 'TASK_FAILED')).message).toBe('Command terminated with signal Killed');
    expect(living()).toEqual([]);
  });

  it('children that go on forking do not get away', async () => {
    const forking = `setsid sh -c 'i=0; while [ $i -lt 500 ]; do setsid sleep ${seconds} & i=$((i+1)); done' &`;
    const subscribed = await start(`${forking}\nsleep 0.1`);
    await subscribed.update('t0', 'TASK_FINISHED');
    expect(living()).toEqual([]);
    await sleep(300);
    expect(living()).toEqual([]);
  });

  it('nothing happens to other tasks, wherever their processes hide', async () => {
    const gate = join(workDir, 'gate');
    const waits = `until [ -e ${gate}.$(basename $PWD) ]; do sleep 0.05; done`;
    const subscribed = await start(`${HIDERS()}\n${waits}`, { count: 3 });
    for (const left of [2, 1, 0]) {
      await eventually('all hidden children run', () => living().length >= (left + 1) * HIDDEN);
      writeFileSync(`${gate}.t${left}`, '');
      await subscribed.update(`t${left}`, 'TASK_FINISHED');
      expect(living()).toHaveLength(left * HIDDEN);
    }
  });

  it('only stdout and stderr are left of its sandbox', async () => {
    const subscribed = await start('mkdir -p deep/er; touch deep/er/file .hidden; echo out; echo err >&2');
    await subscribed.update('t0', 'TASK_FINISHED');
    await eventually('the sandbox is tidy', () => readdirSync(join(workDir, 'S0', 't0')).length === 2);
    expect(readdirSync(join(workDir, 'S0', 't0'))).toEqual(['stderr', 'stdout']);
    expect(stdout('t0')).toBe('out\n');
  });
});

describe("a task's user", () => {
  it.skipIf(process.getuid?.() !== 0)('runs it, in a sandbox of its own (needs root)', async () => {
    chmodSync(workDir, 0o755);
    master = await startLocalMaster({ workDir, agents: [AGENT], log: QUIET, credentials: undefined });
    framework = await RawFramework.subscribe(master.url);
    const offer = await firstOffer(framework);
    const command = { value: 'id -un; touch mine', user: 'nobody' };
    await launch(framework, [offer], [task(offer, 't0', { command })]);
    expect((await framework.update('t0', 'TASK_FINISHED', 'TASK_FAILED')).state).toBe('TASK_FINISHED');
    expect(stdout('t0')).toBe('nobody\n');
  });
});

describe('KILL', () => {
  it('reaches every process of the task by SIGTERM, and by SIGKILL those that ignore it', async () => {
    const deaf = `setsid sh -c 'trap "" TERM; while :; do sleep ${seconds}; done' &`;
    const hearing = `setsid sh -c 'trap "echo heard >&2; exit" TERM; sleep ${seconds} & wait' &`;
    const last = 'trap "until [ -s stderr ]; do sleep 0.05; done; exit 0" TERM; touch ready; while :; do wait; done';
    const subscribed = await start(`${deaf}\n${hearing}\n${last}`, { grace: 60 });
    await subscribed.update('t0', 'TASK_RUNNING');
    await eventually('both sleep', () => living().length >= 2);
    await eventually('the task is ready', () => existsSync(join(workDir, 'S0', 't0', 'ready')));
    await subscribed.call('KILL', { kill: { task_id: { value: 't0' } } });
    await subscribed.update('t0', 'TASK_KILLED');
    expect(living()).toEqual([]);
    expect(readFileSync(join(workDir, 'S0', 't0', 'stderr'), 'utf8')).toContain('heard');
  });
});

describe('stop', () => {
  it('leaves nothing of running tasks', async () => {
    await start(`${HIDERS()}\nwait`, { count: 8 });
    await eventually('their processes run', () => living().length >= 8 * HIDDEN);
    await master?.stop();
    expect(living()).toEqual([]);
  });

  it.each([0, 5, 20, 50, 100])(
    'leaves nothing of tasks that are being launched, %d ms after the call',
    async (delay) => {
      await start(`${HIDERS()}\nwait`, { count: 24 });
      await sleep(delay);
      await master?.stop();
      expect(living()).toEqual([]);
      await sleep(200);
      expect(living()).toEqual([]);
    },
  );

  it('may be called twice, and ends tasks that ignore SIGTERM at once', async () => {
    const subscribed = await start(`trap "" TERM; while :; do sleep ${seconds}; done`, { grace: 3600 });
    await subscribed.update('t0', 'TASK_RUNNING');
    await Promise.all([master?.stop(), master?.stop()]);
    expect(living()).toEqual([]);
  });
});

describe('a process that hosts the master and is killed by SIGKILL', () => {
  let compiled: Compiled | undefined;
  let host: ChildProcess | undefined;

  beforeAll(() => {
    compiled = compile('framework/local/master.ts');
  });
  afterEach(() => {
    host?.kill('SIGKILL');
  });
  afterAll(() => compiled?.remove());

  const guards = (mark: string) =>
    readdirSync('/proc').filter((pid) => {
      try {
        return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(mark);
      } catch {
        return false;
      }
    });

  it.each([
    { when: 'while they run', running: 8 * HIDDEN },
    { when: 'while they are being launched', running: 0 },
  ])('takes every process of its tasks with it, $when, and its guard', async ({ running }) => {
    const program = `
      import { startLocalMaster } from ${JSON.stringify(compiled?.module)};
      const log = { debug() {}, info() {}, warn: console.error, error: console.error };
      const master = await startLocalMaster({ workDir: ${JSON.stringify(workDir)}, agents: [${JSON.stringify(AGENT)}], log });
      console.log(master.url);`;
    host = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [url] = (await once(host.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    framework = await RawFramework.subscribe(url.toString().trim());
    const offer = await firstOffer(framework);
    const command = `${HIDERS()}\nwait`;
    await launch(
      framework,
      [offer],
      Array.from({ length: 8 }, (_, index) => task(offer, `t${index}`, { command })),
    );
    await eventually('their processes run', () => living().length >= running);
    const mark = `MESOS_SLAVE_ID=${offer.agent_id.value.replace(/0$/, '')}`;
    expect(guards(mark)).toHaveLength(1);
    host.kill('SIGKILL');
    await eventually('the guard is gone', () => guards(mark).length === 0);
    await eventually('their processes are gone', () => living().length === 0);
  });
});
