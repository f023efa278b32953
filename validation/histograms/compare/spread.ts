import { chi2Probability, varianceRatioProbability } from './probability.ts';

/** From this number of references on, their spread is estimated. */
export const LEARN_FROM = 3;

export interface Spread {
  /** Mean χ²/ndf among the references, at least 1. */
  factor: number;
  /** Degrees of freedom of this estimate; infinite if the factor is assumed to be 1. */
  freedom: number;
}

/** The spread of independent entries. */
export const OF_COUNTS: Spread = { factor: 1, freedom: Number.POSITIVE_INFINITY };

/**
 * Estimates from the references how much good runs differ: it compares each reference with all others together. Correlated
 * entries (tracks of an event, hits of a track) increase all χ² by the same factor.
 * @param chi2Of compares one reference with the others
 */
export function learnSpread<T>(
  references: readonly T[],
  chi2Of: (one: T, others: readonly T[]) => { chi2: number; ndf: number } | undefined,
): Spread {
  if (references.length < LEARN_FROM) return OF_COUNTS;
  let total = 0;
  let ndf = 0;
  for (const [index, one] of references.entries()) {
    const result = chi2Of(
      one,
      references.filter((_, i) => i !== index),
    );
    if (!result || result.ndf <= 0 || !Number.isFinite(result.chi2)) continue;
    total += result.chi2;
    ndf += result.ndf;
  }
  const factor = ndf > 0 ? total / ndf : 1;
  if (factor <= 1) return OF_COUNTS;
  // Correlated entries are in neighbouring bins, so the bins carry less information than independent ones.
  const freedom = (ndf * (references.length - 1)) / references.length / Math.sqrt(factor);
  return { factor, freedom };
}

/** The probability of a χ², given the spread of good runs. */
export function probability(chi2: number, ndf: number, { factor, freedom }: Spread): number {
  if (factor === 1) return chi2Probability(chi2, ndf);
  return varianceRatioProbability(chi2 / ndf / factor, ndf / Math.sqrt(factor), freedom);
}

/**
 * The size of the difference behind a χ², comparable to a shift in standard deviations of the distribution. It is made from
 * the excess of the χ² over its expectation, per entry.
 * @param entries n1·n2 / (n1 + n2) of the two histograms
 */
export function sizeOf(chi2: number, ndf: number, entries: number, { factor }: Spread): number {
  return entries > 0 ? Math.sqrt(Math.max(0, chi2 - factor * ndf) / entries) : 0;
}
