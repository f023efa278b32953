import type { Numbers } from '../model.ts';

/** Neighbouring cells that are one bin of a test. */
export interface Groups {
  /** The group of each cell. */
  of: Int32Array;
  count: number;
}

/** Sums over some cells of each of the quantities that decide whether these are enough for a bin of a test. */
export type Enough = (sums: Float64Array) => boolean;

/**
 * Merges neighbouring cells until each group has enough; in more than one dimension, by halving boxes of cells as long as
 * both halves have enough.
 * @param shape cells along each axis
 * @param quantities of each cell
 */
export function mergeCells(shape: readonly number[], quantities: readonly Numbers[], enough: Enough): Groups {
  return shape.length === 1 ? mergeRow(quantities, enough) : mergeBoxes(shape, quantities, enough);
}

/** Sums of a quantity over each group. */
export function sumGroups(values: Numbers, { of, count }: Groups): Float64Array {
  const sums = new Float64Array(count);
  for (let i = 0; i < of.length; i++) {
    const value = values[i] as number;
    // Most cells of large histograms are empty.
    if (value === 0) continue;
    const group = of[i] as number;
    sums[group] = (sums[group] as number) + value;
  }
  return sums;
}

/** From left to right; what remains at the end goes to the last group. */
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

type Box = [x0: number, x1: number, y0: number, y1: number, z0: number, z1: number];

function mergeBoxes(shape: readonly number[], quantities: readonly Numbers[], enough: Enough): Groups {
  const [nx, ny, nz] = [shape[0] ?? 1, shape[1] ?? 1, shape[2] ?? 1];
  const tables = quantities.map((values) => new SummedTable(nx, ny, nz, values));
  const sums = new Float64Array(tables.length);
  const hasEnough = (box: Box, share = 1): boolean => {
    for (let q = 0; q < sums.length; q++) sums[q] = share * (tables[q] as SummedTable).sum(box);
    return enough(sums);
  };
  const of = new Int32Array(nx * ny * nz);
  let count = 0;
  const boxes: Box[] = [[0, nx, 0, ny, 0, nz]];
  for (let box = boxes.pop(); box; box = boxes.pop()) {
    // Where half of it would not be enough, looking for the place to cut is in vain.
    const halves = hasEnough(box, 0.5) ? halve(box, tables[0] as SummedTable, (part) => hasEnough(part)) : undefined;
    if (halves) boxes.push(...halves);
    else {
      for (let z = box[4]; z < box[5]; z++) {
        for (let y = box[2]; y < box[3]; y++) of.fill(count, nx * (y + ny * z) + box[0], nx * (y + ny * z) + box[1]);
      }
      count++;
    }
  }
  return { of, count };
}

/** Two halves of about the same content, across the longest side on which both have enough. */
function halve(box: Box, content: SummedTable, hasEnough: (box: Box) => boolean): [Box, Box] | undefined {
  const half = content.sum(box) / 2;
  for (const side of sidesOf(box)) {
    const [from, to] = [box[2 * side] as number, box[2 * side + 1] as number];
    let [low, high] = [from, to];
    const part: Box = [...box];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      part[2 * side + 1] = middle;
      if (content.sum(part) < half) low = middle;
      else high = middle;
    }
    for (let cut = Math.max(low, from + 1); cut <= Math.min(high, to - 1); cut++) {
      const halves: [Box, Box] = [[...box], [...box]];
      halves[0][2 * side + 1] = cut;
      halves[1][2 * side] = cut;
      if (halves.every(hasEnough)) return halves;
    }
  }
  return undefined;
}

/** Sides that can be cut, the longest first. */
function sidesOf([x0, x1, y0, y1, z0, z1]: Box): number[] {
  const lengths = [x1 - x0, y1 - y0, z1 - z0];
  return [0, 1, 2]
    .filter((side) => (lengths[side] as number) > 1)
    .sort((a, b) => (lengths[b] as number) - (lengths[a] as number));
}

/** Sums over boxes of cells, each from eight numbers. */
class SummedTable {
  private readonly sums: Float64Array;
  private readonly stepY: number;
  private readonly stepZ: number;

  constructor(nx: number, ny: number, nz: number, values: Numbers) {
    this.stepY = nx + 1;
    this.stepZ = (nx + 1) * (ny + 1);
    this.sums = new Float64Array(this.stepZ * (nz + 1));
    const { sums, stepY, stepZ } = this;
    let from = 0;
    for (let z = 1; z <= nz; z++) {
      for (let y = 1; y <= ny; y++) {
        let row = 0;
        let at = z * stepZ + y * stepY + 1;
        for (let x = 1; x <= nx; x++, at++) {
          row += values[from++] as number;
          const [before, below, corner] = [sums[at - stepY], sums[at - stepZ], sums[at - stepY - stepZ]];
          sums[at] = row + (before as number) + (below as number) - (corner as number);
        }
      }
    }
  }

  sum([x0, x1, y0, y1, z0, z1]: Box): number {
    return this.upTo(x1, y0, y1, z0, z1) - this.upTo(x0, y0, y1, z0, z1);
  }

  private upTo(x: number, y0: number, y1: number, z0: number, z1: number): number {
    const { sums, stepY, stepZ } = this;
    const at = (y: number, z: number): number => sums[z * stepZ + y * stepY + x] as number;
    return at(y1, z1) - at(y0, z1) - at(y1, z0) + at(y0, z0);
  }
}
