import { describe, expect, it } from 'vitest';
import { workerTask } from '../../../../framework/scheduler/launch/task.ts';
import type { WorkerIdentity } from '../../../../framework/scheduler/state/records.ts';
import { WORK_QUEUE_WORKER } from '../../../../framework/workqueue/worker.ts';
import { manager, pool, START } from '../fixtures.ts';

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
describe('the task of a worker', () => {
  const resources = [{ name: 'cpus', type: 'SCALAR' as const, scalar: { value: 2 } }];
  const task = (changes: Parameters<typeof pool>[0] = {}) => workerTask(pool(changes), worker, resources, manager());

  it('is a plain command without an image', () => {
    expect(task()).toEqual({
      name: 'Work Queue worker for sim 5',
      task_id: { value: 'workqueue-1.7' },
      agent_id: { value: 'agent-1' },
      resources,
      command: { shell: true, value: WORK_QUEUE_WORKER.launch(pool(), worker, manager()).command },
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

  it('has the variables and files of its kind of worker too; the pool has the last word', () => {
    const environment = { A: 'kind', B: 'kind' };
    const kind = {
      ...WORK_QUEUE_WORKER,
      launch: () => ({ command: 'x', environment, files: [{ uri: 'https://h/k' }] }),
    };
    const command = task({ kind, environment: { B: 'pool' }, uris: [{ uri: 'https://h/p' }] }).command;
    expect(command?.environment?.variables?.map(({ name, value }) => `${name}=${value}`)).toEqual(['A=kind', 'B=pool']);
    expect(command?.uris?.map(({ value }) => value)).toEqual(['https://h/k', 'https://h/p']);
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
