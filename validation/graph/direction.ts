import type { Size } from './layout.ts';
import type { Graph } from './model.ts';

/** Where later steps are drawn. */
export type Direction = 'down' | 'right';

/** The room that a wide page has for a drawing, pixels. */
const ROOM: Size = { width: 1200, height: 640 };
/** The spaces between two nodes: in the direction of the drawing, and across it. Pixels. */
const GAP = { along: 36, across: 16 };
/** Text that is smaller than this share of its size is hard to read. */
const LEGIBLE = 0.75;

/**
 * The direction that suits a wide page: to the right if the drawing is larger then, or if it is deeper than broad and still
 * legible. The sizes of both drawings are estimated, because a layout takes much longer.
 * @param sizes of the nodes
 */
export function directionFor(graph: Graph, sizes: readonly Size[]): Direction {
  const ranks = ranksOf(graph);
  const [down, right] = [scaleOf(downSize(ranks, sizes)), scaleOf(rightSize(ranks, sizes))];
  const breadth = Math.max(0, ...ranks.map((rank) => rank.length));
  if (right > down) return 'right';
  return ranks.length > breadth && right >= LEGIBLE ? 'right' : 'down';
}

/** The nodes at each distance from the beginning. Joins take no place of their own. */
function ranksOf({ nodes, edges }: Graph): number[][] {
  const waits = nodes.map(() => 0);
  const next = nodes.map((): number[] => []);
  for (const { from, to } of edges) {
    waits[to] = (waits[to] ?? 0) + 1;
    next[from]?.push(to);
  }
  const rank = nodes.map(() => 0);
  const ready = [...nodes.keys()].filter((n) => waits[n] === 0);
  const ranks: number[][] = [];
  for (let n = ready.pop(); n !== undefined; n = ready.pop()) {
    const isJoin = nodes[n]?.kind === 'join';
    const at = rank[n] ?? 0;
    if (!isJoin) {
      ranks[at] ??= [];
      ranks[at].push(n);
    }
    for (const to of next[n] ?? []) {
      rank[to] = Math.max(rank[to] ?? 0, isJoin ? at : at + 1);
      waits[to] = (waits[to] ?? 0) - 1;
      if (waits[to] === 0) ready.push(to);
    }
  }
  return Array.from(ranks, (own) => own ?? []);
}

function downSize(ranks: readonly number[][], sizes: readonly Size[]): Size {
  return {
    width: longest(ranks.map((own) => sum(own.map((n) => (sizes[n]?.width ?? 0) + GAP.across)))),
    height: sum(ranks.map((own) => longest(own.map((n) => sizes[n]?.height ?? 0)) + GAP.along)),
  };
}

function rightSize(ranks: readonly number[][], sizes: readonly Size[]): Size {
  return {
    width: sum(ranks.map((own) => longest(own.map((n) => sizes[n]?.width ?? 0)) + GAP.along)),
    height: longest(ranks.map((own) => sum(own.map((n) => (sizes[n]?.height ?? 0) + GAP.across)))),
  };
}

/** The factor by which a drawing is shown smaller, so that it fits. */
function scaleOf({ width, height }: Size): number {
  return Math.min(1, ROOM.width / width, ROOM.height / height);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function longest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}
