import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { adsOf } from '../../../framework/htcondor/ads.ts';
import { Queue } from '../../../framework/htcondor/demand-of.ts';
import { groupOf, type JobGroup, judge } from '../../../framework/htcondor/job-group.ts';
import { Machines } from '../../../framework/htcondor/machine.ts';
import { type Slot, slotOf } from '../../../framework/htcondor/slots.ts';

const NOW = Date.parse('2026-11-29T12:00:00Z');
const RECORDED = join(import.meta.dirname, '..', '..', 'fixtures', 'htcondor', 'condor_q_group_by.json');
const SCHEDD = 'q1@cm.test';

const expr = (text: string): string => `/Expr(${text})/`;
const groupsOf = (...ads: object[]): JobGroup[] =>
  ads.flatMap(
    (ad) => groupOf({ User: 'alice@pool.test', JobStatus: 1, JobUniverse: 5, JobCount: 1, JobIds: '1.0', ...ad }) ?? [],
  );

function demand(groups: readonly JobGroup[], slots: readonly Slot[] = []) {
  const machines = new Machines();
  machines.learn(slots);
  const queue = new Queue((group) => judge(group, machines.for(group.user), NOW));
  for (const group of groups) queue.add(group);
  return queue.demand(SCHEDD, slots, NOW);
}

function one(ad: object, slots: readonly Slot[] = []) {
  const [project] = demand(groupsOf(ad), slots);
  return project ?? expect.fail('a project');
}

function slot(tag: string, state: string, activity: string, attributes: object = {}): Slot {
  const found = slotOf({
    ...{ LaunchId: tag, LaunchSubmitter: 'alice@pool.test', LaunchSchedd: SCHEDD, Name: `slot1@${tag}@cm.test` },
    ...{ State: state, Activity: activity, Cpus: 1, Memory: 512, Disk: 102400, Machine: 'cm.test', ...attributes },
  });
  return found ?? expect.fail('a slot');
}

describe('the demand of a schedd', () => {
  it('counts the needs of a recorded queue with all kinds of jobs', () => {
    const [bob, alice, ...others] = demand(groupsOf(...adsOf(readFileSync(RECORDED, 'utf8'))));
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
    expect(adsOf('')).toEqual([]);
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
    const [project] = demand(groupsOf({ JobCount: 2 }, { JobStatus: 2, RemoteHost: 'slot1@w1@cm.test' }), [
      slot('w1', 'Claimed', 'Busy'),
    ]);
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
    expect(slotOf(ad)).toBeUndefined();
    expect(slotOf({ ...ad, Name: 'slot1@w1@cm.test' })).toBeDefined();
  });

  it('knows a busy worker by its job, when a restarted collector does not list it yet', () => {
    const [project] = demand(groupsOf({ JobStatus: 2, RemoteHost: 'slot1@launch-7@w.example' }));
    expect(project?.workers).toMatchObject([{ tag: 'launch-7', hostname: 'w.example', tasksRunning: 1 }]);
  });

  it('keeps users apart', () => {
    const projects = demand(groupsOf({}, { User: 'bob@pool.test', JobCount: 5 }));
    expect(projects.map(({ name, tasksWaiting }) => [name, tasksWaiting])).toEqual([
      ['alice@pool.test', 1],
      ['bob@pool.test', 5],
    ]);
  });

  it('of 10,000 jobs of as many sizes has at most 100 sizes, each large enough for its jobs and hardly larger', () => {
    const jobs = Array.from({ length: 10_000 }, (_, index) => ({
      RequestMemory: 100 + (index % 100) * 40,
      RequestDisk: 1024 * index,
    }));
    const [project] = demand(groupsOf(...jobs));
    const waiting = project?.waiting ?? [];
    expect(waiting.length).toBeLessThanOrEqual(100);
    expect(waiting.reduce((sum, { count }) => sum + count, 0)).toBe(10_000);
    expect(Math.max(...waiting.map(({ memory = 0 }) => memory))).toBe(4060);
    expect(Math.max(...waiting.map(({ disk = 0 }) => disk))).toBe(9999);
    expect(project?.tasksWaiting).toBe(10_000);
  });

  it('has 20 reasons why jobs cannot run, and counts the jobs with others', () => {
    const jobs = Array.from({ length: 50 }, (_, index) => ({
      JobIds: `${index}.0`,
      JobCount: 2,
      Requirements: expr(`Nothing == ${index}`),
    }));
    const { unmet = [], tasksWaiting } = demand(groupsOf(...jobs))[0] ?? expect.fail('a project');
    expect(unmet).toHaveLength(21);
    expect(unmet[20]).toMatchObject({ count: 60, reason: expect.stringContaining('(20.0 …)') });
    expect(tasksWaiting).toBe(100);
  });
});
