import { describe, expect, it } from 'vitest';
import { directionFor } from '../../../validation/graph/direction.ts';
import { layOut } from '../../../validation/graph/layout.ts';
import { buildGraph, type GraphOptions } from '../../../validation/graph/model.ts';
import { boxesOf } from '../../../validation/graph/nodes.ts';
import type { Plan } from '../../../validation/workflow/plan.ts';
import { monteCarlo } from '../plans.ts';
import { layered } from './graphs.ts';

function direction(plan: Plan, options: GraphOptions = {}): string {
  const graph = buildGraph(plan, options);
  return directionFor(graph, boxesOf(graph.nodes));
}

/** Stages one after the other, of these widths. */
function chain(...widths: number[]): Plan {
  const name = (n: number): string => `stage${n}`;
  return layered(widths.map((steps, n) => ({ name: name(n), steps, after: n > 0 ? [name(n - 1)] : [] })));
}

describe('a drawing for a wide page', () => {
  it.each([
    ['a chain', chain(1, 1, 1, 1, 1), 'right'],
    ['deeper than broad, with steps that meet', chain(3, 3, 3, 1, 1), 'right'],
    ['so broad that it would be shown small', chain(12, 12), 'right'],
    ['broader than deep', chain(5, 1), 'down'],
    ['so deep that it would be illegible', chain(...Array.from({ length: 30 }, () => 1)), 'down'],
    ['one step', chain(1), 'down'],
    ['nothing', chain(), 'down'],
  ])('of %s', (_, plan, wanted) => {
    expect(direction(plan)).toBe(wanted);
  });

  it('depends on the stages that are drawn as one node', () => {
    expect(direction(monteCarlo(5), { collapse: 'stages' })).toBe(direction(monteCarlo(500)));
  });

  it('to the right has each step at the right of those for which it waits', async () => {
    const graph = buildGraph(chain(3, 2, 4, 1));
    const sizes = boxesOf(graph.nodes);
    const { nodes, width, height } = await layOut(graph, sizes, 'right');
    expect(width).toBeGreaterThan(height);
    for (const { from, to } of graph.edges) expect(nodes[to]?.x).toBeGreaterThan(nodes[from]?.x ?? Number.NaN);
    for (const [n, { x, y }] of nodes.entries()) {
      const { width: own, height: tall } = sizes[n] ?? { width: 0, height: 0 };
      expect([x >= own / 2, y >= tall / 2, x <= width - own / 2, y <= height - tall / 2]).toEqual(Array(4).fill(true));
    }
  });
});
