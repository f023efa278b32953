import { markup } from '../report/printable.ts';
import { counted } from '../units/count.ts';
import { directionFor } from './direction.ts';
import { type Layout, layOut, type Point, type Size } from './layout.ts';
import type { Graph } from './model.ts';
import { type Box, boxesOf, CHARACTER, nodeText, round, widthOf } from './nodes.ts';
import { STYLE } from './style.ts';
import { describeGraph, stateLines } from './words.ts';

const MARGIN = 20;
const ARROW =
  '<defs><marker id="relval-graph-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" ' +
  'markerUnits="userSpaceOnUse" orient="auto"><path class="arrow" d="M0 .5 8 4 0 7.5z"/></marker></defs>';

/** The place for which a drawing is made. */
export interface DrawnFor {
  /** A wide page: later steps are at the right, if that suits the graph. Else they are below. */
  wide?: boolean;
  /** A page that shows name and states itself. */
  bare?: boolean;
}

/**
 * The graph as an SVG without scripts, fonts and links. It follows the viewer's choice of light and
 * dark, and contains a description in words.
 * @throws {InputError} when it is too large
 */
export async function renderSvg(graph: Graph, { wide = false, bare = false }: DrawnFor = {}): Promise<string> {
  const boxes = boxesOf(graph.nodes);
  const layout = await layOut(graph, boxes, wide ? directionFor(graph, boxes) : 'down');
  const head = bare ? { text: '', width: 0, height: 0 } : headOf(graph);
  const width = Math.ceil(Math.max(layout.width, head.width) + 2 * MARGIN);
  const top = MARGIN + head.height;
  const height = Math.ceil(top + layout.height + MARGIN);
  const size = `width="${width}" height="${height}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="relval-graph" ${size} viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="relval-graph-title relval-graph-text">`,
    `<title id="relval-graph-title">${markup(graph.name)}</title>`,
    `<desc id="relval-graph-text">${markup(describeGraph(graph))}</desc>`,
    `<style>${STYLE}</style>`,
    ARROW,
    `<rect class="page" ${size}/>`,
    `<g transform="translate(${MARGIN} ${MARGIN})">${head.text}</g>`,
    `<g transform="translate(${round((width - layout.width) / 2)} ${top})">`,
    ...layout.phases.map(phaseText),
    ...layout.edges.map(edgeText),
    ...graph.nodes.map((node, n) => nodeText(node, boxes[n] as Box, layout.nodes[n] as Point)),
    '</g>',
    '</svg>\n',
  ].join('\n');
}

/** Name, size, and for a run the meaning of the colours. */
function headOf(graph: Graph): Size & { text: string } {
  const about = `workflow ${graph.workflow}, ${counted(graph.steps, 'step')} of ${counted(graph.stages, 'stage')}`;
  const parts = [
    `<text class="head" y="13">${markup(graph.name)}</text>`,
    `<text class="soft" y="33">${markup(about)}</text>`,
  ];
  let x = 0;
  for (const { state, text } of graph.states ? stateLines(graph.states) : []) {
    const width = text.length * CHARACTER.other + 16;
    const pill = `<rect class="box" x="${x}" y="44" width="${width}" height="22" rx="11"/>`;
    parts.push(`<g class="${state}">${pill}<text class="state" x="${x + width / 2}" y="59">${text}</text></g>`);
    x += width + 8;
  }
  const widths = [widthOf(graph.name, 1.3 * CHARACTER.name), widthOf(about, CHARACTER.other), x];
  return { text: parts.join(''), width: Math.max(...widths), height: graph.states ? 86 : 52 };
}

function phaseText({ x, y, width, height }: Layout['phases'][number], phase: number): string {
  const frame = `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="10"/>`;
  return `<g class="phase">${frame}<text x="${round(x + 12)}" y="${round(y + 19)}">phase ${phase}</text></g>`;
}

function edgeText({ curve, tip }: Layout['edges'][number]): string {
  const [start, ...rest] = curve.map(({ x, y }) => `${round(x)} ${round(y)}`);
  const end = tip ? `L${round(tip.x)} ${round(tip.y)}` : '';
  return `<path class="edge" d="M${start}C${rest.join(' ')}${end}"${tip ? ' marker-end="url(#relval-graph-arrow)"' : ''}/>`;
}
