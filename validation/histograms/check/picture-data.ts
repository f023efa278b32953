import type { JudgedObject } from '../compare/judge.ts';
import { type CompareOptions, compareFiles } from '../compare-files.ts';
import type { Drawing, DrawnAxis } from '../result.ts';
import type { LinePicture, MapPicture, Picture } from './details.ts';

/** More bins than a picture has pixels make only the report larger. */
const MOST_BINS = 400;
/** Cells of a map along each axis: a phone shows no more. */
const MOST_CELLS = 40;
/** Digits of a number: a picture shows no more. */
const DIGITS = 6;

/**
 * The numbers of the pictures of the worst objects, by name; none of what has more than two axes. Their contents are read
 * again: those of all objects would take much memory and time.
 */
export async function picturesOf(
  listed: readonly JudgedObject[],
  most: number,
  file: string,
  references: readonly string[],
  now: number,
  options: CompareOptions,
): Promise<Map<string, Picture>> {
  const only = listed
    .filter(({ state }) => state === 'changed' || state === 'suspicious')
    .slice(0, most)
    .map(({ name }) => name);
  const pictures = new Map<string, Picture>();
  if (only.length === 0) return pictures;
  for (const { name, picture } of await readPictures(only, file, references, now, options)) {
    if (picture) pictures.set(name, picture);
  }
  return pictures;
}

/** Objects of these names, with their pictures where there can be one. */
export async function readPictures(
  only: readonly string[],
  file: string,
  references: readonly string[],
  now: number,
  options: CompareOptions,
): Promise<(JudgedObject & { picture?: Picture })[]> {
  const { objects } = await compareFiles(file, references, now, { ...options, only, draw: true });
  return objects.map(({ drawings, ...object }) => {
    const [reference] = (drawings?.references ?? []).flatMap((one) => one ?? []);
    const own = drawings?.own;
    const picture = own && reference ? pictureData(own, reference, object.facts.unit ?? '') : undefined;
    return picture ? { ...object, picture } : object;
  });
}

/** The picture of what was read. Counts of the reference are scaled to the sum of the run's. */
export function pictureData(own: Drawing, reference: Drawing, unit: string): Picture | undefined {
  if (own.kind !== reference.kind || own.content.length !== reference.content.length) return undefined;
  const [a, b] = [sum(own.content), sum(reference.content)];
  const factor = own.kind === 'counts' && a > 0 && b > 0 ? a / b : 1;
  if (own.kind === 'points') return graph(own, reference, unit);
  const [x, y, ...more] = own.axes ?? [];
  if (!x || more.length > 0) return undefined;
  const cells = (x.bins + 2) * (y ? y.bins + 2 : 1);
  if (own.content.length !== cells) return undefined;
  return y ? map(own, reference, [x, y], factor) : line(own, reference, x, factor, unit);
}

function line(own: Drawing, reference: Drawing, axis: DrawnAxis, factor: number, unit: string): LinePicture | undefined {
  if (axis.bins > MOST_BINS) return undefined;
  const width = (axis.high - axis.low) / axis.bins;
  const edges = axis.edges ?? Array.from({ length: axis.bins + 1 }, (_, index) => axis.low + index * width);
  const inner = (values: readonly number[], scale: number) => values.slice(1, -1).map((value) => round(value * scale));
  const { labels } = axis;
  return {
    unit,
    edges: edges.map(round),
    ...(labels && { labels: Array.from({ length: axis.bins }, (_, index) => labels[index + 1] ?? '') }),
    own: inner(own.content, 1),
    ownError: inner(own.error, 1),
    reference: inner(reference.content, factor),
    referenceError: inner(reference.error, factor),
  };
}

/** The points of a graph as bins around them, from left to right. */
function graph(own: Drawing, reference: Drawing, unit: string): LinePicture | undefined {
  const places = own.at?.[0] ?? [];
  if (places.length === 0 || places.length > MOST_BINS || own.at?.length !== 1) return undefined;
  const order = Array.from(places.keys()).sort((a, b) => (places[a] as number) - (places[b] as number));
  const x = order.map((index) => places[index] as number);
  const half = x.length > 1 ? ((x.at(-1) as number) - (x[0] as number)) / (x.length - 1) / 2 || 0.5 : 0.5;
  const between = x.slice(1).map((value, index) => (value + (x[index] as number)) / 2);
  const sorted = (values: readonly number[]) => order.map((index) => round(values[index] as number));
  return {
    unit,
    edges: [(x[0] as number) - half, ...between, (x.at(-1) as number) + half].map(round),
    own: sorted(own.content),
    ownError: sorted(own.error),
    reference: sorted(reference.content),
    referenceError: sorted(reference.error),
  };
}

function map(own: Drawing, reference: Drawing, axes: [DrawnAxis, DrawnAxis], factor: number): MapPicture {
  const [x, y] = axes;
  const [nx, ny] = [Math.min(MOST_CELLS, x.bins), Math.min(MOST_CELLS, y.bins)];
  const isMean = own.kind !== 'counts';
  const boxes = (one: Drawing) => {
    const [content, variance, filled] = [0, 1, 2].map(() => new Float64Array(nx * ny)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    for (let j = 0; j < y.bins; j++) {
      for (let i = 0; i < x.bins; i++) {
        const cell = i + 1 + (x.bins + 2) * (j + 1);
        const box = Math.floor((i * nx) / x.bins) + nx * Math.floor((j * ny) / y.bins);
        const [value, error] = [one.content[cell] as number, one.error[cell] as number];
        content[box] = (content[box] as number) + value;
        variance[box] = (variance[box] as number) + error * error;
        if (value !== 0 || error !== 0) filled[box] = (filled[box] as number) + 1;
      }
    }
    // Means are not added but averaged.
    const share = (box: number) => (isMean ? 1 / Math.max(1, filled[box] as number) : 1);
    return { content: content.map((v, box) => v * share(box)), error: variance.map((v, box) => Math.sqrt(v) * share(box)) };
  };
  const [a, b] = [boxes(own), boxes(reference)];
  const pull = Array.from(a.content, (value, box) => {
    const sigma = Math.hypot(a.error[box] as number, factor * (b.error[box] as number));
    return sigma > 0 ? round((value - factor * (b.content[box] as number)) / sigma) : 0;
  });
  return {
    axes: [
      { title: x.title, low: round(x.low), high: round(x.high), cells: nx },
      { title: y.title, low: round(y.low), high: round(y.high), cells: ny },
    ],
    own: Array.from(a.content, round),
    reference: Array.from(b.content, (value) => round(value * factor)),
    pull,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function round(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
