import { describe, expect, it } from 'vitest';
import { Recent, SAMPLE_MS } from '../../../framework/ops/recent.ts';
import type { WorkerIdentity } from '../../../framework/scheduler/state/records.ts';
import { initialState } from '../../../framework/scheduler/state/state.ts';
import { newWorker } from '../../../framework/scheduler/state/worker.ts';
import { demand, manager, need, pool } from '../scheduler/fixtures.ts';

const identity = (id: string, over: Partial<WorkerIdentity> = {}): WorkerIdentity => ({
  id,
  pool: 'default',
  project: 'mc',
  manager: 'm:1',
  managerStartedAt: 0,
  agentId: 'a',
  hostname: 'host1',
  shape: { cores: 1, memory: 1, disk: 1 },
  launchedAt: 0,
  ...over,
});

describe('the last hour', () => {
  it('has the workers of each pool by state, and the tasks that wait, also those that no pool serves', () => {
    const state = initialState([pool({ name: 'default' })]);
    const add = (id: string, over: Partial<ReturnType<typeof newWorker>>): void => {
      state.workers.set(id, { ...newWorker(identity(id)), ...over });
    };
    add('busy', { phase: 'running', connected: true, tasksRunning: 1 });
    add('idle', { phase: 'running', connected: true });
    add('starting', { phase: 'starting' });
    add('leaving', { phase: 'leaving', killedAt: 1, connected: true, tasksRunning: 1 });
    state.demand = demand([manager({ waiting: [need(7)] })]);
    const recent = new Recent([]);
    recent.sample(state, 1000);
    const waiting = state.demand.projects.reduce((sum, { tasksWaiting }) => sum + tasksWaiting, 0);
    expect(waiting).toBeGreaterThan(0);
    expect(recent.hour()).toMatchObject({
      everyMs: SAMPLE_MS,
      times: [1000],
      pools: {
        default: { busy: [1], idle: [1], starting: [1], waiting: [0] },
        '': { waiting: [waiting] },
      },
    });
  });

  it('keeps one hour, and a pool that came later has zeros before', () => {
    const recent = new Recent([]);
    const one = initialState([pool({ name: 'old' })]);
    for (let n = 0; n < 400; n++) recent.sample(one, n * SAMPLE_MS);
    recent.sample(initialState([pool({ name: 'new' })]), 400 * SAMPLE_MS);
    const { times, pools } = recent.hour();
    expect([times.length, times[0], times.at(-1)]).toEqual([360, 41 * SAMPLE_MS, 400 * SAMPLE_MS]);
    expect(pools.new?.busy).toHaveLength(360);
  });

  it('has launches and ends with their reasons, also of workers of an earlier process', () => {
    const recent = new Recent([identity('w.1', { hostname: 'host9' })]);
    recent.note({ type: 'launch', worker: identity('w.2') }, 5);
    recent.note({ type: 'gone', id: 'w.1', why: 'idle' }, 6);
    recent.note({ type: 'gone', id: 'w.0', why: 'lost' }, 7);
    expect(recent.hour().happenings).toEqual([
      { time: 5, what: 'launched', worker: 'w.2', project: 'mc', pool: 'default', hostname: 'host1' },
      { time: 6, what: 'ended', worker: 'w.1', project: 'mc', pool: 'default', hostname: 'host9', why: 'idle' },
      { time: 7, what: 'ended', worker: 'w.0', project: '', pool: '', hostname: '', why: 'lost' },
    ]);
  });
});
