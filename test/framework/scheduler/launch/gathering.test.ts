import { describe, expect, it } from 'vitest';
import type { Need, ProjectDemand } from '../../../../framework/demand/demand.ts';
import { startd } from '../../../../framework/htcondor/worker.ts';
import { gathered } from '../../../../framework/scheduler/launch/gathering.ts';
import type { Pool } from '../../../../framework/scheduler/state/pool.ts';
import { snapshot } from '../../../../framework/scheduler/state/state.ts';
import { connected, Harness, launches, manager, need, offer, pool, START, status } from '../fixtures.ts';

describe('how many workers are launched together', () => {
  const at = (changes: Partial<Parameters<typeof gathered>[0]>): number =>
    gathered({ workers: 48, starting: 0, startsPerSecond: 4, launches: 64, ...changes });

  it.each<[string, Parameters<typeof at>[0], number]>([
    ['on an agent that starts four a second', {}, 16],
    ['on a slow agent', { startsPerSecond: 0.5 }, 48],
    ['on a quick agent', { startsPerSecond: 100 }, 1],
    ['where starts take no time', { startsPerSecond: Number.POSITIVE_INFINITY }, 1],
    ['for few workers', { workers: 4, startsPerSecond: 1 }, 1],
    ['beside workers that are starting already', { starting: 2 }, 48],
    ['where one launch is allowed', { launches: 1 }, 48],
    ['for tasks of a minute', { taskSeconds: 60 }, 2],
    ['for tasks of an hour', { taskSeconds: 3600 }, 1],
    ['for tasks of a second', { taskSeconds: 1 }, 16],
  ])('%s', (_, changes, expected) => {
    expect(at(changes)).toBe(expected);
  });
});

/** A core whose pool has worked before, and tasks that wait. */
function proven(changes: Partial<Pool>, waiting: Need[], more: Partial<ProjectDemand> = {}): Harness {
  const harness = Harness.subscribed([pool({ granularity: 'auto', ...changes })]);
  harness.state.proven.add('default');
  harness.look([manager({ waiting, ...more })]);
  return harness;
}

/** Agent and cores of each launch. */
function launched(harness: Harness, ...cores: number[]): string[] {
  const big = { memory: 1e6, disk: 1e6 };
  const calls = harness.offer(...cores.map((count, index) => offer({ agent: `${index}`, cores: count, ...big })));
  return launches(calls).map(({ agent_id, resources }) => {
    const cpus = resources.find(({ name }) => name === 'cpus')?.scalar?.value;
    return `${agent_id.value}: ${cpus}`;
  });
}

describe('granularity: auto', () => {
  const many = [need(48)];

  it('launches as few workers on an agent as it starts soon', () => {
    expect(launched(proven({}, many), 64)).toEqual(['0: 16', '0: 16', '0: 16']);
    expect(launched(proven({}, [need(4)]), 64)).toHaveLength(4);
  });

  it('counts what each of several agents gets', () => {
    expect(launched(proven({}, many), 64, 64, 64, 64).sort()).toEqual(
      ['0', '1', '2', '3'].flatMap((agent) => Array.from({ length: 3 }, () => `${agent}: 4`)),
    );
    expect(launched(proven({ placement: 'pack' }, many), 64, 64)).toEqual(['0: 16', '0: 16', '0: 16']);
  });

  it('gathers none where each agent gets few, whatever its rate', () => {
    for (const perSecond of [1, 3, 5.2, 50]) {
      const harness = proven({}, [need(10)]);
      const rate = { starts: 1, busyMs: 1000 / perSecond, lastAt: START };
      for (let agent = 0; agent < 20; agent++) harness.state.startRates.set(`${agent}`, rate);
      expect(launched(harness, ...Array<number>(20).fill(16))).toHaveLength(10);
    }
  });

  it('leaves no agent out where the launches are too few for single workers', () => {
    const harness = proven({ launchesPerSecond: 100 }, [need(1000)]);
    const all = launched(harness, ...Array<number>(100).fill(16));
    expect(new Set(all)).toEqual(new Set(Array.from({ length: 100 }, (_, agent) => `${agent}: 10`)));
  });

  it('counts only agents that have room', () => {
    expect(launched(proven({}, many), 0.5, 64, 0.5)).toEqual(['1: 16', '1: 16', '1: 16']);
    expect(launched(proven({}, [need(20)]), 2, 12).sort()).toEqual(['0: 1', '0: 1', '1: 4', '1: 4', '1: 4']);
  });

  it('begins a pool that has never worked with four launches, large ones too', () => {
    const harness = proven({}, [need(400)]);
    harness.state.proven.clear();
    harness.wait(500);
    expect(launched(harness, 50, 50, 50, 50, 50)).toHaveLength(4);
  });

  it('keeps to a limit and to the maximum, where each of the workers that were gathered counts', () => {
    const limit = { cores: 4, memory: 1e6, disk: 1e6 };
    expect(launched(proven({ limit }, [need(12)]), 64)).toEqual(['0: 4', '0: 4', '0: 4']);
    const harness = proven({ max: 10 }, many);
    expect(launched(harness, 64).map((text) => Number(text.slice(3)))).toEqual([10]);
    expect(harness.reason).toBe('at-maximum');
    expect(launched(harness, 64)).toEqual([]);
  });

  it('shares the starts of an agent among the projects', () => {
    const harness = proven({}, []);
    harness.look(['a', 'b', 'c'].map((name) => manager({ manager: `${name}:1`, name, waiting: [need(16)] })));
    expect(launched(harness, 64)).toEqual(['0: 16', '0: 16', '0: 16']);
  });

  it('takes the rate that it has seen, and lets no more workers start than the agent can', () => {
    const harness = proven({}, [need(3)]);
    launched(harness, 64);
    for (const id of ['F.1', 'F.2', 'F.3']) {
      harness.now += 50;
      harness.update(status(id, 'TASK_RUNNING'));
    }
    harness.look([manager({ waiting: [need(30)], workers: ['F.1', 'F.2', 'F.3'].map((id) => connected(id, 1)) })]);
    expect(launched(harness, 64)).toHaveLength(15);
    expect(harness.decisions.at(-1)?.together).toEqual({
      workers: 2,
      agent: '0.example',
      startsPerSecond: 20,
      seen: true,
      taskSeconds: undefined,
    });
  });

  it('gathers no workers for tasks of which each takes a whole worker, nor beside them', () => {
    expect(launched(proven({}, [{ category: 'any', count: 9 }]), 64)).toHaveLength(9);
    expect(launched(proven({}, [need(8), { category: 'any', count: 1 }]), 64)).toHaveLength(9);
    expect(launched(proven({}, [need(9)], { running: [{ category: 'any', count: 1 }] }), 64)).toHaveLength(9);
  });

  it('gathers no HTCondor workers: each has one slot', () => {
    const kind = startd(() => '127.0.0.1:9618');
    const condor = { kind, passwordFile: '/token' };
    const project = { source: 'htcondor', manager: 'user at schedd' };
    expect(launched(proven(condor, [need(9)], project), 64)).toHaveLength(9);
  });

  it('is not forgotten in the journal', () => {
    const harness = proven({ max: 48 }, many);
    launched(harness, 64);
    const restarted = new Harness([pool({ granularity: 'auto', max: 48 })], snapshot(harness.state));
    restarted.subscribe();
    restarted.state.proven.add('default');
    restarted.look([manager({ waiting: [need(60)] })]);
    expect(launched(restarted, 64)).toEqual([]);
    expect(restarted.reason).toBe('at-maximum');
  });
});
