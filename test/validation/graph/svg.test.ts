import { describe, expect, it } from 'vitest';
import { layOut, type Point, type Size } from '../../../validation/graph/layout.ts';
import { buildGraph } from '../../../validation/graph/model.ts';
import { boxesOf } from '../../../validation/graph/nodes.ts';
import { BY_URGENCY, DARK, LIGHT } from '../../../validation/graph/states.ts';
import { renderSvg } from '../../../validation/graph/svg.ts';
import { InputError } from '../../../validation/input/input-error.ts';
import { printable } from '../../../validation/report/printable.ts';
import { makePlan, makeStage, makeStep, monteCarlo } from '../plans.ts';
import { HOSTILE, layered, runOf, withPending, xpath } from './graphs.ts';

const count = (svg: string, expression: string): number => Number(xpath(svg, `count(${expression})`));
const byClass = (name: string): string => `//*[contains(concat(" ", @class, " "), " ${name} ")]`;

describe('renderSvg', () => {
  it('is well-formed XML with every node, edge and phase', async () => {
    const graph = buildGraph(monteCarlo(5));
    const svg = await renderSvg(graph);
    expect(xpath(svg, 'name(/*)')).toBe('svg');
    expect(count(svg, byClass('node'))).toBe(9);
    expect(count(svg, byClass('join'))).toBe(1);
    expect(count(svg, byClass('edge'))).toBe(graph.edges.length);
    expect(count(svg, byClass('phase'))).toBe(0);
    expect(count(await renderSvg(buildGraph(withPending())), byClass('phase'))).toBe(2);
  });

  it('has a title and a description in words', async () => {
    const svg = await renderSvg(buildGraph(withPending()));
    expect(xpath(svg, 'string(/*/*[1])')).toBe('test');
    expect(xpath(svg, 'string(/*/*[2])')).toBe(
      'bins: 1 step. maps: steps not known yet, after bins. calib: 1 step, after maps.',
    );
    expect(xpath(svg, 'concat(/*/@role, " ", /*/@aria-labelledby)')).toBe('img relval-graph-title relval-graph-text');
    expect(xpath(svg, 'concat(/*/*[1]/@id, " ", /*/*[2]/@id)')).toBe('relval-graph-title relval-graph-text');
  });

  it('describes dependencies, also across joins', async () => {
    const plan = monteCarlo(5);
    const run = runOf(plan, (id) => (id.startsWith('sim0') ? 'succeeded' : 'waiting'));
    expect(xpath(await renderSvg(buildGraph(plan, { run })), 'string(/*/*[2])')).toMatch(
      /^sim: 5 steps, 5 succeeded\. simResMerge: 1 step, 1 waiting, after sim\. simQaMerge: 1 step, 1 waiting, after sim\./,
    );
  });

  it('tells states by colour and in words, those of a stage of many steps also as a bar', async () => {
    const plan = monteCarlo(10_000);
    const run = runOf(plan, (id) =>
      id === 'sim0007' ? 'failed' : /^sim\d/.test(id) && id < 'sim9000' ? 'succeeded' : undefined,
    );
    const svg = await renderSvg(buildGraph(plan, { run }));
    const node = `${byClass('node')}[1]`;
    expect(xpath(svg, `string(${node}/@class)`)).toBe('node stage failed mixed');
    expect(xpath(svg, `string(${node}/*[name()="title"])`)).toMatch(
      /^sim, 10,000 steps, ✗ 1 failed, · 1,000 waiting, ✓ 8,999 succeeded$/,
    );
    expect(xpath(svg, `${node}//*[name()="text"]/text()`).split('\n').slice(0, 3)).toEqual([
      'sim',
      '10,000 steps',
      '✗ 1 failed',
    ]);
    const widths =
      xpath(svg, `${byClass('bar')}/@width`)
        .match(/[\d.]+/g)
        ?.map(Number) ?? [];
    expect(widths).toHaveLength(3);
    for (const width of widths) expect(width).toBeGreaterThan(1.5);
  });

  it('needs nothing from elsewhere: no script, link, font or picture', async () => {
    const svg = await renderSvg(buildGraph(monteCarlo(5)));
    expect(svg).not.toMatch(/<(script|a|image|use|foreignObject|link)\b|href|@import|@font-face|\bon\w+=|javascript:/);
    expect(svg.match(/https?:[^"]*/g)).toEqual(['http://www.w3.org/2000/svg']);
    expect(svg.match(/url\([^)]*\)/g)?.every((url) => url === 'url(#relval-graph-arrow)')).toBe(true);
  });

  it('takes any name as a name', async () => {
    const steps = HOSTILE.map((id) => ({ ...makeStep(makeStage(id), undefined, { inputFile: id }), id }));
    const svg = await renderSvg(buildGraph(makePlan(steps, { name: HOSTILE.join(' '), workflow: HOSTILE.join(' ') })));
    expect(count(svg, byClass('node'))).toBe(HOSTILE.length);
    expect(count(svg, '//*[name()="script"]')).toBe(0);
    for (const [n, id] of HOSTILE.entries()) {
      expect(xpath(svg, `string((${byClass('node')})[${n + 1}]/*[name()="title"])`)).toBe(
        printable(`${id}, ${id}`).trimEnd(),
      );
    }
  });

  it('refuses a graph that is too large to read, and gives advice', async () => {
    const graph = buildGraph(layered([{ name: 'a', steps: 2000 }]), { collapse: 'none' });
    await expect(renderSvg(graph)).rejects.toThrow(InputError);
    await expect(renderSvg(graph)).rejects.toThrow(/2000 nodes.*--collapse auto.*--format dot/);
  });

  it('draws a plan without steps as an empty page', async () => {
    expect(count(await renderSvg(buildGraph(makePlan([]))), byClass('node'))).toBe(0);
  });
});

/** Within 4 pixels. */
function isOnBorder(point: Point | undefined, box: Point & Size): boolean {
  if (!point) return false;
  const x = Math.abs(point.x - box.x) - box.width / 2;
  const y = Math.abs(point.y - box.y) - box.height / 2;
  return Math.abs(Math.max(x, y)) <= 4;
}

describe('the layout', () => {
  it('has each node at its own place, below the nodes it waits for, and edges that start and end at their nodes', async () => {
    const plan = layered([
      { name: 'reconstruct', steps: 12 },
      { name: 'calibrationOfSpacePoints', steps: 4, after: ['reconstruct'] },
      { name: 'merge', steps: 1, after: ['reconstruct'] },
      { name: 'many', steps: 40, after: ['merge', 'calibrationOfSpacePoints'] },
    ]);
    const graph = buildGraph(plan, { run: runOf(plan, () => 'succeeded') });
    const boxes = boxesOf(graph.nodes);
    const layout = await layOut(graph, boxes);
    const placed = layout.nodes.map((centre, n) => ({ width: 0, height: 0, ...boxes[n], ...centre }));
    for (const [n, a] of placed.entries()) {
      expect(a.x - a.width / 2).toBeGreaterThanOrEqual(-0.1);
      expect(a.x + a.width / 2).toBeLessThanOrEqual(layout.width + 0.1);
      for (const b of placed.slice(n + 1)) {
        const apart =
          Math.abs(a.x - b.x) >= (a.width + b.width) / 2 || Math.abs(a.y - b.y) >= (a.height + b.height) / 2;
        expect(apart).toBe(true);
      }
    }
    for (const [n, { from, to }] of graph.edges.entries()) {
      const { curve, tip } = layout.edges[n] ?? { curve: [] };
      const [source, target] = [placed[from], placed[to]];
      if (!source || !target) throw new Error('an edge without a node');
      expect(source.y).toBeLessThan(target.y);
      expect(curve.length % 3).toBe(1);
      expect(isOnBorder(curve[0], source)).toBe(true);
      expect(isOnBorder(tip ?? curve.at(-1), target)).toBe(true);
      expect(tip === undefined).toBe(graph.nodes[to]?.kind === 'join');
    }
  });

  it('keeps the steps of a stage in their order', async () => {
    const graph = buildGraph(monteCarlo(12));
    const layout = await layOut(graph, boxesOf(graph.nodes));
    const xs = layout.nodes.slice(0, 12).map(({ x }) => x);
    expect(xs).toEqual(xs.toSorted((a, b) => a - b));
  });
});

/** https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio */
function contrast(a: string, b: string): number {
  const luminance = (colour: string): number => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
      const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

describe.each(Object.entries({ LIGHT, DARK }))('the colours %s', (_, theme) => {
  it('can be read: a contrast of 4.5 or more, WCAG AA', () => {
    for (const state of ['plain', ...BY_URGENCY] as const) {
      const { fill, line } = theme[state];
      for (const [text, ground] of [
        [line, fill],
        [line, theme.plain.fill],
        [line, theme.page],
        [theme.text, fill],
      ] as const) {
        expect(contrast(text, ground), `${state}: ${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
      }
    }
    expect(contrast(theme.soft, theme.page)).toBeGreaterThanOrEqual(4.5);
  });
});
