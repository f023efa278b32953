import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { workerCommandLine, workerTask } from '../../../../framework/scheduler/launch/task.ts';
import type { WorkerIdentity } from '../../../../framework/scheduler/state/records.ts';
import { pool, START } from '../fixtures.ts';

const worker: WorkerIdentity = {
  id: 'workqueue-1.7',
  pool: 'default',
  project: 'sim 5',
  manager: '10.0.0.1:9123',
  managerStartedAt: START,
  agentId: 'agent-1',
  hostname: 'agent-1.example',
  shape: { cores: 2, memory: 2048, disk: 4096 },
  launchedAt: START,
};
const seen = { unseen: false };

const line = (
  ...[changes, traits = seen, identity = {}]: [Parameters<typeof pool>[0]?, typeof seen?, object?]
): string => workerCommandLine(pool(changes), { ...worker, ...identity }, traits);

describe('the command line of a worker', () => {
  it('is for one manager, and states all resources', () => {
    expect(line()).toBe(
      'exec work_queue_worker -s "$MESOS_SANDBOX" --single-shot --connect-timeout 30 --idle-timeout 300 -b 4 ' +
        '--cores 2 --memory 2048 --disk 4096 --gpus 0 --os workqueue-1.7 10.0.0.1 9123',
    );
  });

  it('lets workers of a manager that only the catalog knows leave soon by themselves', () => {
    expect(line({}, { ...seen, unseen: true })).toContain('--idle-timeout 15 ');
    expect(line({ idleSeconds: 60 }, { ...seen, unseen: true })).toContain('--idle-timeout 60 ');
  });

  it('names the password file of its pool, whatever the manager says', () => {
    expect(line({ passwordFile: '/secrets/pw' })).toContain(' -P /secrets/pw 10.0.0.1 9123');
    expect(line({ passwordFile: 'pw' })).toContain(' -P "$MESOS_SANDBOX"/pw 10.0.0.1 9123');
    expect(line()).not.toContain('-P');
  });

  it('takes the brackets off an IPv6 address', () => {
    expect(line({}, seen, { manager: '[fd00::1]:9123' })).toMatch(/ fd00::1 9123$/);
  });

  it('means to the shell what it says', () => {
    const pool = { workerCommand: "/opt/it's here/worker", passwordFile: 'a b' };
    const words = line(pool).replace(/^exec /, "printf '%s\\n' ");
    const printed = execFileSync('/bin/sh', ['-c', words], { env: { MESOS_SANDBOX: '/box of/sand' } }).toString();
    expect(printed.split('\n')).toEqual([
      ...["/opt/it's here/worker", '-s', '/box of/sand', '--single-shot', '--connect-timeout', '30'],
      ...['--idle-timeout', '300', '-b', '4', '--cores', '2', '--memory', '2048', '--disk', '4096', '--gpus', '0'],
      ...['--os', 'workqueue-1.7', '-P', '/box of/sand/a b', '10.0.0.1', '9123', ''],
    ]);
  });
});

describe('the task of a worker', () => {
  const resources = [{ name: 'cpus', type: 'SCALAR' as const, scalar: { value: 2 } }];
  const task = (changes: Parameters<typeof pool>[0] = {}) => workerTask(pool(changes), worker, resources, seen);

  it('is a plain command without an image', () => {
    expect(task()).toEqual({
      name: 'Work Queue worker for sim 5',
      task_id: { value: 'workqueue-1.7' },
      agent_id: { value: 'agent-1' },
      resources,
      command: { shell: true, value: line() },
      kill_policy: { grace_period: { nanoseconds: '5000000000' } },
      labels: {
        labels: [
          { key: 'pool', value: 'default' },
          { key: 'project', value: 'sim 5' },
          { key: 'manager', value: '10.0.0.1:9123' },
        ],
      },
    });
  });

  it('has the user, environment, fetched files and grace period of its pool', () => {
    const changes = {
      user: 'batch',
      environment: { A: '1', B: 'two words' },
      uris: [{ uri: 'https://h/x.tar' }, { uri: 'https://h/p', extract: false, cache: true, outputFile: 'pw' }],
      killGraceSeconds: 1.5,
    };
    expect(task(changes)).toMatchObject({
      command: {
        user: 'batch',
        environment: {
          variables: [
            { name: 'A', type: 'VALUE', value: '1' },
            { name: 'B', type: 'VALUE', value: 'two words' },
          ],
        },
        uris: [{ value: 'https://h/x.tar' }, { value: 'https://h/p', extract: false, cache: true, output_file: 'pw' }],
      },
      kill_policy: { grace_period: { nanoseconds: '1500000000' } },
    });
  });

  const image = 'alisw/slc6-builder';
  const volumes = [{ hostPath: '/cvmfs', containerPath: '/cvmfs', mode: 'RO' as const }];

  it('is a Docker container on the host network with an image', () => {
    const dockerParameters = [{ key: 'shm-size', value: '1g' }];
    expect(task({ image, volumes, privileged: true, forcePull: true, dockerParameters }).container).toEqual({
      type: 'DOCKER',
      volumes: [{ host_path: '/cvmfs', container_path: '/cvmfs', mode: 'RO' }],
      docker: { image, network: 'HOST', privileged: true, force_pull_image: true, parameters: dockerParameters },
    });
    expect(task({ image }).container?.docker).toEqual({
      image,
      network: 'HOST',
      privileged: false,
      force_pull_image: false,
    });
  });

  it('is a container of Mesos where the pool says so', () => {
    expect(task({ image, volumes, containerizer: 'mesos', forcePull: true }).container).toEqual({
      type: 'MESOS',
      volumes: [{ host_path: '/cvmfs', container_path: '/cvmfs', mode: 'RO' }],
      mesos: { image: { type: 'DOCKER', docker: { name: image }, cached: false } },
    });
  });
});
