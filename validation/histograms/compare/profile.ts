import type { Profile } from '../model.ts';
import type { Facts, Measurement } from '../result.ts';
import { regionOf, take } from './cells.ts';
import { placeOf } from './facts.ts';
import { compareMeans, type Sums } from './means.ts';
import { compareShapes, shapeOf } from './shape.ts';

/** Compares profiles on the same axes: their means, and the distributions of their entries. */
export function measureProfile(
  own: Profile,
  references: readonly Profile[],
  range: readonly [number, number] | undefined,
): Pick<Measurement, 'found' | 'tests' | 'facts'> {
  const region = regionOf(own.axes, range);
  const sumsOf = ({ sumW, sumWY, sumWY2, sumW2 }: Profile): Sums => ({
    w: take(sumW, region),
    wy: take(sumWY, region),
    wy2: take(sumWY2, region),
    w2: take(sumW2 ?? sumW, region),
  });
  const [sums, others] = [sumsOf(own), references.map(sumsOf)];
  const entriesOf = ({ w, w2 }: Sums) => shapeOf({ content: w, sumw2: w2.length > 0 && !same(w, w2) ? w2 : undefined });
  const [entries, otherEntries] = [entriesOf(sums), others.map(entriesOf).filter((one) => one.sum > 0)];
  if (!(entries.sum > 0) || otherEntries.length === 0) {
    const reason = `${entries.sum > 0 ? 'the reference has' : 'it has'} no entries in the range`;
    return { found: { state: 'empty in one', reason }, tests: [], facts: {} };
  }
  const means = compareMeans(region.shape, sums, others);
  const spread = compareShapes(region.shape, entries, otherEntries, false, 'entries');
  const tests = [...(means.test ? [means.test] : []), ...spread.tests];
  const facts: Facts = means.worst
    ? { worst: { where: placeOf(own.axes, region, means.worst.cells, means.worst.group), values: means.worst.values } }
    : {};
  if (means.test) return { tests, facts };
  return { found: { state: 'not testable', reason: 'no bin has entries enough for a mean in both' }, tests: [], facts };
}

function same(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
