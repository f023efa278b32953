import { describe, expect, it } from 'vitest';
import type { TaskState, TaskStatus } from '../../../../framework/mesos/messages.ts';
import { connected, Harness, kills, launches, manager, need, offer, status, types, uuid } from '../fixtures.ts';

/** A core with one worker launched, of a manager that has a task for it. */
function withWorker(phase?: 'starting' | 'running' | 'connected'): Harness {
  const harness = Harness.subscribed();
  harness.look([manager({ waiting: [need(1)] })]);
  harness.offer(offer());
  if (phase) harness.update(status('F.1', phase === 'starting' ? 'TASK_STARTING' : 'TASK_RUNNING'));
  if (phase === 'connected') harness.look([manager({ workers: [connected('F.1', 1)] })]);
  return harness;
}

const master: Partial<TaskStatus> = { source: 'SOURCE_MASTER' };
const reconciled: Partial<TaskStatus> = { ...master, reason: 'REASON_RECONCILIATION' };

describe('a status update', () => {
  it('is acknowledged when it has a uuid, after what it records', () => {
    const harness = withWorker();
    const calls = harness.update(status('F.1', 'TASK_FAILED', { uuid: uuid(7) }));
    expect(harness.records.at(-1)).toMatchObject({ type: 'gone', id: 'F.1' });
    expect(calls).toEqual([
      {
        type: 'ACKNOWLEDGE',
        acknowledge: { agent_id: { value: 'agent-1' }, task_id: { value: 'F.1' }, uuid: uuid(7) },
      },
    ]);
  });

  it('is not acknowledged without one', () => {
    expect(withWorker().update(status('F.1', 'TASK_RUNNING'))).toEqual([]);
  });

  it('that comes twice is acknowledged twice, and changes nothing', () => {
    const harness = withWorker('running');
    for (const state of ['TASK_RUNNING', 'TASK_STARTING'] as const) {
      expect(types(harness.update(status('F.1', state, { uuid: uuid() })))).toEqual(['ACKNOWLEDGE']);
      expect(harness.workers[0]?.phase).toBe('running');
    }
    for (let copy = 0; copy < 2; copy++) {
      expect(types(harness.update(status('F.1', 'TASK_FINISHED', { uuid: uuid() })))).toEqual(['ACKNOWLEDGE']);
    }
    expect(harness.workers).toEqual([]);
    expect(harness.records.filter(({ type }) => type === 'gone')).toHaveLength(1);
  });

  it('of a task that nobody knows is acknowledged too', () => {
    expect(types(withWorker().update(status('other', 'TASK_FAILED', { uuid: uuid() })))).toEqual(['ACKNOWLEDGE']);
  });
});

/** Every row of the reference's tables of verdicts, updates and reconciliation: what it leaves of a worker. */
describe('a worker of which Mesos says', () => {
  const rows: [string, TaskState, Partial<TaskStatus>, 'starting' | 'running' | 'leaving' | 'unreachable' | 'gone'][] =
    [
      ['TASK_STAGING', 'TASK_STAGING', reconciled, 'starting'],
      ['TASK_STARTING', 'TASK_STARTING', { uuid: uuid() }, 'starting'],
      ['TASK_RUNNING', 'TASK_RUNNING', { uuid: uuid() }, 'running'],
      ['TASK_RUNNING, known by reconciliation', 'TASK_RUNNING', reconciled, 'running'],
      ['TASK_RUNNING after the agent came back', 'TASK_RUNNING', { reason: 'REASON_AGENT_REREGISTERED' }, 'running'],
      ['TASK_KILLING', 'TASK_KILLING', { uuid: uuid() }, 'leaving'],
      ['TASK_FINISHED', 'TASK_FINISHED', { uuid: uuid() }, 'gone'],
      ['TASK_FAILED, exit status', 'TASK_FAILED', { message: 'Command exited with status 3' }, 'gone'],
      ['TASK_FAILED, image', 'TASK_FAILED', { reason: 'REASON_CONTAINER_LAUNCH_FAILED', uuid: uuid() }, 'gone'],
      ['TASK_FAILED, executor', 'TASK_FAILED', { reason: 'REASON_EXECUTOR_TERMINATED', uuid: uuid() }, 'gone'],
      ['TASK_KILLED', 'TASK_KILLED', { uuid: uuid() }, 'gone'],
      ['TASK_KILLED before delivery', 'TASK_KILLED', { reason: 'REASON_TASK_KILLED_DURING_LAUNCH' }, 'gone'],
      ['TASK_ERROR, invalid', 'TASK_ERROR', { ...master, reason: 'REASON_TASK_INVALID' }, 'gone'],
      ['TASK_ERROR, unauthorized', 'TASK_ERROR', { ...master, reason: 'REASON_TASK_UNAUTHORIZED' }, 'gone'],
      ['TASK_DROPPED, stale offer', 'TASK_DROPPED', { ...master, reason: 'REASON_INVALID_OFFERS' }, 'gone'],
      ['TASK_LOST, agent unregistered', 'TASK_LOST', { ...master, reason: 'REASON_AGENT_REMOVED' }, 'gone'],
      ['TASK_LOST, agent disconnected', 'TASK_LOST', { ...master, reason: 'REASON_AGENT_DISCONNECTED' }, 'gone'],
      ['TASK_GONE, unknown to a live agent', 'TASK_GONE', reconciled, 'gone'],
      ['TASK_GONE_BY_OPERATOR', 'TASK_GONE_BY_OPERATOR', reconciled, 'gone'],
      ['TASK_UNREACHABLE', 'TASK_UNREACHABLE', { ...master, reason: 'REASON_AGENT_REMOVED' }, 'unreachable'],
      ['TASK_UNKNOWN', 'TASK_UNKNOWN', reconciled, 'starting'],
    ];
  it.each(rows)('%s', (_, state, more, expected) => {
    const harness = withWorker('starting');
    // TASK_ERROR is only ever the answer to a launch.
    if (state === 'TASK_ERROR' && harness.workers[0]) harness.workers[0].phase = 'launched';
    const calls = harness.update(status('F.1', state, more));
    expect(harness.workers[0]?.phase ?? 'gone').toBe(expected);
    expect(types(calls)).toEqual(more.uuid ? ['ACKNOWLEDGE'] : []);
  });

  it('TASK_ERROR while it is alive: "duplicate ID" is not about it', () => {
    const harness = withWorker('running');
    harness.update(status('F.1', 'TASK_ERROR', { ...master, message: 'Task has duplicate ID: F.1' }));
    expect(harness.workers[0]?.phase).toBe('running');
  });

  it('TASK_UNREACHABLE is replaced, and serves again when it comes back', () => {
    const harness = withWorker('running');
    harness.update(status('F.1', 'TASK_UNREACHABLE'));
    harness.state.proven.add('default');
    harness.look([manager({ waiting: [need(1)] })]);
    expect(launches(harness.offer(offer({ agent: 'agent-2' })))).toHaveLength(1);
    harness.update(status('F.1', 'TASK_RUNNING', { reason: 'REASON_AGENT_REREGISTERED' }));
    expect(harness.workers.map(({ phase }) => phase)).toEqual(['running', 'launched']);
    expect(kills(harness.look([manager({ waiting: [need(1)], workers: [connected('F.1')] })]))).toEqual([]);
  });

  it('TASK_UNREACHABLE goes on serving as long as its manager lists it', () => {
    const harness = withWorker('connected');
    harness.update(status('F.1', 'TASK_UNREACHABLE'));
    harness.wait(20 * 60_000);
    expect(harness.workers).toHaveLength(1);
    expect(harness.state.targets.get('10.0.0.1:9123')).toMatchObject({ busy: 1 });
  });

  it('TASK_UNREACHABLE is given up after a quarter of an hour', () => {
    const harness = withWorker('running');
    harness.update(status('F.1', 'TASK_UNREACHABLE'));
    harness.look([]);
    harness.wait(14 * 60_000);
    expect(harness.workers).toHaveLength(1);
    harness.wait(2 * 60_000);
    expect(harness.workers).toEqual([]);
  });

  it('TASK_UNREACHABLE and is not needed is not killed over and over', () => {
    const harness = withWorker('running');
    harness.update(status('F.1', 'TASK_UNREACHABLE'));
    harness.look([]);
    const killed: string[] = [];
    for (let second = 0; second < 120; second++) {
      const calls = harness.wait(1000);
      killed.push(...kills(calls));
      if (kills(calls).length > 0) harness.update(status('F.1', 'TASK_UNREACHABLE', reconciled));
    }
    expect(killed.length).toBeLessThanOrEqual(3);
  });

  it('TASK_UNKNOWN stays capacity for the first minutes of a new master, and is asked for again', () => {
    const harness = withWorker('starting');
    harness.update(status('F.1', 'TASK_UNKNOWN', reconciled));
    const calls = harness.wait(60_000);
    expect(calls.filter(({ reconcile }) => reconcile?.tasks.length === 1).length).toBeGreaterThanOrEqual(1);
    expect(launches(harness.offer(offer()))).toEqual([]);
    harness.wait(90_000);
    expect(harness.workers[0]?.phase).toBe('unreachable');
    expect(harness.workers).toHaveLength(1);
    harness.wait(15 * 60_000);
    expect(harness.state.workers.has('F.1')).toBe(false);
  });
});

describe('a task that the journal does not know', () => {
  it('waits for the first whole look at the managers', () => {
    const harness = new Harness();
    harness.subscribe();
    expect(harness.update(status('F.9', 'TASK_RUNNING', reconciled))).toEqual([]);
    expect(kills(harness.look([], { partial: true }))).toEqual([]);
    expect(kills(harness.wait(60_000))).toEqual([]);
    expect(kills(harness.look([]))).toEqual(['F.9']);
  });

  it('is killed when no manager lists it with a task, again and again until it is gone', () => {
    const harness = Harness.subscribed([], [manager({ workers: [connected('F.8', 0)] })]);
    harness.update(status('F.8', 'TASK_RUNNING', reconciled));
    harness.update(status('F.9', 'TASK_STARTING', { uuid: uuid() }));
    expect(kills(harness.wait(500)).sort()).toEqual(['F.8', 'F.9']);
    expect(kills(harness.wait(10_000)).sort()).toEqual(['F.8', 'F.9']);
    harness.update(status('F.8', 'TASK_KILLED'));
    harness.update(status('F.9', 'TASK_GONE'));
    expect(kills(harness.wait(30_000))).toEqual([]);
  });

  it('is adopted when a manager lists it with a task', () => {
    const working = manager({ workers: [connected('F.9', 1, { cores: 2 })] });
    const harness = Harness.subscribed(undefined, [working]);
    harness.update(status('F.9', 'TASK_RUNNING', reconciled));
    expect(kills(harness.wait(500))).toEqual([]);
    expect(harness.records.at(-1)).toMatchObject({
      type: 'launch',
      worker: { id: 'F.9', project: 'sim', agentId: 'agent-1', shape: { cores: 2, memory: 1024, disk: 1024 } },
    });
    expect(harness.workers[0]).toMatchObject({ phase: 'running', connected: true, tasksRunning: 1 });
    expect(harness.state.sequence).toBe(10);
    expect(kills(harness.wait(30_000))).toEqual([]);
  });

  it('has the benefit of the doubt while a manager does not answer', () => {
    const harness = Harness.subscribed([], [manager({ silentSince: 1 })]);
    harness.update(status('F.9', 'TASK_RUNNING', reconciled));
    expect(kills(harness.wait(50_000))).toEqual([]);
    expect(kills(harness.wait(15_000))).toEqual(['F.9']);
  });
});
