import type { Numbers } from '../model.ts';
import { filledOf } from './filled.ts';

/** Groups of neighbouring cells. Each group is one bin of a test. */
export interface Groups {
  /** The group of each cell. */
  of: Int32Array;
  count: number;
}

/** Decides whether a group has enough entries for a bin of a test. @param sums of each quantity over its cells */
export type Enough = (sums: Float64Array) => boolean;

/**
 * Merges neighbouring cells until each group has enough entries. In more than one dimension it halves boxes of cells as long
 * as both halves have enough.
 * @param shape the number of cells along each axis
 * @param quantities the values of each cell that decide
 */
export function mergeCells(shape: readonly number[], quantities: readonly Numbers[], enough: Enough): Groups {
  return shape.length === 1 ? mergeRow(quantities, enough) : mergeBoxes(shape, quantities, enough);
}

/** Sums a quantity over each group. */
export function sumGroups(values: Numbers, { of, count }: Groups): Float64Array {
  const sums = new Float64Array(count);
  const filled = filledOf(values);
  const length = filled?.length ?? of.length;
  for (let k = 0; k < length; k++) {
    const i = filled?.[k] ?? k;
    const group = of[i] as number;
    sums[group] = (sums[group] as number) + (values[i] as number);
  }
  return sums;
}

/** Merges from left to right. Remaining cells at the end join the last group. */
function mergeRow(quantities: readonly Numbers[], enough: Enough): Groups {
  const of = new Int32Array(quantities[0]?.length ?? 0);
  const sums = new Float64Array(quantities.length);
  let count = 0;
  for (let i = 0; i < of.length; i++) {
    for (let q = 0; q < sums.length; q++) sums[q] = (sums[q] as number) + ((quantities[q] as Numbers)[i] as number);
    of[i] = count;
    if (enough(sums)) {
      count++;
      sums.fill(0);
    }
  }
  if (count === 0) return { of, count: of.length > 0 ? 1 : 0 };
  for (let i = of.length - 1; i >= 0 && of[i] === count; i--) of[i] = count - 1;
  return { of, count };
}

/**
 * A box of cells: from and to along x, y and z. Boxes are changed in place, because a large histogram is cut into many
 * thousands of boxes, and new objects for each would cost more time than the sums.
 */
type Box = Int32Array;
const BOX = 6;

function mergeBoxes(shape: readonly number[], quantities: readonly Numbers[], enough: Enough): Groups {
  const [nx, ny, nz] = [shape[0] ?? 1, shape[1] ?? 1, shape[2] ?? 1];
  const tables = quantities.map((values) => new SummedTable(nx, ny, nz, values));
  const [content] = tables as [SummedTable];
  const sums = new Float64Array(tables.length);
  const hasEnough = (box: Box, share: number): boolean => {
    for (let q = 0; q < sums.length; q++) sums[q] = share * (tables[q] as SummedTable).sum(box);
    return enough(sums);
  };
  const of = new Int32Array(nx * ny * nz);
  let count = 0;
  // The stack stays short: its depth is the number of times that a box can be halved.
  const waiting: Box[] = [Int32Array.of(0, nx, 0, ny, 0, nz)];
  const box: Box = new Int32Array(BOX);
  const part: Box = new Int32Array(BOX);
  let left = 1;
  while (left > 0) {
    box.set(waiting[--left] as Box);
    // If half of the sums is not enough, no cut can give two halves that have enough.
    const cut = hasEnough(box, 0.5) ? cutOf(box, part, content, hasEnough) : NONE;
    if (cut === NONE) {
      fill(of, count++, box, nx, ny);
      continue;
    }
    const side = cut % SIDES;
    const at = (cut - side) / SIDES;
    // The upper half is pushed last, so it is cut first.
    for (const end of [1, 0]) {
      waiting[left] ??= new Int32Array(BOX);
      const next = waiting[left++] as Box;
      next.set(box);
      next[2 * side + end] = at;
    }
  }
  return { of, count };
}

function fill(of: Int32Array, group: number, box: Box, nx: number, ny: number): void {
  const [x0, x1, y0, y1, z0, z1] = box as unknown as [number, number, number, number, number, number];
  for (let z = z0; z < z1; z++) {
    for (let y = y0; y < y1; y++) of.fill(group, nx * (y + ny * z) + x0, nx * (y + ny * z) + x1);
  }
}

const NONE = -1;
const SIDES = 3;

/**
 * Finds the place to cut a box into two halves of about the same content, on the longest side where both have enough.
 * @param part a buffer that is overwritten
 * @returns the place times three, plus the number of the side; or NONE
 */
function cutOf(box: Box, part: Box, content: SummedTable, hasEnough: (box: Box, share: number) => boolean): number {
  const half = content.sum(box) / 2;
  let tried = 0;
  for (let turn = 0; turn < SIDES; turn++) {
    const side = longestSide(box, tried);
    if (side === NONE) return NONE;
    tried |= 1 << side;
    const [from, to] = [box[2 * side] as number, box[2 * side + 1] as number];
    let [low, high] = [from, to];
    part.set(box);
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      part[2 * side + 1] = middle;
      if (content.sum(part) < half) low = middle;
      else high = middle;
    }
    for (let at = Math.max(low, from + 1); at <= Math.min(high, to - 1); at++) {
      part.set(box);
      part[2 * side + 1] = at;
      if (!hasEnough(part, 1)) continue;
      part.set(box);
      part[2 * side] = at;
      if (hasEnough(part, 1)) return at * SIDES + side;
    }
  }
  return NONE;
}

/** The longest side that can be cut; of equal ones the first. @param tried bits of the sides that cannot be cut well */
function longestSide(box: Box, tried: number): number {
  let longest = NONE;
  let most = 1;
  for (let side = 0; side < SIDES; side++) {
    const length = (box[2 * side + 1] as number) - (box[2 * side] as number);
    if ((tried & (1 << side)) === 0 && length > most) [longest, most] = [side, length];
  }
  return longest;
}

/** A summed-area table: it gives the sum over a box of cells from eight numbers. */
class SummedTable {
  private readonly sums: Float64Array;
  private readonly stepY: number;
  private readonly stepZ: number;

  constructor(nx: number, ny: number, nz: number, values: Numbers) {
    this.stepY = nx + 1;
    this.stepZ = (nx + 1) * (ny + 1);
    this.sums = new Float64Array(this.stepZ * (nz + 1));
    const { sums, stepY, stepZ } = this;
    for (let z = 1; z <= nz; z++) {
      for (let y = 1; y <= ny; y++) {
        const from = nx * (y - 1 + ny * (z - 1)) - 1;
        const start = z * stepZ + y * stepY;
        if (z === 1) addRow(sums, start, stepY, values, from, nx);
        else addRowAbove(sums, start, stepY, stepZ, values, from, nx);
      }
    }
  }

  sum(box: Box): number {
    const { sums, stepY, stepZ } = this;
    const [x0, x1] = [box[0] as number, box[1] as number];
    const [y0, y1] = [(box[2] as number) * stepY, (box[3] as number) * stepY];
    const [z0, z1] = [(box[4] as number) * stepZ, (box[5] as number) * stepZ];
    return at(sums, x0, x1, y0 + z0, y1 + z0, y0 + z1, y1 + z1);
  }
}

/** A row of the first plane of a table. There is nothing below it. */
function addRow(sums: Float64Array, start: number, stepY: number, values: Numbers, from: number, nx: number): void {
  let row = 0;
  for (let x = 1; x <= nx; x++) {
    row += values[from + x] as number;
    sums[start + x] = row + (sums[start + x - stepY] as number);
  }
}

/** A row of another plane. */
function addRowAbove(
  sums: Float64Array,
  start: number,
  stepY: number,
  stepZ: number,
  values: Numbers,
  from: number,
  nx: number,
): void {
  let row = 0;
  for (let x = 1; x <= nx; x++) {
    const at = start + x;
    row += values[from + x] as number;
    const [before, below, corner] = [sums[at - stepY], sums[at - stepZ], sums[at - stepY - stepZ]];
    sums[at] = row + (before as number) + (below as number) - (corner as number);
  }
}

/** The sum between two columns, from the sums in the four rows around it. */
function at(sums: Float64Array, x0: number, x1: number, a: number, b: number, c: number, d: number): number {
  const inRow = (row: number): number => (sums[row + x1] as number) - (sums[row + x0] as number);
  return inRow(d) - inRow(c) - inRow(b) + inRow(a);
}
