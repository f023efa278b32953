import type { Axis, Numbers } from '../model.ts';

/** Edges may differ by this share of a bin's width: more than the rounding of single precision. */
const TOLERANCE = 1e-6;

/** For each cell of an axis (flow cells too): the cell on the common axis. */
type CellMap = Int32Array;

/**
 * How two sets of axes match.
 * - `same`: the cells are the same
 * - `axes`: the axes match by the texts of labels: common axes, and the place of each cell on them
 * - `differs`: the axes do not match, and why
 */
export type Alignment =
  | { same: true }
  | { axes: Axis[]; first: CellMap[]; second: CellMap[]; note: string }
  | { differs: string };

const NAMES = ['x', 'y', 'z'];

export function align(first: readonly Axis[], second: readonly Axis[]): Alignment {
  if (first.length !== second.length) {
    return { differs: `the reference has ${second.length} dimensions, the new one has ${first.length}` };
  }
  const fits: (ByLabels | undefined)[] = [];
  for (const [index, a] of first.entries()) {
    const b = second[index] as Axis;
    const byText = a.labels && b.labels && !sameLabels(a, b) ? byLabels(a, b) : undefined;
    const difference = byText ? undefined : edgesDiffer(a, b);
    if (difference !== undefined) return { differs: `${NAMES[index]} axis: ${difference}` };
    fits.push(byText);
  }
  if (fits.every((fit) => fit === undefined)) return { same: true };
  return {
    axes: first.map((axis, i) => fits[i]?.axis ?? axis),
    first: first.map((axis, i) => fits[i]?.first ?? identity(axis.bins)),
    second: second.map((axis, i) => fits[i]?.second ?? identity(axis.bins)),
    note: fits.flatMap((fit) => fit?.note ?? []).join('; '),
  };
}

/** The lower edge of bin number `i + 1`; `i` goes up to the number of bins. */
export function edge({ low, high, bins, edges }: Axis, i: number): number {
  return edges ? (edges[i] as number) : low + ((high - low) * i) / bins;
}

/** Whether the bins of an axis have labels: then their order has no meaning. */
export function isLabelled({ labels }: Axis): boolean {
  return labels !== undefined;
}

function edgesDiffer(a: Axis, b: Axis): string | undefined {
  if (a.bins !== b.bins) return `${b.bins} bins became ${a.bins}`;
  const steps = a.edges || b.edges ? a.bins : 1;
  for (let step = 0; step <= steps; step++) {
    const i = steps === 1 ? step * a.bins : step;
    const width = edge(a, Math.min(i + 1, a.bins)) - edge(a, Math.min(i + 1, a.bins) - 1);
    const [x, y] = [edge(b, i), edge(a, i)];
    if (!(Math.abs(x - y) <= TOLERANCE * Math.abs(width))) return `the edge at ${x} became ${y}`;
  }
  return undefined;
}

function sameLabels(a: Axis, b: Axis): boolean {
  return (
    a.bins === b.bins &&
    a.labels?.size === b.labels?.size &&
    [...(a.labels ?? [])].every(([bin, text]) => b.labels?.get(bin) === text)
  );
}

interface ByLabels {
  axis: Axis;
  first: CellMap;
  second: CellMap;
  note: string;
}

/** Bins with the same text become one bin. Bins without a text follow, in their order. */
function byLabels(a: Axis, b: Axis): ByLabels | undefined {
  const places = new Map<string, number>();
  const labels = new Map<number, string>();
  for (const axis of [a, b]) {
    const texts = new Set(axis.labels?.values());
    // A text that occurs twice does not identify a bin.
    if (texts.size !== axis.labels?.size) return undefined;
    for (let bin = 1; bin <= axis.bins; bin++) {
      const text = axis.labels.get(bin);
      if (text === undefined || places.has(text)) continue;
      places.set(text, places.size + 1);
      labels.set(places.size, text);
    }
  }
  const blank = Math.max(a.bins - (a.labels?.size ?? 0), b.bins - (b.labels?.size ?? 0));
  const bins = places.size + blank;
  const mapOf = (axis: Axis): CellMap => {
    const map = new Int32Array(axis.bins + 2);
    let next = places.size + 1;
    for (let bin = 1; bin <= axis.bins; bin++) {
      const text = axis.labels?.get(bin);
      map[bin] = text === undefined ? next++ : (places.get(text) as number);
    }
    map[axis.bins + 1] = bins + 1;
    return map;
  };
  const only = (one: Axis, other: Axis): number => {
    const texts = new Set(other.labels?.values());
    return [...(one.labels?.values() ?? [])].filter((text) => !texts.has(text)).length;
  };
  const [onlyNew, onlyReference] = [only(a, b), only(b, a)];
  const note =
    onlyNew + onlyReference > 0
      ? `bins were matched by their labels; ${onlyNew} only here, ${onlyReference} only in the reference`
      : 'bins were matched by their labels';
  return { axis: { bins, low: 0, high: bins, labels, title: a.title }, first: mapOf(a), second: mapOf(b), note };
}

function identity(bins: number): CellMap {
  return Int32Array.from({ length: bins + 2 }, (_, i) => i);
}

/** Moves cells to their places on the common axes. */
export function remap(
  cells: Numbers,
  from: readonly Axis[],
  maps: readonly CellMap[],
  to: readonly Axis[],
): Float64Array {
  const [nx, ny, nz] = [0, 1, 2].map((i) => (from[i]?.bins ?? -1) + 2) as [number, number, number];
  const [tx, ty] = [0, 1].map((i) => (to[i]?.bins ?? -1) + 2) as [number, number];
  const [mx, my, mz] = maps;
  const out = new Float64Array(to.reduce((product, { bins }) => product * (bins + 2), 1));
  let at = 0;
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      const row = tx * ((my?.[y] ?? 0) + ty * (mz?.[z] ?? 0));
      for (let x = 0; x < nx; x++) {
        const target = row + (mx?.[x] ?? 0);
        out[target] = (out[target] as number) + (cells[at++] as number);
      }
    }
  }
  return out;
}
