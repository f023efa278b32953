import type { Efficiency } from '../model.ts';
import type { Facts, Measurement } from '../result.ts';
import { regionOf, take } from './cells.ts';
import { shapeIn } from './counts.ts';
import { compareEfficiencies, type Passing } from './efficiency.ts';
import { placeOf } from './facts.ts';
import { compareShapes } from './shape.ts';

/** Compares efficiencies on the same axes: the shares of passed entries, and the distributions of all entries. */
export function measureEfficiency(
  own: Efficiency,
  references: readonly Efficiency[],
  range: readonly [number, number] | undefined,
): Pick<Measurement, 'found' | 'tests' | 'facts'> {
  const region = regionOf(own.axes, range);
  // With weights, the number of entries is the one that has the same relative error.
  const passingOf = ({ passed, total }: Efficiency): Passing => {
    const tried = take(total.content, region);
    const errors = total.sumw2 && take(total.sumw2, region);
    const entries = tried.map((value, i) => {
      const error = errors?.[i] ?? value * (total.weight ?? 1);
      return error > 0 ? (value * value) / error : 0;
    });
    const rate = take(passed.content, region).map((value, i) => {
      const all = tried[i] as number;
      return all > 0 ? Math.min(1, Math.max(0, value / all)) : 0;
    });
    return {
      passed: entries.map((n, i) => n * (rate[i] as number)),
      failed: entries.map((n, i) => n * (1 - (rate[i] as number))),
    };
  };
  const { test, worst } = compareEfficiencies(region.shape, passingOf(own), references.map(passingOf));
  const tried = shapeIn(own.total, region);
  const others = references.map(({ total }) => shapeIn(total, region)).filter((one) => one.sum > 0);
  if (!(tried.sum > 0) || others.length === 0) {
    const reason = `${tried.sum > 0 ? 'the reference has' : 'it has'} no entries in the range`;
    return { found: { state: 'empty in one', reason }, tests: [], facts: {} };
  }
  const spread = compareShapes(region.shape, tried, others, false, 'entries');
  const tests = [...(test ? [test] : []), ...spread.tests];
  const facts: Facts = worst
    ? { worst: { where: placeOf(own.axes, region, worst.cells, worst.group), values: worst.values } }
    : {};
  if (tests.length > 0) return { tests, facts };
  return { found: { state: 'not testable', reason: 'too few entries for a test' }, tests, facts };
}
