import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LocalMaster, startLocalMaster } from '../../framework/local/master.ts';
import type { CommandInfo, ContainerInfo, TaskInfo } from '../../framework/mesos/messages.ts';
import { RawFramework } from '../conformance/client.ts';
import { firstOffer, launch, task } from '../conformance/cluster.ts';
import { compile } from '../framework/local/compiled.ts';
import { importBase } from './base-image.ts';
import { Daemon } from './daemon.ts';

const QUIET = { debug() {}, info() {}, warn() {}, error: console.error };
const IMAGE = 'tasks:1';
const AGENT = { cpus: 8, memory: 4096, disk: 1000, containerizer: 'docker' as const };

const daemon = new Daemon();
let workDir = '';
let master: LocalMaster | undefined;
let framework: RawFramework | undefined;

beforeAll(async () => {
  await daemon.start();
  process.env.DOCKER_HOST = daemon.host;
  importBase(daemon, IMAGE, 'worker');
});

afterAll(async () => {
  await daemon.stop();
  delete process.env.DOCKER_HOST;
  expect(daemon.isGone).toBe(true);
});

beforeEach(() => {
  workDir = mkdtempSync(join(tmpdir(), 'container-agent-'));
  // As the working directory of a real agent.
  chmodSync(workDir, 0o755);
});

afterEach(async () => {
  await framework?.close();
  await master?.stop();
  framework = undefined;
  master = undefined;
  rmSync(workDir, { recursive: true, force: true });
  expect(daemon.containers()).toEqual([]);
});

type Container = Partial<Omit<ContainerInfo, 'docker'>> & { docker?: Partial<ContainerInfo['docker']> };

const inDocker = ({ docker, ...rest }: Container = {}): ContainerInfo => ({
  type: 'DOCKER',
  ...rest,
  docker: { image: IMAGE, ...docker },
});

/** Launches one task and leaves it to run. */
async function start(command: string | CommandInfo, container: Container = {}, more: Partial<TaskInfo> = {}) {
  master = await startLocalMaster({ workDir, agents: [AGENT], log: QUIET, credentials: undefined });
  framework = await RawFramework.subscribe(master.url);
  const offer = await firstOffer(framework);
  await launch(
    framework,
    [offer],
    [
      task(offer, 't', {
        command: typeof command === 'string' ? { value: command } : command,
        container: inDocker(container),
        ...more,
      }),
    ],
  );
  return framework;
}

const states = (subscribed: RawFramework) => subscribed.statuses('t').map(({ state }) => state);
const output = (name = 'stdout') => readFileSync(join(workDir, 'S0', 't', name), 'utf8');

describe('a task in a container', () => {
  it('runs as Mesos’ docker executor runs it: states, sandbox, environment, output', async () => {
    const subscribed = await start({
      value:
        'echo "$MESOS_SANDBOX $ANSWER $MESOS_ALLOCATION_ROLE"; echo err >&2; echo mine > "$MESOS_SANDBOX/file"; cat "$MESOS_SANDBOX/file"',
      environment: { variables: [{ name: 'ANSWER', value: 'four two' }] },
    });
    const { message, source, reason } = await subscribed.update('t', 'TASK_FINISHED', 'TASK_FAILED');
    expect({ message, source, reason }).toEqual({
      message: 'Container exited with status 0',
      source: 'SOURCE_EXECUTOR',
      reason: undefined,
    });
    expect(states(subscribed)).toEqual(['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED']);
    expect(output()).toBe('/mnt/mesos/sandbox four two *\nmine\n');
    expect(output('stderr')).toBe('err\n');
    const running = subscribed.statuses('t').find(({ state }) => state === 'TASK_RUNNING');
    const [inspected] = JSON.parse(running?.data?.toString() ?? '[]');
    expect(inspected.Name).toMatch(/^\/mesos-[\da-f-]{36}$/);
  });

  it('sees volumes as they are given, read-only or not, also a path with a comma', async () => {
    const shared = join(workDir, 'with,comma');
    mkdirSync(shared);
    writeFileSync(join(shared, 'here'), 'content');
    const volumes = [
      { mode: 'RO', container_path: '/ro', host_path: shared },
      { mode: 'RW', container_path: '/rw', host_path: shared },
    ] as const;
    const subscribed = await start('cat /ro/here; touch /ro/no; echo new > /rw/made', { volumes: [...volumes] });
    await subscribed.update('t', 'TASK_FINISHED', 'TASK_FAILED');
    expect(output()).toBe('content');
    expect(output('stderr')).toMatch(/read-only/i);
    expect(readdirSync(shared)).toEqual(['here', 'made']);
  });

  it('fails with docker’s words where a volume does not exist, and makes no directory', async () => {
    const volumes = [{ mode: 'RO' as const, container_path: '/x', host_path: join(workDir, 'nothing') }];
    const subscribed = await start('true', { volumes });
    const { message, reason } = await subscribed.update('t', 'TASK_FAILED');
    expect(reason).toBe('REASON_CONTAINER_LAUNCH_FAILED');
    expect(message).toContain(`bind source path does not exist: ${join(workDir, 'nothing')}`);
    expect(readdirSync(workDir)).not.toContain('nothing');
  });

  it.skipIf(process.getuid?.() !== 0)(
    'runs as the user of its docker parameters, who owns the sandbox (needs root)',
    async () => {
      const subscribed = await start('id -u; id -g; touch "$MESOS_SANDBOX/mine" && echo written', {
        docker: { parameters: [{ key: 'user', value: '1234:5678' }] },
      });
      await subscribed.update('t', 'TASK_FINISHED', 'TASK_FAILED');
      expect(output()).toBe('1234\n5678\nwritten\n');
      expect(statSync(join(workDir, 'S0', 't')).uid).toBe(1234);
    },
  );

  it('has the memory, and the share of the processors, that its resources say', async () => {
    const resources = [
      { name: 'cpus', type: 'SCALAR' as const, scalar: { value: 2 } },
      { name: 'mem', type: 'SCALAR' as const, scalar: { value: 96 } },
    ];
    const subscribed = await start('sleep 60', {}, { resources });
    const running = await subscribed.update('t', 'TASK_RUNNING');
    const [{ HostConfig }] = JSON.parse(running.data?.toString() ?? '[]');
    expect(HostConfig).toMatchObject({
      Memory: 96 * 2 ** 20,
      MemorySwap: 96 * 2 ** 20,
      CpuShares: 2048,
      NetworkMode: 'host',
    });
  });

  it('runs in Mesos’ own containerizer’s place too, when its image is one of docker', async () => {
    const container: ContainerInfo = { type: 'MESOS', mesos: { image: { type: 'DOCKER', docker: { name: IMAGE } } } };
    const subscribed = await start('echo "$MESOS_SANDBOX"', {}, { container });
    expect((await subscribed.update('t', 'TASK_FINISHED', 'TASK_FAILED')).state).toBe('TASK_FINISHED');
    expect(output()).toBe('/mnt/mesos/sandbox\n');
  });
});

describe('the end of a container', () => {
  it('with a status of its own is a failure that names it', async () => {
    const subscribed = await start('exit 3');
    expect((await subscribed.update('t', 'TASK_FAILED')).message).toBe('Container exited with status 3');
  });

  it('by somebody else’s hand is a failure, and it is removed', async () => {
    const subscribed = await start('sleep 60');
    await subscribed.update('t', 'TASK_RUNNING');
    daemon.docker('kill', ...daemon.containers());
    const { message, reason } = await subscribed.update('t', 'TASK_FAILED');
    expect({ message, reason }).toEqual({ message: 'Container exited with status 137', reason: undefined });
    await subscribed.until('its removal', () => daemon.containers().length === 0);
  });

  it('by removal from outside is a failure too', async () => {
    const subscribed = await start('sleep 60');
    await subscribed.update('t', 'TASK_RUNNING');
    daemon.docker('rm', '--force', ...daemon.containers());
    expect((await subscribed.update('t', 'TASK_FAILED')).message).toBe('Container exited with status 137');
  });

  it('for want of memory is told as such', async () => {
    const resources = [
      { name: 'cpus', type: 'SCALAR' as const, scalar: { value: 1 } },
      { name: 'mem', type: 'SCALAR' as const, scalar: { value: 40 } },
    ];
    const subscribed = await start('exec tail /dev/zero', {}, { resources });
    const { message, reason, source } = await subscribed.update('t', 'TASK_FAILED');
    expect({ reason, source }).toEqual({ reason: 'REASON_CONTAINER_LIMITATION_MEMORY', source: 'SOURCE_AGENT' });
    expect(message).toBe('Memory limit exceeded: Requested: 40MB (Container exited with status 137)');
  });

  it('that a KILL asks for comes by SIGTERM, and is TASK_KILLED', async () => {
    const subscribed = await start('trap "echo asked; exit 0" TERM; echo ready; while true; do sleep 0.1; done');
    await subscribed.update('t', 'TASK_RUNNING');
    await subscribed.until('the trap', () => output().includes('ready'));
    await subscribed.call('KILL', { kill: { task_id: { value: 't' } } });
    expect((await subscribed.update('t', 'TASK_KILLED')).message).toBe('Container exited with status 0');
    expect(states(subscribed)).toEqual(['TASK_STARTING', 'TASK_RUNNING', 'TASK_KILLING', 'TASK_KILLED']);
    expect(output()).toBe('ready\nasked\n');
  });

  it('is brought about by SIGKILL when the grace period of the task is over', async () => {
    const subscribed = await start(
      'trap "" TERM; while true; do sleep 0.1; done',
      {},
      {
        kill_policy: { grace_period: { nanoseconds: '500000000' } },
      },
    );
    await subscribed.update('t', 'TASK_RUNNING');
    await subscribed.call('KILL', { kill: { task_id: { value: 't' } } });
    expect((await subscribed.update('t', 'TASK_KILLED')).message).toBe('Container exited with status 137');
  });

  it.each([0, 50, 150, 300])('leaves nothing when the KILL comes %i ms after the launch', async (pause) => {
    const subscribed = await start('sleep 60');
    await new Promise((resolve) => setTimeout(resolve, pause));
    await subscribed.call('KILL', { kill: { task_id: { value: 't' } } });
    await subscribed.update('t', 'TASK_KILLED');
    await subscribed.until('its removal', () => daemon.containers().length === 0);
  });
});

describe('a container that cannot be started', () => {
  it('for its image: the failure has the registry’s reason', async () => {
    const subscribed = await start('true', { docker: { image: 'localhost:1/no/such:1' } });
    const { message, reason, source } = await subscribed.update('t', 'TASK_FAILED');
    expect({ reason, source }).toEqual({ reason: 'REASON_CONTAINER_LAUNCH_FAILED', source: 'SOURCE_AGENT' });
    expect(message).toMatch(
      /^Failed to launch container: Failed to run 'docker pull .*localhost:1\/no\/such:1': exited with status 1; stderr='.*refused/,
    );
    expect(states(subscribed)).toEqual(['TASK_FAILED']);
  });

  it('for its command: the failure says which', async () => {
    const subscribed = await start({ shell: false, value: '/no/such/program', arguments: [] });
    const { message, source, reason } = await subscribed.update('t', 'TASK_FAILED');
    expect({ source, reason }).toEqual({ source: 'SOURCE_EXECUTOR', reason: undefined });
    expect(message).toMatch(/^Failed to run docker container: .*\/no\/such\/program/);
  });

  it('for what docker cannot do: the failure says what', async () => {
    const subscribed = await start('true', { hostname: 'named' });
    expect((await subscribed.update('t', 'TASK_FAILED')).message).toBe(
      'Failed to create docker run options: Unable to set hostname with host network mode',
    );
  });
});

describe('an agent that ends', () => {
  it('in order takes its containers with it', async () => {
    const subscribed = await start('sleep 60');
    await subscribed.update('t', 'TASK_RUNNING');
    await master?.stop();
    expect(daemon.containers()).toEqual([]);
  });

  it('by SIGKILL takes them with it too: its guard removes them', async () => {
    const compiled = compile('framework/local/master.ts');
    try {
      const program = `
        const { startLocalMaster } = await import(${JSON.stringify(compiled.module)});
        const log = { debug() {}, info() {}, warn() {}, error() {} };
        const master = await startLocalMaster({ workDir: ${JSON.stringify(workDir)}, agents: [${JSON.stringify(AGENT)}], log });
        console.log(master.url);`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [url] = await once(child.stdout, 'data');
      framework = await RawFramework.subscribe(String(url).trim());
      const offer = await firstOffer(framework);
      await launch(framework, [offer], [task(offer, 't', { command: { value: 'sleep 60' }, container: inDocker() })]);
      await framework.update('t', 'TASK_RUNNING');
      expect(daemon.containers()).toHaveLength(1);
      child.kill('SIGKILL');
      for (let looks = 0; daemon.containers().length > 0; looks++) {
        if (looks > 100) throw new Error('the guard leaves containers behind');
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    } finally {
      compiled.remove();
      // Its master is gone: there is nothing to tear down.
      await framework?.drop();
      framework = undefined;
    }
  });

  it('without a guard leaves them to the next agent, which removes them, but nobody else’s', async () => {
    const name = (what: string) => `${what}-${process.pid}`;
    const run = (what: string, owner: string) =>
      daemon.docker(
        'run',
        '--detach',
        '--network',
        'none',
        '--name',
        name(what),
        '--label',
        `release-validation.owner=${owner}`,
        IMAGE,
        'sleep',
        '60',
      );
    const host = (await import('node:os')).hostname();
    run('dead', `${host} 999999999 boot:1`);
    run('elsewhere', `other-${host} 999999999 boot:1`);
    master = await startLocalMaster({ workDir, agents: [AGENT], log: QUIET, credentials: undefined });
    expect(daemon.containers()).toEqual([name('elsewhere')]);
    daemon.docker('rm', '--force', name('elsewhere'));
  });
});

it('an agent whose docker does not answer does not start, and says why', async () => {
  process.env.DOCKER_HOST = 'unix:///no/such/socket';
  try {
    await expect(startLocalMaster({ workDir, agents: [AGENT], log: QUIET, credentials: undefined })).rejects.toThrow(
      /docker ps.*no\/such\/socket/s,
    );
  } finally {
    process.env.DOCKER_HOST = daemon.host;
  }
});
