import type { TestName, TestResult } from '../result.ts';
import { binomialProbability, chi2Probability } from './probability.ts';
import { learnSpread, type Spread } from './spread.ts';

/** The effective entries outside and inside of the axes. */
export interface Share {
  outside: number;
  inside: number;
}

/**
 * Tests whether the share of entries outside of the axes differs.
 * @param spread estimated from the contents; the spread of these shares counts if it is larger
 */
export function compareFlow(
  test: TestName,
  own: Share,
  references: readonly Share[],
  spread: Spread,
): TestResult | undefined {
  const reference = add(references);
  if (own.outside + reference.outside === 0) return undefined;
  const factor = Math.max(spread.factor, learnSpread(references, (one, others) => chi2Of(one, add(others))).factor);
  const chi2 = (chi2Of(own, reference)?.chi2 ?? 0) / factor;
  const all = Math.round((own.outside + reference.outside) / factor);
  const count = Math.min(all, Math.round(own.outside / factor));
  const chance = total(own) / (total(own) + total(reference));
  const share = (own.outside + reference.outside) / (total(own) + total(reference));
  const difference = Math.abs(own.outside / total(own) - reference.outside / total(reference));
  return {
    test,
    statistic: Math.sqrt(chi2) * (own.outside / total(own) < reference.outside / total(reference) ? -1 : 1),
    // The normal approximation is wrong for few entries, so the exact probability is a lower limit.
    p: Math.max(chi2Probability(chi2, 1), binomialProbability(count, all, chance)),
    size: share < 1 ? difference / Math.sqrt(share * (1 - share)) : 0,
    ...(factor > 1 && { spread: factor }),
  };
}

/** χ² of the 2 × 2 table. */
function chi2Of(a: Share, b: Share): { chi2: number; ndf: number } | undefined {
  const [na, nb] = [total(a), total(b)];
  const outside = a.outside + b.outside;
  const inside = a.inside + b.inside;
  if (na === 0 || nb === 0 || outside === 0 || inside === 0) return undefined;
  return {
    chi2: ((a.outside * b.inside - b.outside * a.inside) ** 2 * (na + nb)) / (na * nb * outside * inside),
    ndf: 1,
  };
}

function add(shares: readonly Share[]): Share {
  return shares.reduce((a, b) => ({ outside: a.outside + b.outside, inside: a.inside + b.inside }), {
    outside: 0,
    inside: 0,
  });
}

function total({ outside, inside }: Share): number {
  return outside + inside;
}
