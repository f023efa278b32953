import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { ProjectDemand } from '../../../framework/demand/demand.ts';
import type { WorkerSettings } from '../../../framework/demand/worker-kind.ts';
import { WORK_QUEUE_WORKER } from '../../../framework/workqueue/worker.ts';
import { manager, need, pool } from '../scheduler/fixtures.ts';

const NEW = { id: 'workqueue-1.7', shape: { cores: 2, memory: 2048, disk: 4096 } };

function line(changes: Partial<WorkerSettings> = {}, project: Partial<ProjectDemand> = {}): string {
  return WORK_QUEUE_WORKER.launch(pool(changes), NEW, manager(project)).command;
}

describe('the command line of a Work Queue worker', () => {
  it('is for one manager, and states all resources', () => {
    expect(line()).toBe(
      'exec work_queue_worker -s "$MESOS_SANDBOX" --single-shot --connect-timeout 30 --idle-timeout 300 -b 4 ' +
        '--cores 2 --memory 2048 --disk 4096 --gpus 0 --os workqueue-1.7 10.0.0.1 9123',
    );
  });

  it('has the GPUs of its shape', () => {
    const worker = { ...NEW, shape: { ...NEW.shape, gpus: 3 } };
    expect(WORK_QUEUE_WORKER.launch(pool(), worker, manager()).command).toContain(' --gpus 3 ');
  });

  it('lets workers that nobody sees leave soon by themselves', () => {
    expect(line({}, { workers: undefined })).toContain('--idle-timeout 15 ');
    expect(line({ idleSeconds: 60 }, { workers: undefined })).toContain('--idle-timeout 60 ');
  });

  it('names the password file of its pool, whatever the manager says', () => {
    expect(line({ passwordFile: '/secrets/pw' })).toContain(' -P /secrets/pw 10.0.0.1 9123');
    expect(line({ passwordFile: 'pw' })).toContain(' -P "$MESOS_SANDBOX"/pw 10.0.0.1 9123');
    expect(line()).not.toContain('-P');
  });

  it('takes the brackets off an IPv6 address', () => {
    expect(line({}, { manager: '[fd00::1]:9123' })).toMatch(/ fd00::1 9123$/);
  });

  it('means to the shell what it says', () => {
    const settings = { workerCommand: "/opt/it's here/worker", passwordFile: 'a b' };
    const words = line(settings).replace(/^exec /, "printf '%s\\n' ");
    const printed = execFileSync('/bin/sh', ['-c', words], { env: { MESOS_SANDBOX: '/box of/sand' } }).toString();
    expect(printed.split('\n')).toEqual([
      ...["/opt/it's here/worker", '-s', '/box of/sand', '--single-shot', '--connect-timeout', '30'],
      ...['--idle-timeout', '300', '-b', '4', '--cores', '2', '--memory', '2048', '--disk', '4096', '--gpus', '0'],
      ...['--os', 'workqueue-1.7', '-P', '/box of/sand/a b', '10.0.0.1', '9123', ''],
    ]);
  });
});

describe('what a Work Queue worker carries', () => {
  it.each([
    ['a task that states nothing takes the whole worker', {}, 1],
    ['a task whose amounts are all zero states nothing', { cores: 0, memory: 0, disk: 0 }, 1],
    ['cores divide', { cores: 1 }, 4],
    ['memory divides where it is scarcer', { cores: 1, memory: 2048 }, 2],
    ['disk divides where it is scarcest', { cores: 1, memory: 1024, disk: 8000 }, 1],
    ['without cores a task needs a whole one', { memory: 16 }, 4],
    ['one that is larger does not fit', { cores: 5 }, 0],
    ['GPUs that it does not have are not there', { cores: 1, gpus: 1 }, 0],
    ['fractions fit as often as they go in', { cores: 1.5 }, 2],
  ])('%s', (_, asked, expected) => {
    const shape = { cores: 4, memory: 4096, disk: 8000 };
    expect(WORK_QUEUE_WORKER.tasksAtOnce(shape, { category: 'c', count: 1, ...asked })).toBe(expected);
  });
});

describe('a project that Work Queue workers cannot serve', () => {
  const obstacle = (project: Partial<ProjectDemand>, passwordFile?: string) => {
    const settings = pool(passwordFile === undefined ? {} : { passwordFile });
    return WORK_QUEUE_WORKER.obstacle(settings, manager({ waiting: [need(1)], ...project }));
  };

  it('has a password where workers have none to give', () => {
    expect(obstacle({ authenticated: true })?.reason).toBe('password');
    expect(obstacle({ authenticated: true }, '/p')).toBeUndefined();
    expect(obstacle({})).toBeUndefined();
  });

  it('has a manager that cannot be asked', () => {
    expect(obstacle({ workers: undefined, closed: 'has another password' }, '/p')).toEqual({
      reason: 'manager-locked',
      detail: 'its manager has another password. So the framework cannot ask it, and it would accept no workers',
    });
  });

  it('has not proved that it knows the password of the pool', () => {
    expect(obstacle({}, '/p')).toEqual({
      reason: 'manager-without-password',
      detail: expect.stringMatching(/^its manager does not ask for a password\. .* \(makeflow --password FILE\)/),
    });
    expect(obstacle({ workers: undefined }, '/p')?.reason).toBe('password-unknown');
  });
});
