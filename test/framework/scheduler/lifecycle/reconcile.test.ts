import { describe, expect, it } from 'vitest';
import type { Call } from '../../../../framework/mesos/messages.ts';
import { replay, snapshot } from '../../../../framework/scheduler/state/state.ts';
import { connected, Harness, kills, launches, manager, need, offer, pool, status, types } from '../fixtures.ts';

function launched(count = 1): Harness {
  const harness = Harness.subscribed();
  harness.look([manager({ waiting: [need(count)] })]);
  harness.offer(offer());
  return harness;
}

/** Ids of each explicit question; [] for one that asks for everything. */
function questions(calls: readonly Call[]): string[][] {
  return calls.flatMap(({ reconcile }) => (reconcile ? [reconcile.tasks.map(({ task_id }) => task_id.value)] : []));
}

/** The same framework, started again with what its journal says. */
function restarted(harness: Harness): Harness {
  const again = new Harness([pool()], [{ type: 'framework', id: 'F', sequence: 1 }, ...harness.records]);
  again.now = harness.now + 1000;
  return again;
}

describe('reconciliation', () => {
  it('asks for each known worker with its agent, then for everything, after each subscription', () => {
    const harness = launched(2);
    harness.handle({ type: 'disconnected' });
    const calls = harness.subscribe();
    expect(questions(calls)).toEqual([['F.1', 'F.2'], []]);
    expect(calls[0]?.reconcile?.tasks[0]).toEqual({ task_id: { value: 'F.1' }, agent_id: { value: 'agent-1' } });
  });

  it('asks for nothing by name that it does not know', () => {
    expect(questions(new Harness().subscribe())).toEqual([[]]);
  });

  it('repeats what is not answered, at growing intervals', () => {
    const harness = launched();
    harness.handle({ type: 'disconnected' });
    harness.subscribe();
    const counts = [5, 10, 20, 40, 60, 60].map((seconds) => questions(harness.wait(seconds * 1000)).length);
    expect(counts).toEqual([1, 1, 1, 1, 1, 1]);
    harness.update(status('F.1', 'TASK_RUNNING'));
    expect(questions(harness.wait(5 * 60_000))).toEqual([]);
  });

  it('asks after a launch that stays silent, and not faster because it is answered', () => {
    const harness = launched();
    expect(questions(harness.wait(29_500))).toEqual([]);
    expect(questions(harness.wait(500))).toEqual([['F.1']]);
    harness.update(status('F.1', 'TASK_STAGING'));
    expect(questions(harness.wait(29_500))).toEqual([]);
    expect(questions(harness.wait(500))).toEqual([['F.1']]);
  });

  it('asks for everything from time to time', () => {
    const harness = launched();
    harness.update(status('F.1', 'TASK_RUNNING'));
    harness.look([manager({ workers: [connected('F.1', 1)] })]);
    expect(questions(harness.wait(16 * 60_000)).slice(0, 2)).toEqual([['F.1'], []]);
  });
});

describe('a restart', () => {
  it('knows what the journal knows, and launches nothing twice', () => {
    const again = restarted(launched(3));
    again.subscribe();
    again.look([manager({ waiting: [need(3)] })]);
    expect(types(again.offer(offer()))).toEqual(['DECLINE']);
    again.look([manager({ waiting: [need(4)] })]);
    expect(launches(again.offer(offer())).map(({ task_id }) => task_id.value)).toEqual(['F.4']);
  });

  it('launches again for workers whose launch never left', () => {
    const again = restarted(launched(2));
    again.subscribe();
    again.look([manager({ waiting: [need(2)] })]);
    again.update(status('F.1', 'TASK_GONE', { reason: 'REASON_RECONCILIATION' }));
    again.wait(500);
    expect(launches(again.offer(offer()))).toHaveLength(1);
    expect(again.state.counters.failedEarly).toBe(0);
  });

  it('does not hold it against a pool that workers ended in the meantime', () => {
    const again = restarted(launched(2));
    again.look([manager({ waiting: [need(2)] })]);
    again.subscribe();
    again.update(status('F.1', 'TASK_FAILED'));
    again.update(status('F.2', 'TASK_FINISHED'));
    expect(again.state.poolBackoffs.size).toBe(0);
  });

  it('takes back no worker before every manager was looked at', () => {
    const again = restarted(launched());
    again.subscribe();
    again.update(status('F.1', 'TASK_RUNNING'));
    again.look([], { partial: true });
    expect(kills(again.wait(60_000))).toEqual([]);
    again.look([], { problems: ['catalog c:9097 does not answer'] });
    expect(kills(again.wait(60_000))).toEqual([]);
    again.look([]);
    expect(kills(again.wait(500))).toEqual(['F.1']);
  });

  it('does not take a connected worker back whose manager was found, but not yet its workers', () => {
    const again = restarted(launched());
    again.subscribe();
    again.update(status('F.1', 'TASK_RUNNING'));
    again.look([manager({ tasksOnWorkers: 1 })]);
    expect(kills(again.wait(10_000))).toEqual([]);
    again.look([manager({ workers: [connected('F.1', 1)] })]);
    expect(kills(again.wait(60_000))).toEqual([]);
  });

  it('adds up to the same state from a compacted journal', () => {
    const harness = launched(3);
    harness.update(status('F.3', 'TASK_FAILED'));
    const journal = [{ type: 'framework', id: 'F', sequence: 1 } as const, ...harness.records];
    const whole = replay([], journal);
    const compacted = replay([], snapshot(whole));
    expect(compacted.workers).toEqual(whole.workers);
    expect(compacted.sequence).toBe(whole.sequence);
    expect(compacted.frameworkId).toBe(whole.frameworkId);
    expect(snapshot(compacted)).toEqual(snapshot(whole));
  });
});

describe('a framework that the master has removed', () => {
  it('begins anew, without the workers that Mesos killed with it', () => {
    const harness = launched(2);
    harness.handle({ type: 'disconnected' });
    harness.handle({ type: 'removed', id: 'G' });
    expect(harness.records.slice(-3)).toEqual([
      { type: 'gone', id: 'F.1', why: 'the master removed the framework and its tasks' },
      { type: 'gone', id: 'F.2', why: 'the master removed the framework and its tasks' },
      { type: 'framework', id: 'G', sequence: 1 },
    ]);
    expect(harness.scheduler.subscription({ user: 'u', name: 'n' }).framework_info.id).toEqual({ value: 'G' });
  });
});
