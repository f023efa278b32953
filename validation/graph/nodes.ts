import { markup } from '../report/printable.ts';
import type { Point, Size } from './layout.ts';
import type { GraphNode } from './model.ts';
import { stateOf } from './states.ts';
import { type Line, labelOf, stateLines, tooltipOf } from './words.ts';

/** A node with its text, in pixels. */
export interface Box extends Size {
  lines: Line[];
}

const LINE = 16;
const PADDING = { x: 12, y: 8 };
const NARROWEST = 80;
/** Height of the bar below the text of a stage, and the space that it needs. */
const BAR = { height: 5, room: 9 };
/** How far the second card of a stage shows behind the first. */
const STACK = 4;
const JOIN = 7;
/** Width of a character of the name, and of other text. They are those of a wide font, because the viewer's font is unknown. */
export const CHARACTER = { name: 8.6, other: 7 };

/** Width of a text in pixels; ideographs and pictures count as two characters. */
export function widthOf(text: string, character: number): number {
  return [...text].reduce((sum, one) => sum + (one > '\u2e7f' ? 2 : 1), 0) * character;
}

/** The size of each node. All steps of a stage have the same width, so that they are aligned. */
export function boxesOf(nodes: readonly GraphNode[]): Box[] {
  const widest = new Map<string, number>();
  const boxes = nodes.map((node): Box => {
    if (node.kind === 'join') return { lines: [], width: JOIN, height: JOIN };
    const lines = labelOf(node);
    const widths = lines.map(({ text }, n) => widthOf(text, n === 0 ? CHARACTER.name : CHARACTER.other));
    const width = Math.ceil(Math.max(NARROWEST, ...widths)) + 2 * PADDING.x;
    const height = lines.length * LINE + 2 * PADDING.y;
    if (node.kind === 'stage') {
      return { lines, width: width + STACK, height: height + STACK + (node.states ? BAR.room : 0) };
    }
    widest.set(node.stage, Math.max(widest.get(node.stage) ?? 0, width));
    return { lines, width, height };
  });
  return boxes.map((box, n) => {
    const { kind, stage } = nodes[n] as GraphNode;
    return kind === 'step' ? { ...box, width: widest.get(stage) ?? box.width } : box;
  });
}

/** A node around its centre, as SVG. */
export function nodeText(node: GraphNode, box: Box, centre: Point): string {
  const corner = `translate(${round(centre.x - box.width / 2)} ${round(centre.y - box.height / 2)})`;
  if (node.kind === 'join')
    return `<circle class="join" cx="${round(centre.x)}" cy="${round(centre.y)}" r="${JOIN / 2}"/>`;
  const behind = node.kind === 'stage' ? STACK : 0;
  const width = box.width - behind;
  const height = box.height - behind;
  const card = (offset: number): string =>
    `<rect class="box" x="${offset}" y="${offset}" width="${width}" height="${height}" rx="6"/>`;
  const lines = box.lines.map(({ text, state }, n) => {
    const at = `x="${width / 2}" y="${PADDING.y + n * LINE + 12}"`;
    const line = `<text class="${n === 0 ? 'name' : state ? 'state' : 'soft'}" ${at}>${markup(text)}</text>`;
    return state ? `<g class="${state}">${line}</g>` : line;
  });
  // The page turns them into links.
  const step = node.kind === 'step' ? ` data-step="${markup(node.name)}"` : '';
  const named = `${step} data-stage="${markup(node.stage)}"`;
  return [
    `<g class="node ${node.kind} ${stateOf(node)}${(node.states?.size ?? 0) > 1 ? ' mixed' : ''}" transform="${corner}"${named}>`,
    `<title>${markup(tooltipOf(node))}</title>`,
    behind > 0 ? card(behind) : '',
    card(0),
    ...lines,
    node.kind === 'stage' ? barText(node, width, height) : '',
    '</g>',
  ].join('');
}

/** How many steps of a stage are in each state. Each state gets two pixels at least. */
function barText({ states, steps }: GraphNode, width: number, height: number): string {
  if (!states) return '';
  const room = width - 2 * PADDING.x;
  const parts = stateLines(states).map(({ state }) => {
    return { state, share: Math.max((states.get(state) ?? 0) / steps, 2 / room) };
  });
  const sum = parts.reduce((total, { share }) => total + share, 0);
  const y = height - PADDING.y - BAR.height;
  let x = PADDING.x;
  return parts
    .map(({ state, share }) => {
      const part = (share / sum) * room;
      x += part;
      return `<rect class="bar ${state}" x="${round(x - part)}" y="${y}" width="${round(part)}" height="${BAR.height}"/>`;
    })
    .join('');
}

/** Rounds to tenths of a pixel. */
export function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}
