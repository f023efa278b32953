import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Bins, chi2Test, type Weighting } from '../../../validation/histograms/compare/chi2.ts';
import {
  kolmogorovTest,
  kolmogorovTest2,
  withNormalisation,
} from '../../../validation/histograms/compare/kolmogorov.ts';
import {
  betaI,
  binomialProbability,
  chi2Probability,
  varianceRatioProbability,
} from '../../../validation/histograms/compare/probability.ts';

const EXPECTED = join(import.meta.dirname, '../../fixtures/root/expected');

interface Pair {
  h1: { content: number[]; sumw2: number[] | null; nx?: number; ny?: number };
  h2: Pair['h1'];
  chi2: { option: string; mode: string; chi2: number; ndf: number; p: number; igood: number; error?: string }[];
  ks: { option: string; error?: string; D: number; z: number; p: number; neff: (number | null)[]; pNorm?: number }[];
  ks2d?: { D: number; p_as_root: number; p_with_esum2: number };
}

/** The bins that a test with these options uses. */
function binsOf({ content, sumw2, nx, ny }: Pair['h1'], under: boolean, over: boolean): Bins {
  let cells = content.map((_, i) => i).slice(under ? 0 : 1, over ? undefined : -1);
  if (ny !== undefined && nx !== undefined) {
    cells = content
      .map((_, i) => i)
      .filter((i) => i % (nx + 2) > 0 && i % (nx + 2) <= nx && i >= nx + 2 && i < (ny + 1) * (nx + 2));
  }
  const take = (numbers: number[]) => cells.map((i) => numbers[i] as number);
  return { content: take(content), sumw2: sumw2 ? take(sumw2) : undefined };
}

function expectClose(actual: number, expected: number, what: string): void {
  const scale = Math.max(1e-9 * Math.abs(expected), 1e-300);
  expect(Math.abs(actual - expected), `${what}: ${actual} for ${expected}`).toBeLessThanOrEqual(
    expected === 0 ? 1e-9 : scale,
  );
}

describe.each(readdirSync(EXPECTED))("ROOT's statistics of %s", (file) => {
  const pair: Pair = JSON.parse(readFileSync(join(EXPECTED, file), 'utf8'));

  it.each(pair.chi2.map((one) => [one.option, one] as const))('Chi2Test "%s"', (option, wanted) => {
    const [under, over] = [option.includes('UF'), option.includes('OF')];
    const mode = /\b(UU|UW|WW)\b/.exec(option)?.[1] as Weighting | undefined;
    const [first, second] = [binsOf(pair.h1, under, over), binsOf(pair.h2, under, over)];
    const found = chi2Test(first, second, { ...(mode && { mode }), norm: option.includes('NORM') });
    expect(found.mode).toBe(wanted.mode);
    expect(found.error).toBe(wanted.error);
    expect(found.ndf).toBe(wanted.ndf);
    expect(found.igood).toBe(wanted.igood);
    expectClose(found.chi2, wanted.chi2, 'chi2');
    expectClose(found.p, wanted.p, 'p');
  });

  it.each(pair.ks.map((one) => [one.option, one] as const))('KolmogorovTest "%s"', (option, wanted) => {
    const [under, over] = [option.includes('U'), option.includes('O')];
    const found = kolmogorovTest(binsOf(pair.h1, under, over), binsOf(pair.h2, under, over));
    if (typeof found === 'string' || wanted.error !== undefined) {
      expect(found).toBe(wanted.error);
      return;
    }
    expectClose(found.distance, wanted.D, 'D');
    expectClose(found.z, wanted.z, 'z');
    for (const [i, effective] of wanted.neff.entries()) {
      if (effective === null) expect(found.effective[i]).toBeNull();
      else expectClose(found.effective[i] as number, effective, 'neff');
    }
    const { p, normalisation } = option.includes('N') ? withNormalisation(found) : { p: found.p, normalisation: 1 };
    expectClose(p, wanted.p, 'p');
    if (wanted.pNorm !== undefined) expectClose(normalisation, wanted.pNorm, 'p of the normalisation');
  });

  const { ks2d } = pair;
  it.runIf(ks2d !== undefined)('KolmogorovTest of two dimensions', () => {
    const found = kolmogorovTest2(pair.h1.nx as number, binsOf(pair.h1, false, false), binsOf(pair.h2, false, false));
    if (typeof found === 'string' || !ks2d) throw new Error(String(found));
    expectClose(found.distance, ks2d.D, 'D');
    expectClose(found.p, ks2d.p_as_root, 'p');
    expectClose(found.correctedP, ks2d.p_with_esum2, 'p without the mistake');
  });
});

describe('probabilities', () => {
  it('agree with those of scipy', () => {
    expectClose(chi2Probability(100, 10), 5.4497019829205215e-17, 'chi2.sf(100, 10)');
    expectClose(chi2Probability(1500, 1300), 8.827128122634814e-5, 'chi2.sf(1500, 1300)');
    expectClose(chi2Probability(12000, 12345), 0.9865224579785121, 'chi2.sf(12000, 12345)');
    expectClose(varianceRatioProbability(2.5, 5, 20), 0.06492704610094516, 'f.sf(2.5, 5, 20)');
    expectClose(varianceRatioProbability(1.7, 40, 160), 0.011460040414580791, 'f.sf(1.7, 40, 160)');
    expectClose(betaI(0.7, 12, 3.5), 0.22518995145912699, 'betainc(12, 3.5, 0.7)');
    expectClose(binomialProbability(3, 20, 0.5), 0.0025768280029296875, 'binomtest(3, 20, 0.5)');
    expectClose(binomialProbability(30, 110, 1 / 11), 2 * 3.139209410382351e-8, '2 binom.sf(29, 110, 1/11)');
  });
});
