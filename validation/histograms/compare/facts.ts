import type { Axis, Numbers } from '../model.ts';
import type { Facts } from '../result.ts';
import { edge, isLabelled } from './axes.ts';
import { binsAt, type Region } from './cells.ts';
import type { Groups } from './merge.ts';

const NAMES = ['x', 'y', 'z'];

/** Mean and width of two distributions along an axis with numbers, those of the reference first. */
export function momentsOf(axis: Axis, { first }: Region, own: Numbers, reference: Numbers): Facts {
  if (isLabelled(axis)) return {};
  const [a, b] = [moments(axis, first[0] as number, own), moments(axis, first[0] as number, reference)];
  if (!a || !b) return {};
  const unit = unitOf(axis.title);
  return { mean: [b.mean, a.mean], width: [b.width, a.width], ...(unit && { unit }) };
}

function moments(axis: Axis, first: number, content: Numbers): { mean: number; width: number } | undefined {
  let sum = 0;
  let sumX = 0;
  let sumX2 = 0;
  // Moments are taken about the middle of the axis, so that the subtraction of squares loses little precision.
  const origin = (axis.low + axis.high) / 2;
  let low = edge(axis, first - 1);
  for (let i = 0; i < content.length; i++) {
    const w = content[i] as number;
    const high = edge(axis, first + i);
    const x = (low + high) / 2 - origin;
    low = high;
    sum += w;
    sumX += w * x;
    sumX2 += w * x * x;
  }
  if (!(sum > 0)) return undefined;
  const mean = sumX / sum;
  return { mean: mean + origin, width: Math.sqrt(Math.max(0, sumX2 / sum - mean * mean)) };
}

/** `p_{T} (GeV/#it{c})` → `GeV/c`; also in square brackets. */
function unitOf(title: string): string | undefined {
  const unit = /[([]([^()[\]]{1,20})[)\]]\s*$/.exec(title)?.[1];
  return unit?.replace(/#(it|bf|rm)\{([^}]*)\}/g, '$2').trim();
}

/** The place of a group of cells: `x = 1 to 2`, or the texts of labelled bins. */
export function placeOf(axes: readonly Axis[], region: Region, { of }: Groups, group: number): string {
  // A group is a row of cells, or a box: its first and its last cell are opposite corners.
  const [low, high] = [binsAt(region, of.indexOf(group)), binsAt(region, of.lastIndexOf(group))];
  return axes.map((axis, i) => onAxis(axis, NAMES[i] as string, low[i] as number, high[i] as number)).join(', ');
}

function onAxis(axis: Axis, name: string, low: number, high: number): string {
  const { labels } = axis;
  if (labels) {
    const [from, to] = [labels.get(low) ?? `bin ${low}`, labels.get(high) ?? `bin ${high}`];
    return low === high ? `'${from}'` : `'${from}' to '${to}'`;
  }
  return `${name} = ${short(edge(axis, low - 1))} to ${short(edge(axis, high))}`;
}

/** Four digits are enough for people to compare. */
export function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
