import type { Numbers } from '../model.ts';
import { filledOf } from './filled.ts';
import { chi2Probability } from './probability.ts';

/** Contents of bins in a row, and their squared errors; without `sumw2` these are the contents. */
export interface Bins {
  content: Numbers;
  sumw2?: Numbers | undefined;
}

/** UU: both are counts (unweighted); UW: only the first is; WW: neither is. */
export type Weighting = 'UU' | 'UW' | 'WW';

export interface Chi2 {
  mode: Weighting;
  chi2: number;
  ndf: number;
  /** As ROOT gives it: also 0 if there is an error or nothing to compare. */
  p: number;
  /** +1: the first has a bin with too few entries for the test; +2: the second has. */
  igood: number;
  /** Why there is no result; ROOT gives 0 then. */
  error?: string;
}

/** Squared errors. */
export function variances({ content, sumw2 }: Bins): Numbers {
  return sumw2 ?? content;
}

/**
 * The form of the test that ROOT uses. A histogram is one of counts if its sum of weights and its effective entries differ
 * by less than 1.
 */
export function weightingOf(first: Bins, second: Bins): Weighting {
  if (!isCounts(first)) return 'WW';
  return isCounts(second) ? 'UU' : 'UW';
}

function isCounts(bins: Bins): boolean {
  const total = sum(bins.content);
  const squares = sum(variances(bins));
  return Math.abs(total - (squares === 0 ? 0 : total ** 2 / squares)) < 1;
}

/**
 * The χ² test of TH1::Chi2Test (ROOT's TH1::Chi2TestX) for the shapes of two histograms.
 * @param options `mode`: default as ROOT chooses it; `norm`: with UU, contents are turned into counts with their errors
 */
export function chi2Test(first: Bins, second: Bins, options: { mode?: Weighting; norm?: boolean } = {}): Chi2 {
  const mode = options.mode ?? weightingOf(first, second);
  const result = { mode, chi2: 0, ndf: first.content.length - 1, p: 0, igood: 0 };
  if (mode === 'UW') return probable(weightedSecond(first, second, result));
  if (mode === 'WW') return probable(weightedBoth(first, second, result));
  if (!options.norm) return probable(counts(first.content, second.content, result));
  if (sum(variances(first)) <= 0 || sum(variances(second)) <= 0) {
    return { ...result, error: 'NORM with all zero errors' };
  }
  return probable(counts(asCounts(first), asCounts(second), result));
}

function probable(result: Chi2): Chi2 {
  return result.error === undefined ? { ...result, p: chi2Probability(result.chi2, result.ndf) } : result;
}

function asCounts(bins: Bins): Numbers {
  const errors = variances(bins);
  return Float64Array.from(bins.content, (w, i) => {
    const e = errors[i] as number;
    return e > 0 ? Math.floor((w * w) / e + 0.5) : 0;
  });
}

function counts(first: Numbers, second: Numbers, result: Chi2): Chi2 {
  const n1 = sum(first);
  const n2 = sum(second);
  if (n1 === 0 || n2 === 0) return { ...result, error: 'one histogram is empty' };
  let { ndf } = result;
  let chi2 = 0;
  let few1 = 0;
  let few2 = 0;
  for (let i = 0; i < first.length; i++) {
    const a = first[i] as number;
    const b = second[i] as number;
    if (Math.trunc(a) === 0 && Math.trunc(b) === 0) {
      ndf--;
      continue;
    }
    if (a < 1) few1 = 1;
    if (b < 1) few2 = 2;
    const difference = n2 * a - n1 * b;
    chi2 += (difference * difference) / (a + b);
  }
  return { ...result, ndf, chi2: chi2 / (n1 * n2), igood: few1 + few2 };
}

function weightedSecond(first: Bins, second: Bins, result: Chi2): Chi2 {
  let n = sum(first.content);
  const w2 = sum(second.content);
  const errors = variances(second);
  const allErrors = sum(errors);
  if (n === 0 || w2 === 0) return { ...result, error: 'one histogram is empty' };
  let { ndf } = result;
  let chi2 = 0;
  let few1 = 0;
  let few2 = 0;
  for (let i = 0; i < first.content.length; i++) {
    let a = first.content[i] as number;
    const b = second.content[i] as number;
    let s = errors[i] as number;
    if (a === 0 && b === 0) {
      ndf--;
      continue;
    }
    if (b === 0 && s === 0) {
      if (allErrors <= 0) return { ...result, ndf, error: 'zero content and zero error' };
      s = allErrors / w2;
    }
    if (a < 1) few1 = 1;
    if (s > 0 && (b * b) / s < 10) few2 = 2;
    let v1 = w2 * b - n * s;
    let v2 = v1 * v1 + 4 * w2 * w2 * a * s;
    // If the expectation is 0, ROOT adds an entry.
    while (v1 * v1 + a === 0 || v1 + v2 === 0) {
      n++;
      a++;
      v1 = w2 * b - n * s;
      v2 = v1 * v1 + 4 * w2 * w2 * a * s;
    }
    const share = (v1 + Math.sqrt(v2)) / (2 * w2 * w2);
    chi2 += (a - share * n) ** 2 / (share * n);
    if (s > 0) chi2 += (b - share * w2) ** 2 / s;
  }
  return { ...result, ndf, chi2, igood: few1 + few2 };
}

function weightedBoth(first: Bins, second: Bins, result: Chi2): Chi2 {
  const w1 = sum(first.content);
  const w2 = sum(second.content);
  const errors1 = variances(first);
  const errors2 = variances(second);
  if (w1 === 0 || w2 === 0) return { ...result, error: 'one histogram is empty' };
  if (sum(errors1) <= 0 && sum(errors2) <= 0) return { ...result, error: 'all zero errors' };
  let { ndf } = result;
  let chi2 = 0;
  let few1 = 0;
  let few2 = 0;
  for (let i = 0; i < first.content.length; i++) {
    const a = first.content[i] as number;
    const b = second.content[i] as number;
    const s = errors1[i] as number;
    const t = errors2[i] as number;
    if (a === 0 && b === 0) {
      ndf--;
      continue;
    }
    if (s === 0 && t === 0) return { ...result, ndf, error: 'bin with both zero errors' };
    const difference = w2 * a - w1 * b;
    chi2 += (difference * difference) / (w1 * w1 * t + w2 * w2 * s);
    if (s > 0 && (a * a) / s < 10) few1 = 1;
    if (t > 0 && (b * b) / t < 10) few2 = 2;
  }
  return { ...result, ndf, chi2, igood: few1 + few2 };
}

/** A cache of the sums of long lists: they are needed often, and the lists never change. */
const sums = new WeakMap<Numbers, number>();
const LONG = 1000;

export function sum(numbers: Numbers): number {
  const known = numbers.length > LONG ? sums.get(numbers) : undefined;
  if (known !== undefined) return known;
  const filled = filledOf(numbers);
  let total = 0;
  if (filled) for (let k = 0; k < filled.length; k++) total += numbers[filled[k] as number] as number;
  else for (let i = 0; i < numbers.length; i++) total += numbers[i] as number;
  if (numbers.length > LONG) sums.set(numbers, total);
  return total;
}
