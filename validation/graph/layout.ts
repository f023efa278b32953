import { InputError } from '../input/input-error.ts';
import type { Direction } from './direction.ts';
import type { Graph, GraphNode } from './model.ts';

/** A size in pixels. */
export interface Size {
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

/** The places of everything; pixels from the upper left corner. */
export interface Layout extends Size {
  /** The centre of each node. */
  nodes: Point[];
  /** For each edge, the control points of its cubic Bézier curves, 1 + 3n, and the tip of its arrow. */
  edges: { curve: Point[]; tip?: Point }[];
  /** The frame of each phase, if there are several. */
  phases: (Point & Size)[];
}

/** Most nodes in a drawing. The time grows with the square of their number, and nobody can read more. */
const MOST = 1500;
/** Graphviz counts in inches of 72 points; one point is one pixel here. */
const INCH = 72;

/**
 * Lays a graph out.
 * @param direction where later steps are
 * @throws {InputError} when it is too large
 */
export async function layOut(graph: Graph, sizes: readonly Size[], direction: Direction = 'down'): Promise<Layout> {
  if (graph.nodes.length > MOST) {
    const message =
      `${graph.nodes.length} nodes are too many for a drawing, the limit is ${MOST}. Collapse the stages with --collapse auto, ` +
      'or use --format dot and another drawing program';
    throw new InputError([{ message }]);
  }
  // Loaded here, so that other commands need not wait for it.
  const { Graphviz } = await import('@hpcc-js/wasm-graphviz');
  const graphviz = await Graphviz.load();
  const drawn = JSON.parse(graphviz.layout(bareDot(graph, sizes, direction), 'json', 'dot')) as Drawn;
  return fromGraphviz(graph, drawn);
}

/** Contains only numbers and sizes, so no name needs to be escaped. */
function bareDot(graph: Graph, sizes: readonly Size[], direction: Direction): string {
  const lines = [
    'digraph {',
    `graph [rankdir=${direction === 'right' ? 'LR' : 'TB'}, ranksep=0.5, nodesep=0.22];`,
    'node [shape=box, fixedsize=true, label=""]; edge [arrowsize=0.8];',
  ];
  const place = (node: GraphNode, n: number): string => {
    const { width, height } = sizes[n] as Size;
    return `n${n} [width=${width / INCH}, height=${height / INCH}${node.kind === 'join' ? ', shape=circle' : ''}];`;
  };
  for (let phase = 0; phase < graph.phases; phase++) {
    // A blank label reserves the space for our own label.
    if (graph.phases > 1) lines.push(`subgraph cluster_${phase} { label=" "; fontsize=12; margin=14;`);
    for (const [n, node] of graph.nodes.entries()) if (node.phase === phase) lines.push(place(node, n));
    if (graph.phases > 1) lines.push('}');
  }
  for (const [n, { from, to }] of graph.edges.entries()) {
    const join = graph.nodes[to]?.kind === 'join';
    lines.push(`n${from} -> n${to} [id=${n}${join ? ', arrowhead=none' : ''}];`);
  }
  return `${lines.join('\n')}\n}`;
}

/** The parts of Graphviz' format `json` (https://graphviz.org/docs/outputs/json/) that are used here. */
interface Drawn {
  bb: string;
  objects?: { name: string; pos?: string; bb?: string }[];
  edges?: { id: string; pos: string }[];
}

/** Graphviz counts y from the bottom. */
function fromGraphviz(graph: Graph, drawn: Drawn): Layout {
  const [, , width = 0, height = 0] = drawn.bb.split(',').map(Number);
  const point = (text: string): Point => {
    const [x = 0, y = 0] = text.split(',').map(Number);
    return { x, y: height - y };
  };
  const layout: Layout = {
    width,
    height,
    nodes: graph.nodes.map(() => ({ x: 0, y: 0 })),
    edges: graph.edges.map(() => ({ curve: [] })),
    phases: [],
  };
  for (const { name, pos, bb } of drawn.objects ?? []) {
    if (pos !== undefined) layout.nodes[Number(name.slice(1))] = point(pos);
    else if (bb !== undefined) {
      const [left = 0, bottom = 0, right = 0, top = 0] = bb.split(',').map(Number);
      const phase = Number(name.slice('cluster_'.length));
      layout.phases[phase] = { x: left, y: height - top, width: right - left, height: top - bottom };
    }
  }
  for (const { id, pos } of drawn.edges ?? []) {
    const parts = pos.split(' ');
    const tip = parts.find((part) => part.startsWith('e,'));
    const curve = parts.filter((part) => !/^[es],/.test(part)).map(point);
    layout.edges[Number(id)] = { curve, ...(tip !== undefined && { tip: point(tip.slice(2)) }) };
  }
  return layout;
}
