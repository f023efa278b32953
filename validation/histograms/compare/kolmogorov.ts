import type { Numbers } from '../model.ts';
import { type Bins, sum, variances } from './chi2.ts';
import { chi2Probability, kolmogorovProbability } from './probability.ts';

export interface Kolmogorov {
  /** The largest distance of the cumulated shapes. */
  distance: number;
  /** The distance, scaled by the effective entries. */
  z: number;
  /** Effective entries of both; null: it has no errors and is treated as a function. */
  effective: [number | null, number | null];
  p: number;
}

/**
 * The test of TH1::KolmogorovTest for bins in a row.
 * @returns the result, or a sentence why there is none
 */
export function kolmogorovTest(first: Bins, second: Bins): Kolmogorov | string {
  const s1 = sum(first.content);
  const s2 = sum(second.content);
  if (first.content.length !== second.content.length) return 'different number of bins';
  if (s1 === 0 || s2 === 0) return 'integral is zero';
  const e1 = effectiveEntries(first, s1);
  const e2 = effectiveEntries(second, s2);
  if (e1 === null && e2 === null) return 'zero errors in both';
  let distance = 0;
  let r1 = 0;
  let r2 = 0;
  for (let i = 0; i < first.content.length; i++) {
    r1 += (first.content[i] as number) / s1;
    r2 += (second.content[i] as number) / s2;
    distance = Math.max(distance, Math.abs(r1 - r2));
  }
  const z = distance * Math.sqrt(e1 === null ? (e2 as number) : e2 === null ? e1 : (e1 * e2) / (e1 + e2));
  return { distance, z, effective: [e1, e2], p: kolmogorovProbability(z) };
}

/** ROOT's option N: combines the probability of the shape with that of the two numbers of entries. */
export function withNormalisation({ p, effective: [e1, e2] }: Kolmogorov): { p: number; normalisation: number } {
  if (e1 === null || e2 === null) return { p, normalisation: 1 };
  const normalisation = chi2Probability((e1 - e2) ** 2 / (e1 + e2), 1);
  const both = p * normalisation;
  return { p: both > 0 ? both * (1 - Math.log(both)) : 0, normalisation };
}

/**
 * ROOT's test of two two-dimensional histograms, whose inner cells are given row by row. The distance is the mean of the
 * distances for both orders of cells. `p` is as in ROOT, which uses the sum of the second histogram instead of its effective
 * entries (TH2::KolmogorovTest). `correctedP` does not have that mistake.
 */
export function kolmogorovTest2(
  columns: number,
  first: Bins,
  second: Bins,
): { distance: number; p: number; correctedP: number } | string {
  const byRow = kolmogorovTest(first, second);
  const byColumn = kolmogorovTest(transposed(columns, first), transposed(columns, second));
  if (typeof byRow === 'string') return byRow;
  if (typeof byColumn === 'string') return byColumn;
  const distance = (byRow.distance + byColumn.distance) / 2;
  const [e1, e2] = byRow.effective;
  if (e1 === null || e2 === null) return 'zero errors in one';
  const p = kolmogorovProbability(distance * Math.sqrt((e1 * sum(second.content)) / (e1 + e2)));
  return { distance, p, correctedP: kolmogorovProbability(distance * Math.sqrt((e1 * e2) / (e1 + e2))) };
}

function transposed(columns: number, { content, sumw2 }: Bins): Bins {
  const rows = content.length / columns;
  const turn = (numbers: Numbers): Numbers =>
    Float64Array.from(numbers, (_, i) => numbers[(i % rows) * columns + Math.floor(i / rows)] as number);
  return { content: turn(content), sumw2: sumw2 && turn(sumw2) };
}

function effectiveEntries(bins: Bins, total: number): number | null {
  const errors = variances(bins);
  let squares = 0;
  for (let i = 0; i < errors.length; i++) squares += Math.abs(errors[i] as number);
  return squares > 0 ? (total * total) / squares : null;
}
