import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { demandOf } from '../../../framework/htcondor/demand-of.ts';
import { type JobGroup, judge, parseGroups } from '../../../framework/htcondor/job-group.ts';
import { Machines } from '../../../framework/htcondor/machine.ts';
import { parseSlots, type Slot } from '../../../framework/htcondor/slots.ts';

const NOW = Date.parse('2026-11-29T12:00:00Z');
const RECORDED = join(import.meta.dirname, '..', '..', 'fixtures', 'htcondor', 'condor_q_group_by.json');
const SCHEDD = 'q1@cm.test';

const expr = (text: string): string => `/Expr(${text})/`;
const groupOf = (ad: object): JobGroup[] =>
  parseGroups(
    JSON.stringify([{ User: 'alice@pool.test', JobStatus: 1, JobUniverse: 5, JobCount: 1, JobIds: '1.0', ...ad }]),
  );

function demand(groups: readonly JobGroup[], slots: readonly Slot[] = []) {
  const machines = new Machines();
  machines.learn(slots);
  return demandOf({ schedd: SCHEDD, groups, slots, asOf: NOW }, (group) =>
    judge(group, machines.for(group.user).ad, NOW),
  );
}

function one(ad: object, slots: readonly Slot[] = []) {
  const [project] = demand(groupOf(ad), slots);
  return project ?? expect.fail('a project');
}

function slot(tag: string, state: string, activity: string, attributes: object = {}): Slot {
  const [found] = parseSlots(
    JSON.stringify([
      {
        ...{ LaunchId: tag, LaunchSubmitter: 'alice@pool.test', LaunchSchedd: SCHEDD, Name: `slot1@${tag}@cm.test` },
        ...{ State: state, Activity: activity, Cpus: 1, Memory: 512, Disk: 102400, Machine: 'cm.test', ...attributes },
      },
    ]),
  );
  return found ?? expect.fail('a slot');
}

describe('the demand of a schedd', () => {
  it('counts the needs of a recorded queue with all kinds of jobs', () => {
    const [bob, alice, ...others] = demand(parseGroups(readFileSync(RECORDED, 'utf8')));
    expect(others).toEqual([]);
    const none = { category: 'default', gpus: 0, disk: 1 };
    expect(alice).toMatchObject({ name: 'alice@pool.test', owner: 'alice', manager: `alice@pool.test at ${SCHEDD}` });
    expect(alice?.waiting).toEqual([
      { ...none, cores: 1, memory: 1, count: 6 },
      { ...none, cores: 4, memory: 2048, disk: 10240, count: 1 },
      { ...none, cores: 1, memory: 1012, count: 1 },
      { ...none, cores: 1, memory: 1, gpus: 1, count: 1 },
    ]);
    expect(alice?.unmet?.map(({ reason }) => reason)).toEqual([
      '(Machine == "nowhere.example") is undefined for our workers (6.0)',
      'parallel jobs need slots of a dedicated scheduler (10.0)',
      'TARGET.HasDocker is undefined for our workers (11.0)',
      'they are held until somebody releases them (5.0 5.1)',
    ]);
    expect(bob?.unmet?.map(({ reason }) => reason)).toEqual([
      '(OpSysAndVer == "Debian13") is undefined for our workers (13.0 ... 13.3)',
      'the framework cannot compute what they need: RequestMemory is error, not a number (14.0)',
      'the framework cannot compute what they need: RequestCpus is "2", not a number (15.0)',
    ]);
  });

  it('is nothing for an empty queue, for which condor_q prints nothing', () => {
    expect(parseGroups('')).toEqual([]);
    expect(demand([])).toEqual([]);
  });

  it.each([
    ['held', { JobStatus: 5 }],
    ['removed', { JobStatus: 3 }],
    ['completed', { JobStatus: 4 }],
    ['of the scheduler, as DAGMan is', { JobUniverse: 7 }],
    ['local', { JobUniverse: 12 }],
    ['grid', { JobUniverse: 9 }],
  ])('does not count jobs that are %s', (_, ad) => {
    expect(one(ad)).toMatchObject({ tasksWaiting: 0, waiting: [], tasksOnWorkers: 0 });
  });

  it('rounds up, and uses the minimum for missing values', () => {
    expect(one({ RequestDisk: 1025, RequestMemory: 10.5 }).waiting).toMatchObject([{ cores: 1, memory: 11, disk: 2 }]);
    expect(one({ RequestCpus: expr('TARGET.Cpus') }).waiting).toMatchObject([
      { cores: 1, memory: 0, disk: 0, gpus: 0 },
    ]);
    expect(one({ RequestGPUs: 2 }).waiting).toMatchObject([{ gpus: 2 }]);
  });

  it.each([
    ['a string for a number', { RequestMemory: '2' }, 'RequestMemory is "2", not a number'],
    ['NaN', { RequestMemory: 'nan' }, 'RequestMemory is "nan", not a number'],
    ['an error', { RequestCpus: expr('1/0') }, 'RequestCpus is error, not a number'],
    [
      'an unknown function',
      { RequestCpus: expr('evil("$(touch /tmp/x)")') },
      'calls evil(), which this framework does not support',
    ],
    ['what cannot be read', { Requirements: expr('1 +') }, 'Requirements has the end in a wrong place'],
    ['1 MB of requirements', { Requirements: expr(`"${'x'.repeat(2 ** 20)}"`) }, 'more than the limit of 65536'],
  ])('names %s as what is wrong', (_, ad, words) => {
    const { unmet, waiting, tasksWaiting } = one(ad);
    expect(unmet?.[0]?.reason).toContain(words);
    expect({ waiting, tasksWaiting }).toEqual({ waiting: [], tasksWaiting: 1 });
  });

  it('names the clause that our workers do not meet', () => {
    const text = '(TARGET.Arch == "X86_64") && (TARGET.HasDocker || TARGET.Memory > 10 && OpSysAndVer == "Debian12")';
    expect(one({ RequestMemory: 20, Requirements: expr(text) }).unmet).toMatchObject([
      {
        reason:
          '(TARGET.HasDocker || TARGET.Memory > 10 && OpSysAndVer == "Debian12") is undefined for our workers (1.0)',
      },
    ]);
    const learned = slot('w1', 'Unclaimed', 'Idle', { OpSysAndVer: 'Debian13' });
    expect(one({ Requirements: expr('OpSysAndVer == "Debian12"') }, [learned]).unmet).toMatchObject([
      { reason: 'OpSysAndVer == "Debian12" is false for our workers (1.0)' },
    ]);
    expect(one({ Requirements: expr('OpSysAndVer == "debian13"') }, [learned]).waiting).toHaveLength(1);
  });

  it('does not count a job whose slot is claimed already', () => {
    const claimed = slot('w1', 'Claimed', 'Idle');
    expect(one({ JobCount: 3 }, [claimed])).toMatchObject({
      tasksWaiting: 2,
      workers: [{ tag: 'w1', tasksRunning: 1 }],
    });
    const [project] = demand(
      [...groupOf({ JobCount: 2 }), ...groupOf({ JobStatus: 2, RemoteHost: 'slot1@w1@cm.test' })],
      [slot('w1', 'Claimed', 'Busy')],
    );
    expect(project).toMatchObject({ tasksWaiting: 2, tasksOnWorkers: 1, workers: [{ tag: 'w1', tasksRunning: 1 }] });
  });

  it('calls a worker idle whose claim is only kept, when nothing waits', () => {
    const [project] = demand([], [slot('w1', 'Claimed', 'Idle'), slot('w2', 'Unclaimed', 'Idle')]);
    expect(project?.workers?.map(({ tasksRunning }) => tasksRunning)).toEqual([0, 0]);
  });

  it('calls it idle too, and promises it no job, when only larger jobs wait', () => {
    const [kept, other] = [slot('w1', 'Claimed', 'Idle'), slot('w2', 'Unclaimed', 'Idle')];
    const project = one({ JobCount: 2, RequestMemory: 4096 }, [kept, other]);
    expect(project.workers?.map(({ tasksRunning }) => tasksRunning)).toEqual([0, 0]);
    expect(project.tasksWaiting).toBe(2);
  });

  it('does not believe a slot that shows the launch of another worker', () => {
    const ad = { LaunchId: 'w1', LaunchSubmitter: 'alice@pool.test', LaunchSchedd: SCHEDD, Name: 'slot1@w2@cm.test' };
    expect(parseSlots(JSON.stringify([ad]))).toEqual([]);
    expect(parseSlots(JSON.stringify([{ ...ad, Name: 'slot1@w1@cm.test' }]))).toHaveLength(1);
  });

  it('knows a busy worker by its job, when a restarted collector does not list it yet', () => {
    const [project] = demand(groupOf({ JobStatus: 2, RemoteHost: 'slot1@launch-7@w.example' }));
    expect(project?.workers).toMatchObject([{ tag: 'launch-7', hostname: 'w.example', tasksRunning: 1 }]);
  });

  it('keeps users apart', () => {
    const projects = demand([...groupOf({}), ...groupOf({ User: 'bob@pool.test', JobCount: 5 })]);
    expect(projects.map(({ name, tasksWaiting }) => [name, tasksWaiting])).toEqual([
      ['alice@pool.test', 1],
      ['bob@pool.test', 5],
    ]);
  });
});
