import type { Measurement, TestResult, Total } from '../result.ts';
import { chi2Probability } from './probability.ts';
import { learnSpread } from './spread.ts';

/**
 * Tests whether the number of entries of an object matches the number of events.
 *
 * An event makes several entries, and their number varies. For m entries per event on average, with a geometric distribution
 * as for tracks, the variance of N entries is N (2m + 1). The test uses this variance, or a larger one if the references
 * show it.
 * @param counter the measurement of the histogram that counts events
 */
export function normalisationTest({ totals }: Measurement, counter: Measurement): TestResult | undefined {
  const events = counter.totals;
  if (!totals || !events) return undefined;
  const references = totals.references.flatMap((total, i) => {
    const counted = events.references[i];
    return total && counted ? [{ total, events: counted }] : [];
  });
  const own = { total: totals.own, events: events.own };
  const ratio = compare(own, together(references));
  if (!ratio) return undefined;
  const spread = learnSpread(references, (one, others) => {
    const result = compare(one, together(others));
    return result && { chi2: result.chi2, ndf: 1 };
  });
  const chi2 = ratio.chi2 / spread.factor;
  return {
    test: 'normalisation',
    statistic: Math.sqrt(chi2) * Math.sign(ratio.logarithm),
    p: chi2Probability(chi2, 1),
    size: Math.abs(ratio.logarithm),
    ...(spread.factor > 1 && { spread: spread.factor }),
  };
}

interface Pair {
  total: Total;
  events: Total;
}

function compare(a: Pair, b: Pair): { chi2: number; logarithm: number } | undefined {
  const all = [a.total, a.events, b.total, b.events];
  if (!all.every((total) => total.sum > 0 && total.effective > 0)) return undefined;
  const logarithm = Math.log(a.total.sum / a.events.sum / (b.total.sum / b.events.sum));
  return { chi2: (logarithm * logarithm) / (variance(a) + variance(b)), logarithm };
}

/** The variance of the logarithm of the entries per event. */
function variance({ total: { effective: n }, events: { effective: m } }: Pair): number {
  return ((2 * n) / m + 1) / n + 1 / m;
}

function together(pairs: readonly Pair[]): Pair {
  const sum = (pick: (pair: Pair) => Total): Total => ({
    sum: pairs.reduce((all, pair) => all + pick(pair).sum, 0),
    effective: pairs.reduce((all, pair) => all + pick(pair).effective, 0),
  });
  return { total: sum(({ total }) => total), events: sum(({ events }) => events) };
}
