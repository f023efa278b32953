import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGraph } from '../../../validation/graph/model.ts';
import type { Plan } from '../../../validation/workflow/plan.ts';
import { makePlan, makeStage, makeStep, monteCarlo } from '../plans.ts';
import { layered, namedEdges, runOf, withPending } from './graphs.ts';

const kinds = (plan: Plan, options = {}): string[] =>
  buildGraph(plan, options).nodes.map(({ kind, name, steps }) => `${kind} ${name} ${steps}`);

describe('nodes', () => {
  it('is each step of a stage of 12, and a stage of 13 as one', () => {
    expect(kinds(monteCarlo(12)).filter((text) => text.startsWith('step sim0'))).toHaveLength(12);
    expect(kinds(monteCarlo(13))).toEqual([
      'stage sim 13',
      'step simResMerge 1',
      'step simQaMerge 1',
      'step simQaPlots 1',
      'step mergeValidationReportsMC 1',
    ]);
  });

  it('is every stage of more than one step, or every step, when asked for', () => {
    expect(kinds(monteCarlo(2), { collapse: 'stages' })[0]).toBe('stage sim 2');
    expect(kinds(monteCarlo(100), { collapse: 'none' }).filter((text) => text.startsWith('step'))).toHaveLength(104);
    expect(kinds(monteCarlo(4), { limit: 3 })[0]).toBe('stage sim 4');
    const opened = kinds(monteCarlo(100), { collapse: 'stages', open: ['sim'] });
    expect(opened.filter((text) => text.startsWith('step sim0'))).toHaveLength(100);
  });

  it('is a stage whose steps are not known yet, and its dependents', () => {
    const graph = buildGraph(withPending());
    expect(graph.nodes.map(({ kind, name, file, phase }) => ({ kind, name, file, phase }))).toEqual([
      { kind: 'step', name: 'bins', file: undefined, phase: 0 },
      { kind: 'pending', name: 'maps', file: 'timeBins.log', phase: 1 },
      { kind: 'step', name: 'calib', file: undefined, phase: 1 },
    ]);
    expect(namedEdges(graph)).toEqual(['bins > maps', 'maps > calib']);
  });

  it('is each step of such a stage once the run has come to it', () => {
    const run = runOf(withPending(), () => 'succeeded');
    for (const id of ['maps0001', 'maps0002', 'maps0003']) run.steps.set(id, { id, stage: 'maps', state: 'running' });
    const graph = buildGraph(withPending(), { run });
    expect(namedEdges(graph)).toEqual([
      'bins > maps0001',
      'bins > maps0002',
      'bins > maps0003',
      'maps0001 > calib',
      'maps0002 > calib',
      'maps0003 > calib',
    ]);
    expect(graph.steps).toBe(5);
    expect(graph.states).toEqual(
      new Map([
        ['succeeded', 2],
        ['running', 3],
      ]),
    );
  });
});

describe('edges', () => {
  it('leave out edges that a longer path implies', () => {
    expect(namedEdges(buildGraph(monteCarlo(1)))).toEqual([
      'sim0001 > simQaMerge',
      'sim0001 > simResMerge',
      'simQaMerge > simQaPlots',
      'simQaPlots > mergeValidationReportsMC',
      'simResMerge > mergeValidationReportsMC',
    ]);
    const all = layered([
      { name: 'a', steps: 2 },
      { name: 'b', steps: 1, after: ['a'] },
      { name: 'c', steps: 1, after: ['a', 'b'] },
    ]);
    expect(namedEdges(buildGraph(all))).toEqual(['a0001 > b0001', 'a0002 > b0001', 'b0001 > c0001']);
  });

  it('meet in a point where many wait for many: 10,000 for 10,000 are 20,000 edges', () => {
    const plan = layered([
      { name: 'a', steps: 10_000 },
      { name: 'b', steps: 10_000, after: ['a'] },
    ]);
    const graph = buildGraph(plan, { collapse: 'none' });
    expect(graph.edges).toHaveLength(20_000);
    expect(graph.nodes.filter(({ kind }) => kind === 'join')).toHaveLength(1);
  });

  it('do not meet in a point where that saves nothing', () => {
    const plan = layered([
      { name: 'a', steps: 2 },
      { name: 'b', steps: 2, after: ['a'] },
    ]);
    expect(buildGraph(plan).nodes).toHaveLength(4);
    expect(buildGraph(plan).edges).toHaveLength(4);
  });

  it('do not lead from a stage to itself where its steps wait for each other', () => {
    const stage = makeStage('chain');
    const plan = makePlan(
      Array.from({ length: 20 }, (_, n) =>
        makeStep(stage, n + 1, { after: n === 0 ? [] : [`chain${String(n).padStart(4, '0')}`] }),
      ),
    );
    expect(buildGraph(plan).edges).toEqual([]);
    expect(buildGraph(plan, { collapse: 'none' }).edges).toHaveLength(19);
  });
});

/** Pairs `a > b` such that b waits for a, directly or through others. */
function closure(pairs: readonly (readonly [string, string])[]): Set<string> {
  const after = new Map<string, string[]>();
  for (const [from, to] of pairs) after.set(from, [...(after.get(from) ?? []), to]);
  const all = new Set<string>();
  for (const start of after.keys()) {
    const stack = [...(after.get(start) ?? [])];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (all.has(`${start} > ${node}`)) continue;
      all.add(`${start} > ${node}`);
      stack.push(...(after.get(node) ?? []));
    }
  }
  return all;
}

const pairsOf = (edges: readonly string[]) => edges.map((edge) => edge.split(' > ') as [string, string]);

const layers = fc
  .array(fc.record({ steps: fc.integer({ min: 1, max: 4 }), after: fc.array(fc.nat(), { maxLength: 4 }) }), {
    minLength: 1,
    maxLength: 7,
  })
  .map((stages) =>
    layered(
      stages.map(({ steps, after }, n) => ({
        name: `s${n}x`,
        steps,
        after: n === 0 ? [] : [...new Set(after.map((other) => `s${other % n}x`))],
      })),
    ),
  );

describe('whatever the plan', () => {
  it('the edges are the dependencies, and none is redundant', () => {
    fc.assert(
      fc.property(layers, (plan) => {
        const edges = pairsOf(namedEdges(buildGraph(plan)));
        const wanted = closure(plan.steps.flatMap(({ id, after }) => after.map((from) => [from, id] as const)));
        expect(closure(edges)).toEqual(wanted);
        for (const edge of edges)
          expect(closure(edges.filter((other) => other !== edge)).size).toBeLessThan(wanted.size);
      }),
      { numRuns: 150 },
    );
  });

  it('collapsed stages wait for the stages that their steps wait for', () => {
    fc.assert(
      fc.property(layers, (plan) => {
        const stageOf = new Map(plan.steps.map(({ id, stage }) => [id, stage.name]));
        const edges = pairsOf(namedEdges(buildGraph(plan, { collapse: 'stages' }))).map((pair) =>
          pair.map((name) => stageOf.get(name) ?? name),
        ) as [string, string][];
        const wanted = closure(plan.stages.flatMap(({ name, after }) => after.map((from) => [from, name] as const)));
        expect(closure(edges)).toEqual(wanted);
      }),
      { numRuns: 150 },
    );
  });
});

describe('the states of a run', () => {
  it('say after its end that steps which still wait did not run', () => {
    const plan = monteCarlo(2);
    const run = {
      ...runOf(plan, (id) => (id === 'sim0001' ? 'succeeded' : id === 'sim0002' ? 'submitted' : undefined)),
    };
    const states = (live: boolean) => [...(buildGraph(plan, { run: { ...run, live } }).states ?? [])];
    expect(new Map(states(true)).get('aborted')).toBeUndefined();
    expect(states(false)).toEqual([
      ['succeeded', 1],
      ['aborted', plan.steps.length - 1],
    ]);
  });

  it('are counted for every node; steps that it has not come to are waiting', () => {
    const plan = monteCarlo(100);
    const run = runOf(plan, (id) => (id < 'sim0091' ? 'succeeded' : id < 'sim0100' ? 'failed' : undefined));
    const graph = buildGraph(plan, { run });
    expect(graph.name).toBe('test-20290615-080000');
    expect(graph.nodes[0]?.states).toEqual(
      new Map([
        ['succeeded', 90],
        ['failed', 9],
        ['waiting', 1],
      ]),
    );
    expect(graph.nodes[1]?.states).toEqual(new Map([['waiting', 1]]));
  });

  it('are none where only a plan is drawn', () => {
    const graph = buildGraph(monteCarlo(2));
    expect(graph.states).toBeUndefined();
    expect(graph.nodes.every(({ states }) => states === undefined)).toBe(true);
  });
});
