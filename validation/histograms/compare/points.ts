import type { Numbers, Points } from '../model.ts';
import type { Measurement, TestResult } from '../result.ts';
import { chi2Probability } from './probability.ts';

/** Coordinates and values may differ by this share of the range that they cover. */
const TOLERANCE = 1e-6;

/** Compares a graph with the graph of one reference, point by point. */
export function comparePoints(own: Points, reference: Points): Pick<Measurement, 'found' | 'tests' | 'facts'> {
  const count = own.value.length;
  if (reference.value.length !== count || own.at.length !== reference.at.length) {
    return found('rebinned', `${reference.value.length} points became ${count}`);
  }
  for (const [axis, places] of own.at.entries()) {
    const far = farthest(places, reference.at[axis] as Numbers);
    if (far !== undefined) return found('rebinned', `point ${far + 1} is at another place`);
  }
  const far = farthest(own.value, reference.value);
  if (far === undefined) return found('compatible', `its ${count} points agree within ${TOLERANCE} of their range`);
  const worst = {
    where: `point ${far + 1}`,
    values: [reference.value[far] as number, own.value[far] as number] as [number, number],
  };
  const result = test(own, reference);
  if (result) return { tests: [result], facts: { worst } };
  const [from, to] = worst.values;
  return found('not testable', `the points have no errors; ${worst.where} went from ${number(from)} to ${number(to)}`);
}

function test(own: Points, reference: Points): TestResult | undefined {
  let chi2 = 0;
  let ndf = 0;
  let largest = 0;
  for (let i = 0; i < own.value.length; i++) {
    const variance = (own.error2[i] as number) + (reference.error2[i] as number);
    if (!(variance > 0)) continue;
    const difference = (own.value[i] as number) - (reference.value[i] as number);
    chi2 += (difference * difference) / variance;
    largest = Math.max(largest, Math.abs(difference));
    ndf++;
  }
  if (ndf === 0) return undefined;
  return {
    test: 'values',
    statistic: chi2,
    ndf,
    p: chi2Probability(chi2, ndf),
    size: largest / range(reference.value),
  };
}

/** The index of the largest difference; undefined if it is within the tolerance. */
function farthest(a: Numbers, b: Numbers): number | undefined {
  const least = TOLERANCE * range(b);
  let [largest, place]: [number, number | undefined] = [0, undefined];
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] as number) - (b[i] as number));
    if (difference > Math.max(least, largest)) [largest, place] = [difference, i];
  }
  return place;
}

/** The distance from the smallest to the largest value; if all are equal, their size. */
function range(values: Numbers): number {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    low = Math.min(low, values[i] as number);
    high = Math.max(high, values[i] as number);
  }
  return high > low ? high - low : Math.abs(high);
}

function found(state: 'rebinned' | 'compatible' | 'not testable', reason: string) {
  return { found: { state, reason }, tests: [], facts: {} };
}

function number(value: number): string {
  return String(Number(value.toPrecision(4)));
}
