import { Graphviz } from '@hpcc-js/wasm-graphviz';
import { describe, expect, it } from 'vitest';
import { renderDot } from '../../../validation/graph/dot.ts';
import { buildGraph } from '../../../validation/graph/model.ts';
import { printable } from '../../../validation/report/printable.ts';
import { makePlan, makeStage, makeStep, monteCarlo } from '../plans.ts';
import { HOSTILE, layered, runOf, withPending, xpath } from './graphs.ts';

interface Parsed {
  name: string;
  objects: { name: string; nodes?: number[]; _ldraw_?: { op: string; text?: string }[] }[];
  edges: { tail: number; head: number }[];
}

/** The result of Graphviz itself for a text. */
async function parse(dot: string): Promise<Parsed> {
  const graphviz = await Graphviz.load();
  return JSON.parse(graphviz.layout(dot, 'json', 'dot')) as Parsed;
}

const textsOf = ({ _ldraw_ = [] }: Parsed['objects'][number]): string[] =>
  _ldraw_.flatMap(({ op, text }) => (op === 'T' && text !== undefined ? [text] : []));

describe('renderDot', () => {
  it('has every node and edge of the graph', async () => {
    const graph = buildGraph(monteCarlo(5));
    const { name, objects, edges } = await parse(renderDot(graph));
    expect(name).toBe('test');
    expect(objects.map((node) => node.name)).toEqual(graph.nodes.map(({ id }) => id));
    expect(edges.map(({ tail, head }) => `${objects[tail]?.name} ${objects[head]?.name}`).sort()).toEqual(
      graph.edges.map(({ from, to }) => `${graph.nodes[from]?.id} ${graph.nodes[to]?.id}`).sort(),
    );
  });

  it('has a cluster for each phase where there are several', async () => {
    const { objects } = await parse(renderDot(buildGraph(withPending())));
    const clusters = objects.filter(({ nodes }) => nodes !== undefined);
    expect(clusters.map(textsOf)).toEqual([['phase 0'], ['phase 1']]);
    expect(clusters.map(({ nodes }) => nodes?.length)).toEqual([1, 2]);
  });

  it('has the states of a run in words', async () => {
    const plan = monteCarlo(20);
    const run = runOf(plan, (id) => (id === 'sim0007' ? 'failed' : id.startsWith('sim0') ? 'succeeded' : undefined));
    const { objects } = await parse(renderDot(buildGraph(plan, { run })));
    expect(objects.slice(0, 2).map(textsOf)).toEqual([
      ['sim', '20 steps', '✗ 1 failed', '✓ 19 succeeded'],
      ['simResMerge', '· waiting'],
    ]);
  });

  it('takes any name as a name', async () => {
    const steps = HOSTILE.map((id) => ({ ...makeStep(makeStage(id)), id }));
    const dot = renderDot(buildGraph(makePlan(steps, { name: HOSTILE.join(' ') })));
    const svg = (await Graphviz.load()).layout(dot, 'svg', 'dot');
    const nodes = '//*[@class="node"]';
    expect(xpath(svg, `count(${nodes})`)).toBe(String(HOSTILE.length));
    for (const [n, id] of HOSTILE.entries()) {
      const text = `(${nodes})[${n + 1}]/*[name()="text"]`;
      const whole = [...printable(id)];
      expect(xpath(svg, `count(${text})`)).toBe('1');
      expect(xpath(svg, `string(${text})`)).toBe(
        whole.length > 36 ? `${whole.slice(0, 35).join('')}…` : whole.join(''),
      );
    }
  });

  it('is read by Graphviz also with thousands of nodes', async () => {
    const dot = renderDot(buildGraph(layered([{ name: 'a', steps: 3000 }]), { collapse: 'none' }));
    const graphviz = await Graphviz.load();
    expect(JSON.parse(graphviz.layout(dot, 'dot_json', 'nop')).objects).toHaveLength(3000);
  });
});
