import type { Axis, Efficiency, FoundObject, Numbers, Points, Profile, Quantity } from '../model.ts';
import type { LinePicture, MapPicture, Picture } from '../show/picture.ts';

/** More bins than a picture has pixels would only make the report larger. */
const MOST_BINS = 400;
/** The largest number of cells of a map along each axis: the screen of a phone shows no more. */
const MOST_CELLS = 32;
/** The number of digits of a value: a picture shows no more. */
const DIGITS = 6;
const EXACT = 1e6;

/** Contents and errors of cells or points. Without errors, the errors are the square roots of the contents. */
interface Contents {
  content: Numbers;
  error?: Numbers;
}

/** The picture of an object and its reference. Undefined if it has more than two axes, or other axes than the reference. */
export function pictureOf(own: FoundObject | undefined, reference: FoundObject | undefined): Picture | undefined {
  if (!own || !reference || !('quantity' in own.what) || !('quantity' in reference.what)) return undefined;
  const [a, b] = [own.what.quantity, reference.what.quantity];
  if (a.kind === 'points') return b.kind === 'points' ? graph(a, b) : undefined;
  if (b.kind === 'points' || a.kind !== b.kind) return undefined;
  const [x, y, z] = a.axes;
  const bins = ({ axes }: typeof a): string => axes.map((axis) => axis.bins).join();
  if (!x || z || bins(a) !== bins(b)) return undefined;
  const [one, two] = [contentsOf(a), contentsOf(b)];
  const scale = a.kind === 'counts' ? scaleOf(one.content, two.content) : 1;
  if (y) return map(one, two, [x, y], scale, a.kind !== 'counts');
  return x.bins > MOST_BINS ? undefined : line(one, two, x, scale);
}

/** The factor that scales the reference to the sum of the new histogram. */
function scaleOf(own: Numbers, reference: Numbers): number {
  const [a, b] = [sum(own), sum(reference)];
  return a > 0 && b > 0 && a !== b ? a / b : 1;
}

function line(own: Contents, reference: Contents, axis: Axis, scale: number): LinePicture {
  const { labels, edges, bins, low, high, title } = axis;
  const inner = (values: Numbers): number[] => Array.from({ length: bins }, (_, index) => short(values[index + 1]));
  return {
    title,
    edges: edges ? Array.from(edges, short) : [short(low), short(high)],
    ...(labels && { labels: Array.from({ length: bins }, (_, index) => labels.get(index + 1) ?? '') }),
    own: inner(own.content),
    ...(own.error && { ownError: inner(own.error) }),
    reference: inner(reference.content),
    ...(reference.error && { referenceError: inner(reference.error) }),
    scale: short(scale),
  };
}

/** Draws a graph as a histogram: each point becomes a bin around it, from left to right. */
function graph(own: Points, reference: Points): LinePicture | undefined {
  const [places = [], ...more] = own.at;
  const count = places.length;
  if (count === 0 || count > MOST_BINS || more.length > 0 || reference.value.length !== count) return undefined;
  const order = Array.from({ length: count }, (_, index) => index).sort(
    (a, b) => (places[a] as number) - (places[b] as number),
  );
  const x = order.map((index) => places[index] as number);
  const [first, last] = [x[0] as number, x.at(-1) as number];
  const half = (count > 1 && (last - first) / (count - 1) / 2) || 0.5;
  const between = x.slice(1).map((value, index) => (value + (x[index] as number)) / 2);
  const edges = [first - half, ...between, last + half].map(short);
  if (!edges.every(Number.isFinite)) return undefined;
  const sorted = (values: Numbers): number[] => order.map((index) => short(values[index]));
  const roots = (values: Numbers): number[] => order.map((index) => short(Math.sqrt(values[index] ?? 0)));
  return {
    title: '',
    edges,
    own: sorted(own.value),
    ownError: roots(own.error2),
    reference: sorted(reference.value),
    referenceError: roots(reference.error2),
    scale: 1,
  };
}

/** @param isMean whether contents are averaged instead of added */
function map(own: Contents, reference: Contents, axes: [Axis, Axis], scale: number, isMean: boolean): MapPicture {
  const [x, y] = axes;
  const cells: [number, number] = [Math.min(MOST_CELLS, x.bins), Math.min(MOST_CELLS, y.bins)];
  const [a, b] = [inBoxes(own, axes, cells, isMean), inBoxes(reference, axes, cells, isMean)];
  const pull = Array.from(a.content, (value, box) => {
    const sigma = Math.sqrt((a.variance[box] as number) + scale * scale * (b.variance[box] as number));
    return sigma > 0 ? Math.round((100 * (value - scale * (b.content[box] as number))) / sigma) / 100 : 0;
  });
  const drawn = ({ title, low, high }: Axis, count: number) => ({
    ...{ title, low: short(low), high: short(high), cells: count },
  });
  return {
    axes: [drawn(x, cells[0]), drawn(y, cells[1])],
    own: Array.from(a.content, short),
    reference: Array.from(b.content, (value) => short(value * scale)),
    pull,
  };
}

function inBoxes(
  { content, error }: Contents,
  [x, y]: [Axis, Axis],
  [nx, ny]: [number, number],
  isMean: boolean,
): { content: Float64Array; variance: Float64Array } {
  const out = { content: new Float64Array(nx * ny), variance: new Float64Array(nx * ny) };
  const filled = new Float64Array(nx * ny);
  const columns = Int32Array.from({ length: x.bins }, (_, i) => Math.floor((i * nx) / x.bins));
  for (let j = 0; j < y.bins; j++) {
    const row = nx * Math.floor((j * ny) / y.bins);
    let cell = (x.bins + 2) * (j + 1);
    for (let i = 0; i < x.bins; i++) {
      cell++;
      const value = content[cell] as number;
      if (value === 0 && !error) continue;
      const variance = error ? (error[cell] as number) ** 2 : Math.abs(value);
      if (value === 0 && variance === 0) continue;
      const box = row + (columns[i] as number);
      out.content[box] = (out.content[box] as number) + value;
      out.variance[box] = (out.variance[box] as number) + variance;
      filled[box] = (filled[box] as number) + 1;
    }
  }
  for (let box = 0; isMean && box < filled.length; box++) {
    const count = Math.max(1, filled[box] as number);
    out.content[box] = (out.content[box] as number) / count;
    out.variance[box] = (out.variance[box] as number) / count ** 2;
  }
  return out;
}

/** The drawn values: the means of a profile, the rates of an efficiency, the contents of a histogram. */
function contentsOf(quantity: Exclude<Quantity, Points>): Contents {
  if (quantity.kind === 'profile') return means(quantity);
  if (quantity.kind === 'efficiency') return rates(quantity);
  const { content, sumw2, weight } = quantity;
  if (sumw2) return { content, error: Float64Array.from(sumw2, (square) => Math.sqrt(Math.abs(square))) };
  if (weight === undefined) return { content };
  return { content, error: Float64Array.from(content, (value) => Math.sqrt(Math.abs(value) * weight)) };
}

function means({ sumW, sumWY, sumWY2, sumW2 = sumW }: Profile): Contents {
  const content = Float64Array.from(sumW, (w, i) => (w === 0 ? 0 : (sumWY[i] as number) / w));
  const error = content.map((mean, i) => {
    const w = sumW[i] as number;
    const entries = (sumW2[i] as number) > 0 ? (w * w) / (sumW2[i] as number) : 0;
    return entries > 0 ? Math.sqrt(Math.abs((sumWY2[i] as number) / w - mean * mean) / entries) : 0;
  });
  return { content, error };
}

function rates({ passed, total }: Efficiency): Contents {
  const tried = total.content;
  const content = Float64Array.from(passed.content, (value, i) => {
    return (tried[i] as number) > 0 ? value / (tried[i] as number) : 0;
  });
  const error = content.map((rate, i) => {
    return (tried[i] as number) > 0 ? Math.sqrt(Math.max(0, rate * (1 - rate)) / (tried[i] as number)) : 0;
  });
  return { content, error };
}

function sum(values: Numbers): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i] as number;
  return total;
}

/** Rounds a value. Counts stay as they are, because turning many numbers into text is slow. */
function short(value: number | undefined): number {
  if (value === undefined) return 0;
  if (Number.isInteger(value) && value < EXACT && value > -EXACT) return value;
  return Number(value.toPrecision(DIGITS));
}
