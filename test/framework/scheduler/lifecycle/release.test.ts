import { describe, expect, it } from 'vitest';
import type { Pool } from '../../../../framework/scheduler/state/pool.ts';
import { connected, Harness, kills, launches, manager, need, offer, pool, START, status } from '../fixtures.ts';

/** A core with running workers F.1 … F.n, each with so many tasks. */
function serving(tasks: number[], changes: Partial<Pool> = {}, pools?: Pool[]): Harness {
  const harness = Harness.subscribed(pools ?? [pool(changes)]);
  harness.state.proven.add('default');
  harness.look([manager({ waiting: [need(tasks.length)] })]);
  harness.offer(offer({ cores: 64, memory: 1e6, disk: 1e6 }));
  for (const { id } of harness.workers) harness.update(status(id, 'TASK_RUNNING'));
  harness.look([manager({ workers: tasks.map((count, i) => connected(`F.${i + 1}`, count)) })]);
  return harness;
}

describe('taking workers back', () => {
  it('takes an idle worker after its pool’s idle time, and never one that runs a task', () => {
    const harness = serving([0, 1, 0], { idleSeconds: 2 });
    expect(kills(harness.wait(1500))).toEqual([]);
    expect(kills(harness.wait(500)).sort()).toEqual(['F.1', 'F.3']);
    expect(kills(harness.wait(5000))).toEqual([]);
    expect(harness.workers.map(({ phase }) => phase)).toEqual(['leaving', 'running', 'leaving']);
  });

  it('counts the idle time from the end of the last task', () => {
    const harness = serving([1], { idleSeconds: 5 });
    harness.wait(60_000);
    harness.look([manager({ workers: [connected('F.1', 0)] })]);
    expect(kills(harness.wait(4500))).toEqual([]);
    expect(kills(harness.wait(500))).toEqual(['F.1']);
  });

  it('repeats a kill that is not answered, after the grace period', () => {
    const harness = serving([0], { killGraceSeconds: 20 });
    expect(kills(harness.wait(2000))).toEqual(['F.1']);
    expect(kills(harness.wait(29_500))).toEqual([]);
    expect(kills(harness.wait(500))).toEqual(['F.1']);
    harness.update(status('F.1', 'TASK_KILLED'));
    expect(kills(harness.wait(60_000))).toEqual([]);
  });

  it('keeps idle workers while tasks wait, unless these pass them over', () => {
    const harness = serving([0]);
    harness.look([manager({ waiting: [need(1)], workers: [connected('F.1', 0)] })]);
    expect(kills(harness.wait(4500))).toEqual([]);
    expect(kills(harness.wait(500))).toEqual(['F.1']);
  });

  it('takes an idle worker that is too small for all waiting tasks', () => {
    const harness = serving([0, 0]);
    harness.look([manager({ waiting: [need(1, { cores: 4 })], workers: [connected('F.1', 0), connected('F.2', 0)] })]);
    expect(kills(harness.wait(2000)).sort()).toEqual(['F.1', 'F.2']);
  });

  it('takes the idle workers of a manager that gives them no tasks', () => {
    const harness = serving([0]);
    harness.look([manager({ waiting: [need(1)], workers: [connected('F.1', 0)], closed: 'has given no job' })]);
    expect(kills(harness.wait(2000))).toEqual(['F.1']);
  });

  it('keeps the minimum of a pool', () => {
    const harness = serving([0, 0, 0], { min: 2 });
    expect(kills(harness.wait(60_000))).toHaveLength(1 + 3);
    expect(harness.workers.filter(({ phase }) => phase === 'running')).toHaveLength(2);
  });

  it('takes back workers on their way when nothing waits any more, as soon as that is no passing moment', () => {
    const harness = Harness.subscribed();
    harness.look([manager({ waiting: [need(2)] })]);
    harness.offer(offer());
    harness.wait(20_000);
    harness.look([manager()]);
    expect(kills(harness.wait(1500))).toEqual([]);
    harness.look([manager({ waiting: [need(1)] })]);
    harness.wait(500);
    harness.look([manager()]);
    expect(kills(harness.wait(1500))).toEqual([]);
    expect(kills(harness.wait(500)).sort()).toEqual(['F.1', 'F.2']);
  });

  it('takes back all workers of a manager that has ended', () => {
    const harness = serving([1, 0]);
    expect(kills(harness.look([]))).toEqual([]);
    expect(kills(harness.wait(2000)).sort()).toEqual(['F.1', 'F.2']);
  });

  it('takes a worker, even from its task, when a project that its pool does not serve has the port', () => {
    const harness = serving([1, 1], { projects: /^sim$/ });
    const listed = { startedAt: START, workers: [connected('F.1', 1), connected('F.2', 1)] };
    harness.look([manager({ ...listed, name: 'task' })]);
    expect(kills(harness.calls).sort()).toEqual(['F.1', 'F.2']);
  });

  it('leaves a worker to its task when the next manager at the port is of a project that its pool serves', () => {
    const harness = serving([1], { projects: /^sim/ });
    harness.look([manager({ name: 'sim2', startedAt: START, workers: [connected('F.1', 1)] })]);
    harness.wait(10_000);
    expect(kills(harness.calls)).toEqual([]);
  });

  it('takes the workers of a manager whose port another has now', () => {
    const harness = serving([1]);
    harness.look([manager({ startedAt: START })]);
    harness.wait(2000);
    expect(kills(harness.calls)).toEqual(['F.1']);
  });

  it('lets a worker serve the manager that lists it, whoever it was launched for', () => {
    const harness = Harness.subscribed();
    harness.look([manager({ waiting: [need(1)] })]);
    harness.offer(offer());
    harness.update(status('F.1', 'TASK_RUNNING'));
    const next = { startedAt: START, name: 'next' };
    expect(kills(harness.look([manager({ ...next, workers: [connected('F.1', 1)] })]))).toEqual([]);
    expect(kills(harness.wait(10_000))).toEqual([]);
    expect(harness.workers[0]).toMatchObject({ managerStartedAt: START, project: 'next', connected: true });

    const elsewhere = { ...next, manager: 'name.example:9123' };
    expect(kills(harness.look([manager({ ...elsewhere, workers: [connected('F.1', 1)] })]))).toEqual([]);
    expect(kills(harness.wait(10_000))).toEqual([]);
    expect([...harness.state.workersOf.keys()]).toEqual(['name.example:9123']);
  });

  it('leaves a worker with its manager when another one lists it, where workers do not change their manager', () => {
    const one = pool();
    const harness = serving([1], {}, [{ ...one, kind: { ...one.kind, changesManager: false } }]);
    const thief = manager({ manager: 'thief:1', name: 'thief', workers: [connected('F.1', 0)] });
    harness.look([manager({ workers: [connected('F.1', 1)] }), thief]);
    expect(kills(harness.wait(60_000))).toEqual([]);
    expect(harness.workers).toMatchObject([{ project: 'sim', tasksRunning: 1 }]);
  });

  it('helps a worker that its manager has dropped', () => {
    const harness = serving([1, 1]);
    harness.look([manager({ workers: [connected('F.2', 1)] })]);
    expect(kills(harness.wait(1500))).toEqual([]);
    expect(kills(harness.wait(500))).toEqual(['F.1']);
  });

  it('leaves the workers of a silent manager alone: it may be giving them tasks', () => {
    const harness = serving([0]);
    harness.look([manager({ silentSince: START, workers: [connected('F.1', 0)] })]);
    expect(kills(harness.wait(10 * 60_000))).toEqual([]);
  });

  it('takes the idle workers of a project that no pool serves any more', () => {
    const harness = serving([0, 1], { idleSeconds: 3600 });
    harness.handle({ type: 'pools', pools: [pool({ projects: /^other$/ })] });
    expect(kills(harness.calls)).toEqual(['F.1']);
  });

  it('takes an idle worker sooner when an equal or heavier pool lacks offers, not for a lighter one', () => {
    for (const [weight, taken] of [
      [1, ['F.1']],
      [0.5, []],
    ] as const) {
      const slow = pool({ projects: /^sim$/, idleSeconds: 600 });
      const harness = serving([0], {}, [slow, pool({ name: 'other', weight })]);
      harness.wait(1000);
      const idle = manager({ workers: [connected('F.1', 0)] });
      harness.look([idle, manager({ manager: 'o:1', name: 'other', waiting: [need(1)] })]);
      expect(kills(harness.wait(1000))).toEqual([]);
      expect(kills(harness.wait(2000))).toEqual(taken);
    }
  });

  it('takes an idle worker sooner when its pool is full and another manager of it has tasks', () => {
    const harness = serving([0, 0], { max: 2, idleSeconds: 600 });
    harness.wait(1000);
    const idle = manager({ workers: [connected('F.1', 0), connected('F.2', 0)] });
    harness.look([idle, manager({ manager: 'o:1', waiting: [need(2)] })]);
    expect(kills(harness.wait(500)).length + kills(harness.calls).length).toBeGreaterThanOrEqual(2);
  });

  it('takes workers off an agent that is about to be taken down as they become idle', () => {
    const harness = serving([0, 1], { idleSeconds: 3600, min: 2 });
    const unavailability = { start: { nanoseconds: String((START + 60_000) * 1e6) } };
    const inverse = {
      id: { value: 'I' },
      framework_id: { value: 'F' },
      agent_id: { value: 'agent-1' },
      unavailability,
    };
    const calls = harness.mesos({ type: 'INVERSE_OFFERS', inverse_offers: { inverse_offers: [inverse] } });
    expect(calls).toEqual([
      {
        type: 'ACCEPT_INVERSE_OFFERS',
        accept_inverse_offers: { inverse_offer_ids: [{ value: 'I' }], filters: { refuse_seconds: 3600 } },
      },
    ]);
    expect(kills(harness.wait(500))).toEqual(['F.1']);
    harness.mesos({ type: 'RESCIND_INVERSE_OFFER', rescind_inverse_offer: { inverse_offer_id: { value: 'I' } } });
    harness.look([manager({ workers: [connected('F.2', 0)] })]);
    expect(kills(harness.wait(1000))).toEqual([]);
  });

  it('spares workers of an agent whose maintenance is called off, which an answered inverse offer never tells, or over', () => {
    const start = { nanoseconds: String((START + 60_000) * 1e6) };
    const drained = (duration?: { nanoseconds: string }) => {
      const harness = serving([0], { idleSeconds: 3600 });
      const unavailability = { start, ...(duration && { duration }) };
      const inverse = {
        ...{ id: { value: 'I' }, framework_id: { value: 'F' }, agent_id: { value: 'agent-1' } },
        unavailability,
      };
      harness.mesos({ type: 'INVERSE_OFFERS', inverse_offers: { inverse_offers: [inverse] } });
      return { harness, unavailability };
    };
    const stays = drained();
    stays.harness.offer({ ...offer(), unavailability: stays.unavailability });
    expect(kills(stays.harness.wait(500))).toEqual(['F.1']);

    const calledOff = drained();
    calledOff.harness.offer(offer());
    expect(kills(calledOff.harness.wait(500))).toEqual([]);
    expect(calledOff.harness.state.draining.size).toBe(0);

    const over = drained({ nanoseconds: '0' });
    over.harness.look([manager({ tasksOnWorkers: 1, workers: [connected('F.1', 1)] })]);
    over.harness.wait(61_000);
    over.harness.look([manager({ workers: [connected('F.1', 0)] })]);
    expect(kills(over.harness.wait(500))).toEqual([]);
  });

  it('launches for what the taken ones could not do', () => {
    const harness = serving([0]);
    harness.wait(2000);
    harness.look([manager({ waiting: [need(1)], workers: [connected('F.1', 0)] })]);
    expect(launches(harness.offer(offer()))).toHaveLength(1);
  });
});
