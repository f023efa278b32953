import type { Axis, FoundObject, Numbers, Quantity } from '../model.ts';
import type { Drawing, DrawnAxis } from '../result.ts';

/** Cells of a drawing; of larger histograms none is made. */
const MOST_CELLS = 250_000;

/** What a picture of an object needs, as plain numbers; undefined where there is none, or it is too large. */
export function drawingOf(object: FoundObject | undefined): Drawing | undefined {
  if (!object || !('quantity' in object.what)) return undefined;
  const { quantity } = object.what;
  if (quantity.kind === 'points') {
    const { at, value, error2 } = quantity;
    if (value.length > MOST_CELLS) return undefined;
    return {
      kind: 'points',
      at: at.map((places) => Array.from(places)),
      content: Array.from(value),
      error: roots(error2),
    };
  }
  const { content, error } = cellsOf(quantity);
  if (content.length > MOST_CELLS) return undefined;
  return { kind: quantity.kind, axes: quantity.axes.map(drawnAxis), content, error };
}

/** Contents and errors of all cells: of a profile its means, of an efficiency what passed of what was tried. */
function cellsOf(quantity: Exclude<Quantity, { kind: 'points' }>): { content: number[]; error: number[] } {
  if (quantity.kind === 'counts') {
    const content = Array.from(quantity.content);
    const { sumw2, weight = 1 } = quantity;
    return { content, error: roots(sumw2 ?? content.map((value) => Math.abs(value) * weight)) };
  }
  if (quantity.kind === 'profile') {
    const { sumW, sumWY, sumWY2, sumW2 = sumW } = quantity;
    const content = Array.from(sumW, (w, i) => (w === 0 ? 0 : (sumWY[i] as number) / w));
    const error = content.map((mean, i) => {
      const w = sumW[i] as number;
      const entries = (sumW2[i] as number) > 0 ? (w * w) / (sumW2[i] as number) : 0;
      return entries > 0 ? Math.sqrt(Math.abs((sumWY2[i] as number) / w - mean * mean) / entries) : 0;
    });
    return { content, error };
  }
  const tried = quantity.total.content;
  const content = Array.from(quantity.passed.content, (passed, i) =>
    (tried[i] as number) > 0 ? passed / (tried[i] as number) : 0,
  );
  const error = content.map((rate, i) =>
    (tried[i] as number) > 0 ? Math.sqrt((rate * (1 - rate)) / (tried[i] as number)) : 0,
  );
  return { content, error };
}

function drawnAxis({ bins, low, high, edges, labels, title }: Axis): DrawnAxis {
  return {
    bins,
    low,
    high,
    title,
    ...(edges && { edges: Array.from(edges) }),
    ...(labels && { labels: Object.fromEntries(labels) }),
  };
}

function roots(squares: Numbers): number[] {
  return Array.from(squares, (square) => Math.sqrt(Math.abs(square)));
}
