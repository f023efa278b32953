import type { Numbers } from '../model.ts';
import type { TestResult } from '../result.ts';
import { type Groups, mergeCells, sumGroups } from './merge.ts';
import { binomialProbability } from './probability.ts';
import { learnSpread, probability, type Spread, sizeOf } from './spread.ts';

/** The least number of passed entries, and of failed entries, that is expected in a bin of the test. */
const ENOUGH = 10;

/** Effective entries of each cell. */
export interface Passing {
  passed: Numbers;
  failed: Numbers;
}

export interface EfficiencyTest {
  test?: TestResult;
  worst?: { cells: Groups; group: number; values: [number, number] };
}

/**
 * Compares efficiencies with two tests: bin by bin, and for all bins together, which detects a small loss in every bin best.
 * The test with the smaller probability counts; its probability is doubled, because there are two tests.
 */
export function compareEfficiencies(
  line: readonly number[],
  own: Passing,
  references: readonly Passing[],
): EfficiencyTest {
  const reference = add(references);
  const [n1, n2] = [total(own), total(reference)];
  const share = Math.min(n1, n2) / (n1 + n2);
  const pooled = add([own, reference]);
  const cells = mergeCells(
    line,
    [pooled.passed, pooled.failed],
    ([passed = 0, failed = 0]) => Math.min(passed, failed) * share >= ENOUGH,
  );
  const one: Groups = { of: new Int32Array(cells.of.length), count: 1 };
  const byBin = compareIn(cells, own, reference, references);
  const overall = compareIn(one, own, reference, references);
  if (!byBin.test || !overall.test) return overall;
  const test = overall.test.p < byBin.test.p ? overall.test : byBin.test;
  return { ...byBin, test: { ...test, p: Math.min(1, 2 * test.p) } };
}

function compareIn(cells: Groups, own: Passing, reference: Passing, references: readonly Passing[]): EfficiencyTest {
  const merged = ({ passed, failed }: Passing): Passing => ({
    passed: sumGroups(passed, cells),
    failed: sumGroups(failed, cells),
  });
  const spread = learnSpread(references.map(merged), (one, others) => tables(one, add(others)));
  const [a, b] = [merged(own), merged(reference)];
  const { chi2, ndf, entries, worst } = tables(a, b);
  if (ndf === 0) return {};
  const test: TestResult = {
    test: 'efficiency',
    statistic: chi2,
    ndf,
    p: ndf === 1 ? exact(a, b, worst?.group ?? 0, spread) : probability(chi2, ndf, spread),
    size: sizeOf(chi2, ndf, entries, spread),
    ...(spread.factor > 1 && { spread: spread.factor }),
  };
  return { test, ...(worst && { worst: { cells, group: worst.group, values: worst.values } }) };
}

interface Tables {
  chi2: number;
  ndf: number;
  entries: number;
  worst?: { group: number; chi2: number; values: [number, number] };
}

function tables(a: Passing, b: Passing): Tables {
  const out: Tables = { chi2: 0, ndf: 0, entries: 0 };
  for (let i = 0; i < a.passed.length; i++) {
    const [p1, f1, p2, f2] = [a.passed[i], a.failed[i], b.passed[i], b.failed[i]] as [number, number, number, number];
    const [n1, n2] = [p1 + f1, p2 + f2];
    // If all entries passed, or all failed, in both, the efficiencies are equal.
    if (n1 <= 0 || n2 <= 0 || p1 + p2 <= 0 || f1 + f2 <= 0) continue;
    const chi2 = ((p1 * f2 - p2 * f1) ** 2 * (n1 + n2)) / (n1 * n2 * (p1 + p2) * (f1 + f2));
    out.chi2 += chi2;
    out.ndf++;
    out.entries += (n1 * n2) / (n1 + n2);
    if (!out.worst || chi2 > out.worst.chi2) out.worst = { group: i, chi2, values: [p2 / n2, p1 / n1] };
  }
  return out;
}

/** The exact probability for a single bin, which may have few passed or few failed entries. */
function exact(a: Passing, b: Passing, group: number, { factor }: Spread): number {
  const [p1, f1, p2, f2] = [a.passed[group], a.failed[group], b.passed[group], b.failed[group]].map(
    (value) => (value ?? 0) / factor,
  ) as [number, number, number, number];
  const [few1, few2] = f1 + f2 < p1 + p2 ? [f1, f2] : [p1, p2];
  const all = Math.round(few1 + few2);
  return binomialProbability(Math.min(all, Math.round(few1)), all, (p1 + f1) / (p1 + f1 + p2 + f2));
}

function add(all: readonly Passing[]): Passing {
  const length = all[0]?.passed.length ?? 0;
  const [passed, failed] = [new Float64Array(length), new Float64Array(length)];
  for (const one of all) {
    for (let i = 0; i < length; i++) {
      passed[i] = (passed[i] as number) + (one.passed[i] as number);
      failed[i] = (failed[i] as number) + (one.failed[i] as number);
    }
  }
  return { passed, failed };
}

function total({ passed, failed }: Passing): number {
  let sum = 0;
  for (let i = 0; i < passed.length; i++) sum += (passed[i] as number) + (failed[i] as number);
  return sum;
}
