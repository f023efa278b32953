import { describe, expect, it } from 'vitest';
import { repairJson } from '../../../framework/workqueue/json-repair.ts';
import { parseManagerRecord, parseTasks, parseWorkers, type Row } from '../../../framework/workqueue/records.ts';
import { firstRow, managerRecord, recording } from './peers.ts';

function rowsOf(name: string): Row[] {
  return JSON.parse(repairJson(recording(name))) as Row[];
}

describe('parseManagerRecord', () => {
  it("reads Debian's queue_status", () => {
    expect(managerRecord()).toMatchObject({
      project: 'one.proj-1',
      owner: 'root',
      port: 1025,
      startedAt: 1795346226000,
      startedAtMicros: 1795346226967610,
      priority: 5,
      protocol: 9,
      version: '8.0.0 DEVELOPMENT',
      ssl: false,
      tasksWaiting: 2,
      tasksOnWorkers: 2,
      workers: 1,
      categories: [{ category: 'sleepers', waiting: 2 }],
      largest: { cores: 1, memory: 64, disk: 64 },
      total: { cores: 4, memory: 256, disk: 256 },
    });
  });

  it("reads upstream's queue_status: protocol 11, no sum of all categories, maxima that say na", () => {
    expect(managerRecord({}, 'HEAD_queue_status.json')).toMatchObject({
      project: 'headproj',
      protocol: 11,
      tasksWaiting: 4,
      categories: [{ category: 'sleepers', waiting: 4 }],
      largest: {},
    });
  });

  it('knows the mean time of the tasks that have finished well', () => {
    const times = { tasks_done: 5, tasks_failed: 1, time_workers_execute_good: 10_000_000 };
    expect(managerRecord(times).taskSeconds).toBe(2.5);
    expect(managerRecord({ ...times, tasks_done: 1 })).not.toHaveProperty('taskSeconds');
  });

  it('reads a lean record', () => {
    const { type, version, port, owner, project, starttime, tasks_waiting, workers } =
      firstRow('queue_status_waiting.json');
    const lean = { type, version, port, owner, project, starttime, tasks_waiting, workers };
    expect(parseManagerRecord(lean)).toMatchObject({
      project: 'one.proj-1',
      tasksWaiting: 4,
      priority: 0,
      categories: [],
    });
    expect(parseManagerRecord(lean)).not.toHaveProperty('startedAtMicros');
  });

  it('reads a manager without a project', () => {
    expect(managerRecord({ project: undefined }).project).toBe('');
  });

  it('refuses other kinds of records and ports that are none', () => {
    const row = firstRow('queue_status_waiting.json');
    for (const change of [
      { type: 'makeflow' },
      { type: 'vine_manager' },
      { port: 0 },
      { port: 70000 },
      { port: 'x' },
    ]) {
      expect(parseManagerRecord({ ...row, ...change })).toBeUndefined();
    }
    expect(parseManagerRecord({ ...row, type: 'wq_manager' })).toBeDefined();
  });

  it('takes hostile numbers for nothing', () => {
    const record = managerRecord({
      tasks_waiting: -5,
      workers: 'many',
      priority: null,
      categories: [null, 3, { category: 7 }],
    });
    expect(record).toMatchObject({ tasksWaiting: 0, workers: 0, priority: 0 });
    expect(record.categories).toEqual([{ category: 'default', waiting: 0 }]);
  });

  it('marks a change of tasks, and one of workers', () => {
    const { taskMarks, workerMarks } = managerRecord();
    expect(managerRecord({ time_polling: 1 })).toMatchObject({ taskMarks, workerMarks });
    expect(managerRecord({ tasks_submitted: 5 }).taskMarks).not.toBe(taskMarks);
    expect(managerRecord({ workers_joined: 2 }).workerMarks).not.toBe(workerMarks);
    expect(managerRecord({ tasks_done: 1 }).workerMarks).not.toBe(workerMarks);
  });
});

describe('parseTasks', () => {
  it('reads states of both versions alike', () => {
    expect(parseTasks(rowsOf('task_status_running.json'))).toEqual([
      { category: 'sleepers', state: 'RUNNING', cores: 1, memory: 64, disk: 64 },
      { category: 'sleepers', state: 'RUNNING', cores: 1, memory: 64, disk: 64 },
      { category: 'sleepers', state: 'WAITING', cores: 1, memory: 64, disk: 64 },
      { category: 'sleepers', state: 'WAITING', cores: 1, memory: 64, disk: 64 },
    ]);
    expect(parseTasks(rowsOf('HEAD_task_status.json')).map(({ state }) => state)).toEqual(Array(4).fill('WAITING'));
  });

  it('leaves out what a task does not ask for', () => {
    expect(parseTasks([{ state: 'WAITING', cores: 2, memory: -1 }])).toEqual([
      { category: 'default', state: 'WAITING', cores: 2 },
    ]);
  });
});

describe('parseWorkers', () => {
  it('reads worker_status', () => {
    expect(parseWorkers(rowsOf('worker_status_running.json'))).toEqual([
      {
        tag: 'Linux',
        hostname: 'vm',
        shape: { cores: 2, memory: 512, disk: 500 },
        inUse: { cores: 2, memory: 128, disk: 128 },
        tasksRunning: 2,
      },
    ]);
    expect(parseWorkers(rowsOf('HEAD_worker_status.json'))).toEqual([]);
  });
});
