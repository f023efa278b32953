import { plainTitle } from './latex.ts';
import type { MapPicture } from './picture.ts';
import { linearScale, numberText } from './scale.ts';
import { cut, pixel, type Scene, type Shape, textAt } from './shapes.ts';

const LEFT = 44;
const RIGHT = 8;
const TOP = 24;
const BOTTOM = 32;
/** The number of shades that people can distinguish. */
const LEVELS = 8;
/** Larger pulls have the strongest shade. */
const MOST_PULL = 5;

export const PANELS = ['reference', 'own', 'pull'] as const;
export type Panel = (typeof PANELS)[number];
const TITLES: Record<Panel, string> = { reference: 'Reference', own: 'This run', pull: 'Difference in σ' };

/** Draws one of the three maps. */
export function drawMap(picture: MapPicture, panel: Panel, width: number): Scene {
  const [ax, ay] = picture.axes as [MapPicture['axes'][number], MapPicture['axes'][number]];
  const plot = Math.round((width - LEFT - RIGHT) * 0.75);
  const [right, bottom] = [width - RIGHT, TOP + plot];
  const height = bottom + BOTTOM;
  const x = linearScale(ax.low, ax.high, LEFT, right, 70);
  const y = linearScale(ay.low, ay.high, bottom, TOP, 40);
  const values = picture[panel].map((value) => value ?? 0);
  const most = panel === 'pull' ? MOST_PULL : Math.max(...picture.own.map(Number), ...picture.reference.map(Number), 0);
  const [wide, high] = [(right - LEFT) / ax.cells, plot / ay.cells];
  const levels = new Map<string, string[]>();
  for (const [index, value] of values.entries()) {
    if (value === 0 || most === 0) continue;
    // The shade of a count goes with its square root, so that a cell with a hundredth of the maximum is visible.
    const share = Math.min(1, Math.abs(value) / most) ** (panel === 'pull' ? 1 : 0.5);
    const level = Math.ceil(share * LEVELS);
    if (level === 0) continue;
    const key = `${panel === 'pull' ? (value > 0 ? 'more' : 'less') : 'cell'} ${level}`;
    const [column, row] = [index % ax.cells, Math.floor(index / ax.cells)];
    const d = `M${pixel(LEFT + column * wide)} ${pixel(bottom - (row + 1) * high)}h${pixel(wide)}v${pixel(high)}h${pixel(-wide)}z`;
    const group = levels.get(key);
    if (group) group.push(d);
    else levels.set(key, [d]);
  }
  const shapes: Shape[] = [...levels].map(([key, paths]) => {
    const [className = '', level] = key.split(' ');
    return {
      tag: 'path',
      attributes: { class: className, 'fill-opacity': pixel(Number(level) / LEVELS), d: paths.join('') },
    };
  });
  const text = (
    content: string,
    left: number,
    top: number,
    anchor: 'start' | 'end' | 'middle',
    className = 'tick',
  ): void => {
    shapes.push(textAt(content, left, top, anchor, className));
  };
  shapes.push({ tag: 'path', attributes: { class: 'axis', d: `M${LEFT} ${TOP}V${bottom}H${right}` } });
  for (const tick of x.ticks) text(numberText(tick), Math.min(x.at(tick), right - 8), bottom + 14, 'middle');
  for (const tick of y.ticks) text(numberText(tick), LEFT - 5, y.at(tick) + 4, 'end');
  text(TITLES[panel], LEFT, 15, 'start', 'map-title');
  text(cut(plainTitle(ax.title), 30), right, height - 4, 'end');
  return {
    width,
    height,
    shapes,
    label: `${TITLES[panel]}, as a map: ${plainTitle(ax.title)} against ${plainTitle(ay.title)}`,
  };
}

/** The cell at a place of a map, given as shares of its width and height; undefined beside it. */
export function cellAt({ axes }: MapPicture, width: number, left: number, top: number): number | undefined {
  const [ax, ay] = axes as [MapPicture['axes'][number], MapPicture['axes'][number]];
  const plot = Math.round((width - LEFT - RIGHT) * 0.75);
  const column = Math.floor(((left * width - LEFT) / (width - RIGHT - LEFT)) * ax.cells);
  const row = Math.floor(((TOP + plot - top * (plot + TOP + BOTTOM)) / plot) * ay.cells);
  if (column < 0 || column >= ax.cells || row < 0 || row >= ay.cells) return undefined;
  return column + ax.cells * row;
}

/** `0 to 1, 2 to 3: reference 12.1, this run 15, +0.6 σ` */
export function cellText({ axes, own, reference, pull }: MapPicture, cell: number): string {
  const [ax, ay] = axes as [MapPicture['axes'][number], MapPicture['axes'][number]];
  const range = ({ low, high, cells }: typeof ax, index: number): string => {
    const width = (high - low) / cells;
    return `${numberText(low + index * width)} to ${numberText(low + (index + 1) * width)}`;
  };
  const difference = pull[cell] ?? 0;
  return `${range(ax, cell % ax.cells)}, ${range(ay, Math.floor(cell / ax.cells))}: reference ${numberText(reference[cell] ?? 0)}, this run ${numberText(own[cell] ?? 0)}, ${difference > 0 ? '+' : ''}${difference.toFixed(1)} σ`;
}
