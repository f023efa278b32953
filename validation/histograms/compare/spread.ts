import { chi2Probability, varianceRatioProbability } from './probability.ts';

/** From so many references on, how much they differ among one another is learnt. */
export const LEARN_FROM = 3;

export interface Spread {
  /** Mean χ²/ndf among the references, at least 1. */
  factor: number;
  /** Degrees of freedom with which that is known; infinite where it is taken to be 1. */
  freedom: number;
}

/** Entries that are independent of one another. */
export const OF_COUNTS: Spread = { factor: 1, freedom: Number.POSITIVE_INFINITY };

/**
 * Learns from references by how much good runs differ: each is compared with all others together. Entries that come in
 * groups (tracks of an event, hits of a track) make all χ² larger by the same factor.
 * @param chi2Of χ² of one reference against the others
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
  // Entries of one group are spread over neighbouring bins, which then say less than as many independent ones would.
  const freedom = (ndf * (references.length - 1)) / references.length / Math.sqrt(factor);
  return { factor, freedom };
}

/** The probability of a χ², where good runs differ by so much. */
export function probability(chi2: number, ndf: number, { factor, freedom }: Spread): number {
  if (factor === 1) return chi2Probability(chi2, ndf);
  return varianceRatioProbability(chi2 / ndf / factor, ndf / Math.sqrt(factor), freedom);
}

/**
 * How large a difference is behind a χ², about as a shift in standard deviations of the distribution: what the χ² has
 * beyond its expectation, for each of the entries.
 * @param entries of two histograms: n1·n2 / (n1 + n2)
 */
export function sizeOf(chi2: number, ndf: number, entries: number, { factor }: Spread): number {
  return entries > 0 ? Math.sqrt(Math.max(0, chi2 - factor * ndf) / entries) : 0;
}
