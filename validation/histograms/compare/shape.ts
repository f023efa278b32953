import type { Numbers } from '../model.ts';
import type { TestName, TestResult } from '../result.ts';
import { type Bins, chi2Test, sum, variances, type Weighting } from './chi2.ts';
import { filledOf } from './filled.ts';
import { kolmogorovTest } from './kolmogorov.ts';
import { type Enough, type Groups, mergeCells, sumGroups } from './merge.ts';
import { binomialProbability, chi2Probability, kolmogorovOfLearnt, kolmogorovProbability } from './probability.ts';
import { LEARN_FROM, learnSpread, probability, type Spread, sizeOf } from './spread.ts';

/** The least number of effective entries of a bin of a χ² test, in both histograms. */
const ENOUGH = 10;
/**
 * The least number of effective entries of such a bin with weights. The errors then come from the contents themselves, and are
 * too small where the content is small by chance.
 */
const ENOUGH_WEIGHTED = 60;
/** Root mean square of the Kolmogorov distance z of equal distributions: √(π²/12). */
const RMS_Z = Math.PI / Math.sqrt(12);
/** The square of such a z has the relative variance of a χ² with five degrees of freedom. */
const FREEDOM_OF_DISTANCE = 5;
/** A shift of a normal distribution by one standard deviation makes a distance of 0.4. */
const DISTANCE_OF_SHIFT = 0.4;
/** A smaller pull is never significant, so it needs no exact probability. */
const SMALL_PULL = 3;

/** The compared cells of one histogram. */
export interface Shape {
  bins: Bins;
  sum: number;
  effective: number;
}

export function shapeOf(bins: Bins): Shape {
  const total = sum(bins.content);
  const squares = bins.sumw2 ? sum(bins.sumw2) : total;
  return { bins, sum: total, effective: squares > 0 ? total ** 2 / squares : 0 };
}

/** Adds several histograms. */
export function together(shapes: readonly Shape[]): Shape {
  const [only] = shapes;
  if (only && shapes.length === 1) return only;
  const add = (pick: (bins: Bins) => Numbers): Float64Array => {
    const out = new Float64Array(only?.bins.content.length ?? 0);
    for (const { bins } of shapes) {
      const values = pick(bins);
      for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) + (values[i] as number);
    }
    return out;
  };
  const weighted = shapes.some(({ bins }) => bins.sumw2);
  return shapeOf({ content: add(({ content }) => content), sumw2: weighted ? add(variances) : undefined });
}

export interface ShapeTests {
  tests: TestResult[];
  spread: Spread;
  /** The group of cells that differs most, and its contents: of the reference, scaled to the new one, and of the new one. */
  worst?: { cells: Groups; group: number; values: [number, number] };
}

/**
 * Compares the shapes of a histogram and its references.
 * @param line the number of cells of the region along each axis
 * @param ordered whether the order of bins has a meaning, so that shapes can be cumulated
 */
export function compareShapes(
  line: readonly number[],
  own: Shape,
  references: readonly Shape[],
  ordered: boolean,
  name: TestName = 'shape',
): ShapeTests {
  const reference = together(references);
  const mode: Weighting = own.bins.sumw2 || reference.bins.sumw2 ? 'WW' : 'UU';
  const cells = mergeCells(line, ...merging(own, reference, mode));
  const merged = (shape: Shape): Shape =>
    shapeOf({
      content: sumGroups(shape.bins.content, cells),
      sumw2: shape.bins.sumw2 && sumGroups(shape.bins.sumw2, cells),
    });
  const [a, b] = [merged(own), merged(reference)];
  const tests: TestResult[] = [];
  const mergedReferences = references.map(merged);
  const spread = learnSpread(mergedReferences, (one, others) => {
    const { chi2, ndf, error } = chi2Test(one.bins, together(others).bins, { mode });
    return error === undefined ? { chi2, ndf } : undefined;
  });
  const shown = spread.factor > 1 ? { spread: spread.factor } : {};
  const entries = (own.effective * reference.effective) / (own.effective + reference.effective);
  const { chi2, ndf, error } = chi2Test(a.bins, b.bins, { mode });
  let worst: ShapeTests['worst'];
  if (error === undefined && ndf > 0) {
    const p = probability(chi2, ndf, spread);
    tests.push({ test: name, statistic: chi2, ndf, p, size: sizeOf(chi2, ndf, entries, spread), ...shown });
    const bin = worstBin(a, b, spreadOfBins(mergedReferences, spread.factor));
    if (bin) {
      worst = { cells, group: bin.group, values: bin.values };
      if (name === 'shape') tests.push({ test: 'bin', statistic: bin.pull, p: bin.p, size: bin.size, ...shown });
    }
  }
  if (ordered && line.length === 1) {
    const distance = cumulated(own, reference, references, spread);
    if (distance) tests.push(distance);
  }
  return { tests, spread, ...(worst && { worst }) };
}

/** The quantities that decide how cells are merged. They are expectations, so that the two histograms count equally. */
function merging(own: Shape, reference: Shape, mode: Weighting): [Numbers[], Enough] {
  const length = own.bins.content.length;
  const pooled = new Float64Array(length);
  const scale = mode === 'UU' ? 1 : own.sum / reference.sum;
  addTo(pooled, own.bins.content, 1);
  addTo(pooled, reference.bins.content, scale);
  if (mode === 'UU') {
    const share = Math.min(own.sum, reference.sum) / (own.sum + reference.sum);
    return [[pooled], (sums) => (sums[0] as number) * share >= ENOUGH];
  }
  const scaledContent = Float64Array.from(reference.bins.content, (value) => value * scale);
  const scaledErrors = Float64Array.from(variances(reference.bins), (error) => error * scale * scale);
  return [
    [pooled, own.bins.content, variances(own.bins), scaledContent, scaledErrors],
    ([content = 0, w1 = 0, e1 = 0, w2 = 0, e2 = 0]) =>
      w1 * w1 >= ENOUGH * e1 &&
      w2 * w2 >= ENOUGH * e2 &&
      Math.min(e1, e2) > 0 &&
      (content / 2) ** 2 >= ENOUGH_WEIGHTED * Math.max(e1, e2),
  ];
}

function addTo(sums: Float64Array, values: Numbers, scale: number): void {
  const filled = filledOf(values);
  const length = filled?.length ?? values.length;
  for (let k = 0; k < length; k++) {
    const i = filled?.[k] ?? k;
    sums[i] = (sums[i] as number) + scale * (values[i] as number);
  }
}

interface WorstBin {
  group: number;
  pull: number;
  p: number;
  size: number;
  values: [number, number];
}

/** The spread of each bin among the references: correlated entries do not increase the spread of all bins equally. */
function spreadOfBins(references: readonly Shape[], least: number): Float64Array | undefined {
  if (references.length < LEARN_FROM) return undefined;
  const pulls = references.map((one, i) => pullsOf(one, together(references.filter((_, other) => other !== i))));
  return Float64Array.from(pulls[0] ?? [], (_, group) => {
    return Math.max(least, pulls.reduce((sum, pull) => sum + (pull[group] as number) ** 2, 0) / pulls.length);
  });
}

/** The difference in each bin, in standard deviations of numbers of entries. */
function pullsOf(a: Shape, b: Shape): Float64Array {
  const first = a.bins.content;
  const second = b.bins.content;
  const va = variances(a.bins);
  const vb = variances(b.bins);
  const scale = a.sum / b.sum;
  const weighted = a.bins.sumw2 !== undefined || b.bins.sumw2 !== undefined;
  const pulls = new Float64Array(first.length);
  for (let i = 0; i < pulls.length; i++) {
    const x = first[i] as number;
    const y = second[i] as number;
    // For counts, the variance is estimated from the sum of both, because both have the same expectation.
    const variance = weighted ? (va[i] as number) + scale * scale * (vb[i] as number) : (x + y) * scale;
    if (variance > 0) pulls[i] = (x - scale * y) / Math.sqrt(variance);
  }
  return pulls;
}

/** The bin with the largest pull. Its probability takes the number of bins into account. */
function worstBin(a: Shape, b: Shape, spread: ArrayLike<number> | undefined): WorstBin | undefined {
  const pulls = pullsOf(a, b);
  let worst: { group: number; pull: number } | undefined;
  for (let group = 0; group < pulls.length; group++) {
    const pull = (pulls[group] as number) / Math.sqrt(spread?.[group] ?? 1);
    if (worst === undefined || Math.abs(pull) > Math.abs(worst.pull)) worst = { group, pull };
  }
  if (!worst) return undefined;
  const { group, pull } = worst;
  const p = Math.abs(pull) < SMALL_PULL ? 1 : exact(a, b, group, pull, spread?.[group] ?? 1);
  const x = a.bins.content[group] as number;
  const y = (a.sum / b.sum) * (b.bins.content[group] as number);
  const size = x === y ? 0 : Math.abs(x - y) / (Math.abs(x) + Math.abs(y));
  return { ...worst, p: Math.min(1, pulls.length * p), size, values: [y, x] };
}

/**
 * The probability of the two contents of a bin. The normal approximation is wrong for few entries, so the result is at least
 * the binomial probability of this split of the entries.
 */
function exact(a: Shape, b: Shape, group: number, pull: number, factor: number): number {
  const [n1, n2] = [entriesIn(a, group) / factor, entriesIn(b, group) / factor];
  const all = Math.round(n1 + n2);
  const binomial = binomialProbability(Math.min(all, Math.round(n1)), all, a.effective / (a.effective + b.effective));
  return Math.max(chi2Probability(pull * pull, 1), binomial);
}

function entriesIn({ bins }: Shape, group: number): number {
  const error = variances(bins)[group] as number;
  return error > 0 ? (bins.content[group] as number) ** 2 / error : 0;
}

/**
 * The Kolmogorov-Smirnov test.
 * @param spread estimated from the bins. It is a lower limit: correlated entries are in neighbouring bins too, so the spread
 *   of the cumulated shapes is never smaller
 */
function cumulated(own: Shape, reference: Shape, references: readonly Shape[], spread: Spread): TestResult | undefined {
  const found = kolmogorovTest(own.bins, reference.bins);
  if (typeof found === 'string' || filledCells(own, reference) < 2) return undefined;
  const learnt = learnSpread(references, (one, others) => {
    const result = kolmogorovTest(one.bins, together(others).bins);
    return typeof result === 'string' ? undefined : { chi2: (result.z / RMS_Z) ** 2, ndf: 1 };
  });
  const factor = Math.max(spread.factor, learnt.factor);
  const z = found.z / Math.sqrt(factor);
  return {
    test: 'cumulated',
    statistic: z,
    p: factor > 1 ? kolmogorovOfLearnt(z, FREEDOM_OF_DISTANCE * (references.length - 1)) : kolmogorovProbability(z),
    size: found.distance / DISTANCE_OF_SHIFT,
    ...(factor > 1 && { spread: factor }),
  };
}

function filledCells(a: Shape, b: Shape): number {
  let count = 0;
  for (let i = 0; i < a.bins.content.length; i++) {
    if (a.bins.content[i] !== 0 || b.bins.content[i] !== 0) count++;
  }
  return count;
}
