import type { Numbers } from '../model.ts';
import type { TestResult } from '../result.ts';
import { type Groups, mergeCells, sumGroups } from './merge.ts';
import { normalOfStudent } from './probability.ts';
import { learnSpread, probability, type Spread, sizeOf } from './spread.ts';

/** The least number of effective entries of a mean, in both histograms. */
const ENOUGH = 10;

/** The sums of w, w·y, w·y² and w² over the entries of each cell. */
export interface Sums {
  w: Numbers;
  wy: Numbers;
  wy2: Numbers;
  w2: Numbers;
}

export interface MeansTest {
  test?: TestResult;
  spread: Spread;
  worst?: { cells: Groups; group: number; values: [number, number] };
}

/** Compares the means of a profile, bin by bin. */
export function compareMeans(line: readonly number[], own: Sums, references: readonly Sums[]): MeansTest {
  const reference = add(references);
  const cells = mergeCells(
    line,
    [own.w, own.w2, reference.w, reference.w2],
    ([a = 0, a2 = 0, b = 0, b2 = 0]) => a * a >= ENOUGH * a2 && b * b >= ENOUGH * b2 && a2 > 0 && b2 > 0,
  );
  const merged = (sums: Sums): Sums => ({
    w: sumGroups(sums.w, cells),
    wy: sumGroups(sums.wy, cells),
    wy2: sumGroups(sums.wy2, cells),
    w2: sumGroups(sums.w2, cells),
  });
  const mergedReferences = references.map(merged);
  const spread = learnSpread(mergedReferences, (one, others) => differences(one, add(others)));
  const { chi2, ndf, entries, worst } = differences(merged(own), merged(reference));
  if (ndf === 0) return { spread };
  return {
    test: {
      test: 'means',
      statistic: chi2,
      ndf,
      p: probability(chi2, ndf, spread),
      size: sizeOf(chi2, ndf, entries, spread),
      ...(spread.factor > 1 && { spread: spread.factor }),
    },
    spread,
    ...(worst && { worst: { cells, group: worst.group, values: worst.values } }),
  };
}

interface Differences {
  chi2: number;
  ndf: number;
  entries: number;
  worst?: { group: number; z: number; values: [number, number] };
}

/** Compares the two means in each bin with Student's t test and the pooled variance. */
function differences(a: Sums, b: Sums): Differences {
  const out: Differences = { chi2: 0, ndf: 0, entries: 0 };
  for (let i = 0; i < a.w.length; i++) {
    const [one, two] = [meanOf(a, i), meanOf(b, i)];
    if (!one || !two) continue;
    const freedom = one.n + two.n - 2;
    if (freedom <= 0) continue;
    const entries = (one.n * two.n) / (one.n + two.n);
    const variance = (one.n * one.spread2 + two.n * two.spread2) / freedom;
    const difference = one.mean - two.mean;
    // If all entries have one value, up to rounding of the sums, any difference beyond rounding is significant.
    const rounding = 1e-12 * (one.mean ** 2 + two.mean ** 2);
    if (difference * difference <= rounding) {
      if (variance > rounding) out.ndf++;
      continue;
    }
    const t = difference * Math.sqrt(entries / Math.max(variance, rounding));
    const z = normalOfStudent(t, freedom);
    out.chi2 += z * z;
    out.ndf++;
    out.entries += entries;
    if (!out.worst || z > out.worst.z) out.worst = { group: i, z, values: [two.mean, one.mean] };
  }
  return out;
}

function meanOf({ w, wy, wy2, w2 }: Sums, i: number): { mean: number; spread2: number; n: number } | undefined {
  const weight = w[i] as number;
  const squares = w2[i] as number;
  if (!(weight !== 0 && squares > 0)) return undefined;
  const mean = (wy[i] as number) / weight;
  return { mean, spread2: Math.max(0, (wy2[i] as number) / weight - mean * mean), n: (weight * weight) / squares };
}

function add(all: readonly Sums[]): Sums {
  const [only] = all;
  if (only && all.length === 1) return only;
  const total = (pick: (sums: Sums) => Numbers): Float64Array => {
    const out = new Float64Array(only?.w.length ?? 0);
    for (const sums of all) {
      const values = pick(sums);
      for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) + (values[i] as number);
    }
    return out;
  };
  return { w: total((s) => s.w), wy: total((s) => s.wy), wy2: total((s) => s.wy2), w2: total((s) => s.w2) };
}
