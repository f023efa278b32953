import type { Axis, Numbers } from '../model.ts';
import { edge } from './axes.ts';

/** The cells that are compared: those between the flow cells, and in the range where there is one. */
export interface Region {
  /** Bins along each axis. */
  shape: readonly number[];
  /** Bin number of the first of them, along each axis. */
  first: readonly number[];
  /** Index of each cell, x fastest. */
  cells: Int32Array;
}

/**
 * @param range part of the x axis: bins whose middle is in it
 */
export function regionOf(axes: readonly Axis[], range?: readonly [number, number]): Region {
  const first = axes.map(() => 1);
  const last = axes.map(({ bins }) => bins);
  const [x] = axes;
  if (range && x) {
    const inside = (bin: number): boolean => {
      const middle = (edge(x, bin - 1) + edge(x, bin)) / 2;
      return middle >= range[0] && middle <= range[1];
    };
    while ((first[0] as number) <= x.bins && !inside(first[0] as number)) first[0] = (first[0] as number) + 1;
    while ((last[0] as number) >= (first[0] as number) && !inside(last[0] as number)) last[0] = (last[0] as number) - 1;
  }
  const shape = axes.map((_, i) => (last[i] as number) - (first[i] as number) + 1);
  const cells = new Int32Array(shape.reduce((product, bins) => product * bins, 1));
  const [columns, rows, layers] = [shape[0] ?? 0, shape[1] ?? 1, shape[2] ?? 1];
  const stepY = (axes[0]?.bins ?? 0) + 2;
  const stepZ = stepY * ((axes[1]?.bins ?? 0) + 2);
  let at = 0;
  for (let z = 0; z < layers; z++) {
    for (let y = 0; y < rows; y++) {
      let cell = (first[0] ?? 0) + (axes.length > 1 ? stepY * ((first[1] as number) + y) : 0);
      if (axes.length > 2) cell += stepZ * ((first[2] as number) + z);
      for (let i = 0; i < columns; i++) cells[at++] = cell++;
    }
  }
  return { shape, first, cells };
}

/** Their contents, close together. */
export function take(numbers: Numbers, { cells }: Region): Float64Array {
  const out = new Float64Array(cells.length);
  for (let i = 0; i < cells.length; i++) out[i] = numbers[cells[i] as number] as number;
  return out;
}

/** What is outside of the axes: below and above of one axis, together of several. */
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

/** Where a cell of a region is: its bin along each axis, from 1. */
export function binsAt({ shape, first }: Region, index: number): number[] {
  let rest = index;
  return shape.map((bins, axis) => {
    const bin = (rest % bins) + (first[axis] as number);
    rest = Math.floor(rest / bins);
    return bin;
  });
}
