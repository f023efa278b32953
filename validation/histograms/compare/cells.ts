import type { Axis, Numbers } from '../model.ts';
import { edge } from './axes.ts';
import { filledOf, withFilled } from './filled.ts';

/** The cells that are compared: all except flow cells, or those in the range if there is one. */
export interface Region {
  /** The number of its bins along each axis. */
  shape: readonly number[];
  /** The number of its first bin along each axis. */
  first: readonly number[];
  /** The number of cells of the whole histogram along each axis, flow cells included. */
  cells: readonly number[];
}

/**
 * @param range part of the x axis: bins count if their middle is in it
 */
export function regionOf(axes: readonly Axis[], range?: readonly [number, number]): Region {
  const first = axes.map(() => 1);
  const shape = axes.map(({ bins }) => bins);
  const [x] = axes;
  if (range && x) {
    const isInside = (bin: number): boolean => {
      const middle = (edge(x, bin - 1) + edge(x, bin)) / 2;
      return middle >= range[0] && middle <= range[1];
    };
    const inside = Array.from({ length: x.bins }, (_, i) => i + 1).filter(isInside);
    first[0] = inside[0] ?? 1;
    shape[0] = inside.length;
  }
  return { shape, first, cells: axes.map(({ bins }) => bins + 2) };
}

/** Copies the contents of a region into one array. */
export function take(numbers: Numbers, region: Region): Float64Array {
  const { shape, first, cells } = region;
  const [columns = 0, rows = 1, layers = 1] = shape;
  const [x0 = 0, y0 = 0, z0 = 0] = first;
  const [nx = 1, ny = 1] = cells;
  const out = new Float64Array(columns * rows * layers);
  const filled = filledOf(numbers);
  if (filled) return takeFilled(numbers, filled, out, region);
  let at = 0;
  for (let z = 0; z < layers; z++) {
    for (let y = 0; y < rows; y++) {
      const from = x0 + nx * (y + y0 + ny * (z + z0));
      for (let x = 0; x < columns; x++) out[at++] = numbers[from + x] as number;
    }
  }
  return out;
}

function takeFilled(numbers: Numbers, filled: Int32Array, out: Float64Array, region: Region): Float64Array {
  const [columns = 0, rows = 1, layers = 1] = region.shape;
  const [x0 = 0, y0 = 0, z0 = 0] = region.first;
  const [nx = 1, ny = 1] = region.cells;
  const taken = new Int32Array(filled.length);
  let count = 0;
  let row = 0;
  // Cells come in their order: the row changes seldom.
  let [start, y, z] = [0, -y0, -z0];
  for (let k = 0; k < filled.length; k++) {
    const index = filled[k] as number;
    if (index >= start + nx || k === 0) {
      row = Math.floor(index / nx);
      start = row * nx;
      [y, z] = [(row % ny) - y0, Math.floor(row / ny) - z0];
    }
    const x = index - start - x0;
    if (x < 0 || x >= columns || y < 0 || y >= rows || z < 0 || z >= layers) continue;
    const at = x + columns * (y + rows * z);
    out[at] = numbers[index] as number;
    taken[count++] = at;
  }
  return withFilled(out, taken.subarray(0, count));
}

/** The contents outside of the axes: under- and overflow for one axis, their sum for several. */
export function flowOf(
  numbers: Numbers,
  axes: readonly Axis[],
): { name: 'underflow' | 'overflow' | 'outside'; sum: number }[] {
  if (axes.length === 1) {
    return [
      { name: 'underflow', sum: numbers[0] as number },
      { name: 'overflow', sum: numbers[(axes[0] as Axis).bins + 1] as number },
    ];
  }
  const [nx, ny, nz] = [0, 1, 2].map((i) => (axes[i]?.bins ?? -1) + 2) as [number, number, number];
  let sum = 0;
  let at = 0;
  for (let z = 0; z < nz; z++) {
    const flowZ = axes.length > 2 && (z === 0 || z === nz - 1);
    for (let y = 0; y < ny; y++, at += nx) {
      if (flowZ || y === 0 || y === ny - 1) for (let x = 0; x < nx; x++) sum += numbers[at + x] as number;
      else sum += (numbers[at] as number) + (numbers[at + nx - 1] as number);
    }
  }
  return [{ name: 'outside', sum }];
}

/** The bin numbers of a cell of a region along each axis, from 1. */
export function binsAt({ shape, first }: Region, index: number): number[] {
  let rest = index;
  return shape.map((bins, axis) => {
    const bin = (rest % bins) + (first[axis] as number);
    rest = Math.floor(rest / bins);
    return bin;
  });
}
