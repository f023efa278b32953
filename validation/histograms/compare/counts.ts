import type { Axis, Counts } from '../model.ts';
import type { Facts, Measurement, TestName, TestResult, Total } from '../result.ts';
import { isLabelled } from './axes.ts';
import { flowOf, type Region, regionOf, take } from './cells.ts';
import { sum } from './chi2.ts';
import { momentsOf, placeOf } from './facts.ts';
import { filledOf } from './filled.ts';
import { compareFlow } from './flow.ts';
import { compareShapes, type Shape, type ShapeTests, shapeOf, together } from './shape.ts';
import type { Spread } from './spread.ts';

/** Contents without errors differ only by rounding if they agree within this share of the largest content. */
const ROUNDING = 1e-6;

type Measured = Pick<Measurement, 'found' | 'tests' | 'facts'>;

/** Compares histograms of counts or of sums of weights. They are not empty and have the same axes. */
export function measureCounts(
  own: Counts,
  references: readonly Counts[],
  range: readonly [number, number] | undefined,
): Measured {
  const { axes } = own;
  const region = regionOf(axes, range);
  const shapes = references.map((one) => shapeIn(one, region));
  const shape = shapeIn(own, region);
  const filled = shapes.filter((one) => one.sum !== 0);
  if (shape.sum === 0 || filled.length === 0) return outside(shape.sum === 0);
  const reason = notCounts(own, references);
  if (reason) return withoutErrors(own, references[0] as Counts, reason);
  if (!(shape.sum > 0 && filled.every((one) => one.sum > 0))) {
    return { found: { state: 'not testable', reason: 'its sum of weights is negative' }, tests: [], facts: {} };
  }
  const ordered = axes.length === 1 && !isLabelled(axes[0] as Axis);
  const compared = compareShapes(region.shape, shape, filled, ordered);
  const tests = [...compared.tests, ...flowTests(own, references, compared.spread)];
  const facts = factsOf(axes, region, shape, together(filled), compared);
  return { ...untested(tests, shape, together(filled)), facts };
}

/** The cells of a region. Errors are set only if they differ from those of counts. */
export function shapeIn(counts: Counts, region: Region): Shape {
  const content = take(counts.content, region);
  const { sumw2, weight } = counts;
  if (weight !== undefined) return shapeOf({ content, sumw2: content.map((value) => value * weight) });
  const errors = sumw2 && take(sumw2, region);
  return shapeOf({ content, sumw2: errors?.some((error, i) => error !== content[i]) ? errors : undefined });
}

function untested(tests: TestResult[], own: Shape, reference: Shape): Pick<Measurement, 'found' | 'tests'> {
  if (tests.some(({ test }) => test === 'shape' || test === 'cumulated')) return { tests };
  const entries = Math.min(own.effective, reference.effective);
  const reason =
    entries < 20
      ? `too few entries for a test: ${Math.round(own.effective)}, in the reference ${Math.round(reference.effective)}`
      : 'all its entries are in one bin: there is no shape to compare';
  return tests.length > 0 && entries >= 20 ? { tests } : { found: { state: 'not testable', reason }, tests };
}

function outside(isOwn: boolean): Measured {
  const reason = isOwn
    ? 'all its entries are outside of the range'
    : 'the reference has all entries outside of the range';
  return { found: { state: 'empty in one', reason }, tests: [], facts: {} };
}

/** The reason why contents without errors cannot be counts; undefined if they can. */
function notCounts(own: Counts, references: readonly Counts[]): string | undefined {
  for (const { content, sumw2, weight } of [own, ...references]) {
    if (sumw2 || weight !== undefined || content instanceof Int32Array) continue;
    const filled = filledOf(content);
    const length = filled?.length ?? content.length;
    for (let i = 0; i < length; i++) {
      const value = content[filled?.[i] ?? i] as number;
      if (value < 0 || value !== Math.floor(value))
        return `its contents are no counts (${value}), and it has no errors`;
    }
  }
  return undefined;
}

function withoutErrors(own: Counts, reference: Counts, reason: string): Measured {
  let largest = 0;
  let difference = 0;
  for (let i = 0; i < own.content.length; i++) {
    const [a, b] = [own.content[i] as number, reference.content[i] as number];
    largest = Math.max(largest, Math.abs(a), Math.abs(b));
    difference = Math.max(difference, Math.abs(a - b));
  }
  const state = difference <= ROUNDING * largest ? 'compatible' : 'not testable';
  const text = state === 'compatible' ? `its contents agree within ${ROUNDING} of the largest` : reason;
  return { found: { state, reason: text }, tests: [], facts: {} };
}

/** Tests of under- and overflow. They are separate, because these often differ by very few entries. */
function flowTests(own: Counts, references: readonly Counts[], spread: Spread): TestResult[] {
  const factors = [own, ...references].map(weightOf);
  const shares = [own, ...references].map(({ content, axes }, i) => {
    const flow = flowOf(content, axes);
    const outer = flow.reduce((total, part) => total + part.sum, 0);
    const inside = sum(content) - outer;
    return flow.map((part) => ({
      name: part.name as TestName,
      share: {
        outside: Math.max(0, part.sum / (factors[i] as number)),
        inside: Math.max(0, inside / (factors[i] as number)),
      },
    }));
  });
  const [first, ...others] = shares;
  return (first ?? []).flatMap(({ name, share }, i) => {
    const result = compareFlow(
      name,
      share,
      others.map((one) => one[i]?.share ?? { outside: 0, inside: 0 }),
      spread,
    );
    return result ? [result] : [];
  });
}

/** The mean weight of an entry. */
function weightOf({ content, sumw2, weight }: Counts): number {
  if (weight !== undefined) return weight;
  const total = sum(content);
  const squares = sumw2 ? sum(sumw2) : total;
  return total > 0 && squares > 0 ? squares / total : 1;
}

/** The total of a histogram. @param bin only this bin, by its label or number; default: all cells */
export function totalOf(counts: Counts, bin?: string | number): Total | null {
  const [axis] = counts.axes;
  const labels = [...(axis?.labels ?? [])];
  const cell = typeof bin === 'string' ? labels.find(([, text]) => text === bin)?.[0] : bin;
  const total = bin === undefined ? sum(counts.content) : counts.content[cell ?? -1];
  return total === undefined ? null : { sum: total, effective: Math.abs(total) / weightOf(counts) };
}

function factsOf(axes: readonly Axis[], region: Region, own: Shape, reference: Shape, { worst }: ShapeTests): Facts {
  const moments = axes.length === 1 ? momentsOf(axes[0] as Axis, region, own.bins.content, reference.bins.content) : {};
  if (!worst) return moments;
  return { ...moments, worst: { where: placeOf(axes, region, worst.cells, worst.group), values: worst.values } };
}
