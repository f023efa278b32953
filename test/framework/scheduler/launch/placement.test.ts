import { describe, expect, it } from 'vitest';
import type { ProjectDemand } from '../../../../framework/demand/demand.ts';
import type { Constraint, Pool } from '../../../../framework/scheduler/state/pool.ts';
import { STARTING_PER_AGENT } from '../../../../framework/scheduler/state/starts.ts';
import { snapshot } from '../../../../framework/scheduler/state/state.ts';
import {
  connected,
  Harness,
  launches,
  manager,
  need,
  offer,
  pool,
  START,
  scalar,
  status,
  text,
  types,
} from '../fixtures.ts';

/** A core whose pools have proved that they work, with tasks waiting. */
function proven(changes: Partial<Pool>, count: number, more: Partial<ProjectDemand> = {}): Harness {
  const harness = Harness.subscribed([pool(changes)]);
  harness.state.proven.add(changes.name ?? 'default');
  harness.look([manager({ waiting: [need(count)], ...more })]);
  return harness;
}

const agentsOf = (calls: Parameters<typeof launches>[0]): string[] =>
  launches(calls).map(({ agent_id }) => agent_id.value);

describe('placing workers on offers', () => {
  it('launches what is missing in one ACCEPT per agent, after its records, and gives the rest back for long', () => {
    const harness = proven({}, 3);
    const offered = offer();
    const spare = offer({ agent: 'agent-2', cores: 0.5 });
    const calls = harness.offer(offered, spare);
    expect(types(calls)).toEqual(['ACCEPT', 'DECLINE', 'SUPPRESS']);
    expect(calls[0]?.accept).toMatchObject({ offer_ids: [offered.id], filters: { refuse_seconds: 3600 } });
    expect(calls[1]?.decline).toEqual({ offer_ids: [spare.id], filters: { refuse_seconds: 3600 } });
    expect(launches(calls).map(({ task_id }) => task_id.value)).toEqual(['F.1', 'F.2', 'F.3']);
    expect(harness.records.map(({ type }) => type)).toEqual(['launch', 'launch', 'launch']);
  });

  it('launches none twice: the next offers find nothing missing', () => {
    const harness = proven({}, 3);
    harness.offer(offer());
    expect(types(harness.offer(offer()))).toEqual(['DECLINE']);
    expect(types(harness.wait(5000))).toEqual([]);
  });

  it('joins several offers of one agent', () => {
    const harness = proven({ shape: { cores: 2, memory: 1024, disk: 1024 } }, 1, { waiting: [need(1, { cores: 2 })] });
    const offers = [offer({ cores: 1 }), offer({ cores: 1 })];
    const [call] = harness.offer(...offers);
    expect(call?.accept?.offer_ids).toEqual(offers.map(({ id }) => id));
  });

  it('never joins offers of two roles', () => {
    const harness = Harness.subscribed([
      pool({ name: 'a', role: 'a', projects: /^a$/, shape: { cores: 2, memory: 64, disk: 64 } }),
      pool({ name: 'b', role: 'b' }),
    ]);
    harness.look([manager({ name: 'a', waiting: [need(1, { cores: 2 })] })]);
    expect(types(harness.offer(offer({ cores: 1, role: 'a' }), offer({ cores: 1, role: 'b' })))).toEqual(['DECLINE']);
    expect(harness.reason).toBe('offers-too-small');
  });

  it('takes agents with GPUs last for workers without', () => {
    const withGpu = offer({ agent: 'with' });
    withGpu.resources?.push(scalar('gpus', 1));
    const plain = offer({ agent: 'without', cores: 2 });
    expect(agentsOf(proven({}, 3).offer(withGpu, plain))).toEqual(['without', 'without', 'with']);
    const limit = { cores: 1, memory: 1024, disk: 1024, gpus: 1 };
    const harness = proven({ limit }, 1, { waiting: [need(1, { gpus: 1 })] });
    expect(agentsOf(harness.offer(withGpu, offer({ agent: 'without' })))).toEqual(['with']);
  });

  it('uses only offers of the pool’s role', () => {
    const harness = proven({ role: 'analysis' }, 1);
    expect(launches(harness.offer(offer({ role: '*' })))).toEqual([]);
    expect(launches(harness.offer(offer({ role: 'analysis' })))).toHaveLength(1);
  });

  it('spreads over the agents, those with few workers first', () => {
    const harness = proven({}, 5);
    const offers = () => ['a', 'b', 'c'].map((agent) => offer({ agent }));
    expect(agentsOf(harness.offer(...offers()))).toEqual(['a', 'a', 'b', 'b', 'c']);
    harness.look([manager({ waiting: [need(6)] })]);
    harness.wait(1000);
    expect(agentsOf(harness.offer(...offers()))).toEqual(['c']);
  });

  describe('on a large cluster', () => {
    const agents = Array.from({ length: 20 }, (_, index) => `agent-${index}`);
    const offers = () => agents.map((agent) => offer({ agent }));
    /** How many workers each agent gets, most first. */
    const counts = (calls: Parameters<typeof launches>[0]): number[] => {
      const chosen = agentsOf(calls);
      return [...new Set(chosen)].map((agent) => chosen.filter((one) => one === agent).length).sort((a, b) => b - a);
    };

    it.each<[string, number, number[]]>([
      ['four workers get an agent each', 4, [1, 1, 1, 1]],
      ['a few more share four agents', 6, [2, 2, 1, 1]],
      ['many share agents in pairs, so that the master gets half as many calls', 11, [2, 2, 2, 2, 2, 1]],
      ['still more take all agents in turn', 50, [...Array<number>(10).fill(3), ...Array<number>(10).fill(2)]],
    ])('%s', (_, workers, expected) => {
      const calls = proven({}, workers).offer(...offers());
      expect(counts(calls)).toEqual(expected);
      expect(types(calls).filter((type) => type === 'ACCEPT')).toHaveLength(expected.length);
    });

    it('gives an agent only one where it starts workers slowly', () => {
      const harness = proven({}, 10);
      for (const agent of agents) harness.state.startRates.set(agent, { starts: 1, busyMs: 1000, lastAt: START });
      expect(counts(harness.offer(...offers()))).toEqual(Array(10).fill(1));
    });

    it('counts only the launches that are allowed now', () => {
      expect(counts(proven({ launchesPerSecond: 6 }, 50).offer(...offers()))).toEqual([2, 2, 1, 1]);
    });

    it('goes on to further agents where the first have room for one worker only', () => {
      const small = agents.map((agent) => offer({ agent, cores: 1 }));
      expect(counts(proven({}, 10).offer(...small))).toEqual(Array(10).fill(1));
      const apart: Constraint = { field: 'hostname', operator: 'MAX_PER', limit: 1 };
      expect(counts(proven({ constraints: [apart] }, 10).offer(...offers()))).toEqual(Array(10).fill(1));
    });
  });

  it('packs onto few agents, those with most workers first', () => {
    const harness = proven({ placement: 'pack' }, 3);
    const offers = (cores: number) => ['a', 'b', 'c'].map((agent) => offer({ agent, cores }));
    expect(agentsOf(harness.offer(...offers(2)))).toEqual(['a', 'a', 'b']);
    harness.look([manager({ waiting: [need(4)] })]);
    expect(agentsOf(harness.offer(offer({ agent: 'c' }), offer({ agent: 'b' })))).toEqual(['b']);
  });

  it('shares between managers by weight, the older first where they are equal', () => {
    const pools = [pool({ name: 'light', projects: /^light$/ }), pool({ name: 'heavy', weight: 3 })];
    const harness = Harness.subscribed(pools);
    for (const { name } of pools) harness.state.proven.add(name);
    harness.look([
      manager({ manager: 'l:1', name: 'light', waiting: [need(100)], startedAt: START - 5 }),
      manager({ manager: 'h:1', name: 'heavy', waiting: [need(100)], startedAt: START }),
    ]);
    const tasks = launches(harness.offer(offer({ cores: 8 })));
    const projects = tasks.map(({ name }) => name.replace('Work Queue worker for ', ''));
    expect(projects.filter((project) => project === 'heavy')).toHaveLength(6);
    expect(projects.filter((project) => project === 'light')).toHaveLength(2);
    expect(new Set(tasks.map(({ name }) => name)).size).toBe(2);
  });

  it('serves a smaller shape of a manager where its larger one does not fit', () => {
    const harness = proven({}, 0, { waiting: [need(1, { cores: 16 }), need(1)] });
    expect(launches(harness.offer(offer({ cores: 8 })))).toHaveLength(1);
    expect(harness.reason).toBe('offers-too-small');
    expect(harness.scheduler.blocked.get('10.0.0.1:9123')?.detail).toBe(
      'the offers to role * are too small: the largest has 8 cores, 16384 MB memory, 100000 MB disk left, ' +
        'but a worker needs 16 cores, 1024 MB memory, 1024 MB disk',
    );
  });

  it('launches a coarse worker where an offer has room, and smaller ones where none has', () => {
    const coresOf = (harness: Harness, ...cores: number[]): string[] => {
      const calls = harness.offer(...cores.map((count, index) => offer({ agent: `${index}`, cores: count })));
      return launches(calls).map(({ agent_id, resources }) => {
        const cpus = resources.find(({ name }) => name === 'cpus');
        return `${agent_id.value}: ${cpus?.scalar?.value}`;
      });
    };
    const ten = () => proven({ granularity: 4 }, 10);
    expect(coresOf(ten(), 16)).toEqual(['0: 4', '0: 4', '0: 2']);
    expect(coresOf(ten(), 4, 3, 2, 1)).toEqual(['0: 4', '1: 2', '1: 1', '2: 2', '3: 1']);
    expect(coresOf(ten(), 1, 1)).toEqual(['0: 1', '1: 1']);
    expect(coresOf(proven({ granularity: 7 }, 7), 3, 3, 3)).toEqual(['0: 2', '1: 2', '2: 3']);
    expect(coresOf(proven({ granularity: 4, max: 2 }, 10), 16)).toEqual(['0: 4', '0: 4']);
  });

  it('asks no more often for what it had to split', () => {
    const harness = proven({ granularity: 4 }, 10);
    harness.wait(1000);
    harness.offer(offer({ cores: 0.5 }));
    const said = harness.calls.length;
    for (let seconds = 0; seconds < 8; seconds++) {
      harness.wait(1000);
      harness.offer(offer({ cores: 0.5 }));
    }
    expect(types(harness.calls.slice(said)).filter((type) => type !== 'DECLINE')).toEqual([]);
    expect(harness.scheduler.blocked.get('10.0.0.1:9123')?.detail).toContain('a worker needs 1 core, 1024 MB memory');
  });

  it('keeps to the maximum of a pool, over all of its managers, and gives each its share', () => {
    const harness = Harness.subscribed([pool({ max: 4 })]);
    harness.state.proven.add('default');
    const managers = [1, 2].map((port) => manager({ manager: `m:${port}`, startedAt: port, waiting: [need(10)] }));
    harness.look(managers);
    const tasks = launches(harness.offer(offer({ cores: 64 })));
    expect(tasks.map(({ labels }) => labels?.labels?.[2]?.value).sort()).toEqual(['m:1', 'm:1', 'm:2', 'm:2']);
    expect(harness.reason).toBe('at-maximum');
    expect(types(harness.calls.slice(-1))).toEqual(['SUPPRESS']);
    expect(launches(harness.wait(60_000))).toEqual([]);
  });

  it('keeps to the launches in a second', () => {
    const harness = proven({ launchesPerSecond: 10 }, 25);
    const offers = () => offer({ cores: 100, memory: 1e6, disk: 1e6 });
    const counts = [0, 500, 1000, 1500, 2000].map((at) => {
      harness.now = START + at;
      harness.handle({ type: 'tick' });
      return launches(harness.offer(offers())).length;
    });
    expect(counts).toEqual([10, 0, 10, 0, 5]);
  });

  it('lets only so many workers start on an agent at once, and asks for more soon', () => {
    const harness = proven({}, 100);
    const big = () => offer({ cores: 500, memory: 1e6, disk: 1e6 });
    const [accept] = harness.offer(big());
    expect(accept?.accept?.operations[0]?.launch.task_infos).toHaveLength(STARTING_PER_AGENT);
    expect(accept?.accept?.filters).toEqual({ refuse_seconds: 1 });
    expect(harness.reason).toBe('agents-busy');
    const [decline] = harness.offer(big());
    expect(decline?.decline?.filters).toEqual({ refuse_seconds: 1 });
    for (const { id } of harness.workers) harness.update(status(id, 'TASK_RUNNING'));
    harness.now += 1000;
    expect(launches(harness.offer(big()))).toHaveLength(100 - STARTING_PER_AGENT);
  });

  it('uses revocable resources where the pool allows it', () => {
    const revocable = (): ReturnType<typeof offer> => {
      const plain = offer({ cores: 0 });
      return { ...plain, resources: [...(plain.resources ?? []), scalar('cpus', 4, { revocable: {} })] };
    };
    expect(launches(proven({}, 1).offer(revocable()))).toEqual([]);
    const [task] = launches(proven({ revocable: true }, 1).offer(revocable()));
    expect(task?.resources[0]).toMatchObject({ name: 'cpus', revocable: {} });
  });

  it('launches nothing that is not wanted yet, and says why', () => {
    const harness = proven({ scaleUpDelaySeconds: 3 }, 2);
    expect(launches(harness.offer(offer()))).toEqual([]);
    expect(harness.reason).toBe('scale-up-delay');
    expect(types(harness.wait(2500))).toEqual([]);
    expect(types(harness.wait(500))).toEqual(['REVIVE']);
    expect(launches(harness.offer(offer()))).toHaveLength(2);
  });

  it('keeps a pool’s minimum while a manager is there, for the manager that has least', () => {
    const harness = Harness.subscribed([pool({ min: 4 })]);
    harness.look([
      manager({ manager: 'm:1', startedAt: 1, waiting: [need(1)] }),
      manager({ manager: 'm:2', startedAt: 2 }),
    ]);
    const tasks = launches(harness.offer(offer()));
    expect(tasks.map(({ labels }) => labels?.labels?.[2]?.value).sort()).toEqual(['m:1', 'm:1', 'm:2', 'm:2']);
    expect(types(harness.wait(1000))).toEqual([]);
  });
});

describe('constraints', () => {
  const rack = (agent: string, value?: string) => offer({ agent, ...(value && { attributes: [text('rack', value)] }) });
  const like: Constraint = { field: 'rack', operator: 'LIKE', pattern: /^(?:r1|r2)$/ };
  const unlike: Constraint = { ...like, operator: 'UNLIKE' };

  it.each<[string, Constraint[], string[]]>([
    ['none: every agent', [], ['a', 'b', 'c', 'd']],
    ['LIKE: those whose attribute matches', [like], ['a', 'b']],
    ['UNLIKE: the others, also those without the attribute', [unlike], ['c', 'd']],
    ['hostname is one too', [{ field: 'hostname', operator: 'LIKE', pattern: /^b\..*$/ }], ['b']],
    ['several: all must hold', [like, { field: 'hostname', operator: 'UNLIKE', pattern: /^b\..*$/ }], ['a']],
  ])('%s', (_, constraints, expected) => {
    const harness = proven({ constraints }, 4);
    const offers = [rack('a', 'r1'), rack('b', 'r2'), rack('c', 'r3'), rack('d')];
    expect([...new Set(agentsOf(harness.offer(...offers)))].sort()).toEqual(expected);
  });

  it('says when no agent is allowed', () => {
    const harness = proven({ constraints: [like] }, 1);
    harness.offer(rack('c', 'r3'));
    expect(harness.reason).toBe('constraints');
  });

  it('UNIQUE and MAX_PER count the workers of the pool by value, over frames and restarts', () => {
    const perRack: Constraint = { field: 'rack', operator: 'MAX_PER', limit: 2 };
    const harness = proven({ constraints: [perRack] }, 10);
    const offers = () => [rack('a', 'r1'), rack('b', 'r1'), rack('c', 'r2'), rack('d')];
    expect(agentsOf(harness.offer(...offers())).sort()).toEqual(['a', 'b', 'c', 'c']);
    expect(launches(harness.offer(...offers()))).toEqual([]);

    const [first] = harness.workers;
    harness.update(status(first?.id ?? '', 'TASK_FINISHED'));
    harness.state.poolBackoffs.clear();
    harness.state.proven.add('default');
    harness.wait(1000);
    expect(launches(harness.offer(...offers()))).toHaveLength(1);

    const again = new Harness([pool({ constraints: [perRack] })], snapshot(harness.state));
    again.state.proven.add('default');
    again.subscribe();
    again.look([manager({ waiting: [need(10)] })]);
    expect(launches(again.offer(...offers()))).toEqual([]);
  });

  it('UNIQUE on the host name means one worker a host', () => {
    const harness = proven({ constraints: [{ field: 'host', operator: 'MAX_PER', limit: 1 }] }, 5);
    expect(agentsOf(harness.offer(offer({ agent: 'a' }), offer({ agent: 'b' })))).toEqual(['a', 'b']);
  });
});

describe('agents that are avoided', () => {
  it('are those about to be taken down, not those that are some day', () => {
    const harness = proven({}, 1);
    const unavailability = (ms: number) => ({ start: { nanoseconds: String((START + ms) * 1e6) } });
    const day = 24 * 3600 * 1000;
    expect(launches(harness.offer({ ...offer(), unavailability: unavailability(60_000) }))).toEqual([]);
    expect(harness.reason).toBe('agents-pausing');
    expect(launches(harness.offer({ ...offer(), unavailability: unavailability(day) }))).toHaveLength(1);
  });

  it('are those on which several launches failed in a row, until a worker has served there', () => {
    const harness = proven({}, 3);
    harness.offer(offer({ agent: 'bad' }));
    for (const { id } of harness.workers) harness.update(status(id, 'TASK_FAILED'));
    harness.state.poolBackoffs.clear();
    harness.state.proven.add('default');
    harness.wait(1000);
    expect(launches(harness.offer(offer({ agent: 'bad' })))).toEqual([]);
    expect(harness.reason).toBe('agents-pausing');
    expect(launches(harness.offer(offer({ agent: 'good' })))).toHaveLength(3);

    const later = harness.workers.map(({ id }) => connected(id, 1));
    harness.look([manager({ waiting: [need(1)], workers: later })]);
    expect(types(harness.wait(5000))).toContain('REVIVE');
    expect(launches(harness.offer(offer({ agent: 'bad' })))).toHaveLength(1);
  });
});
