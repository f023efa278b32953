import { describe, expect, it } from 'vitest';
import { measure } from '../../../validation/histograms/compare/measure.ts';
import { chi2Probability } from '../../../validation/histograms/compare/probability.ts';
import type { Axis, Counts, Efficiency, Profile, Quantity } from '../../../validation/histograms/model.ts';
import { quantityOf } from '../../../validation/histograms/read/quantity.ts';
import { axis, counts, object, randomOf } from './quantities.ts';

/** χ² as in textbooks, and slow. It shares no code with the tested implementation. */
const Slow = {
  /** Groups of neighbouring bins with at least ten expected entries in both; the rest goes to the last group. */
  groups(a: number[], b: number[]): number[][] {
    const total = (list: number[]) => list.reduce((sum, x) => sum + x, 0);
    const share = Math.min(total(a), total(b)) / (total(a) + total(b));
    const made: number[][] = [[]];
    for (let i = 0; i < a.length; i++) {
      (made.at(-1) as number[]).push(i);
      const pooled = (made.at(-1) as number[]).reduce((sum, j) => sum + (a[j] as number) + (b[j] as number), 0);
      if (pooled * share >= 10) made.push([]);
    }
    const rest = made.pop() as number[];
    if (made.length === 0) return [rest];
    (made.at(-1) as number[]).push(...rest);
    return made;
  },

  /** Pearson's χ² of a table of two rows: sums of (seen − expected)² / expected. */
  table(rows: [number[], number[]]): { chi2: number; ndf: number } {
    const all = rows.flat().reduce((sum, x) => sum + x, 0);
    let chi2 = 0;
    let columns = 0;
    for (let i = 0; i < rows[0].length; i++) {
      const column = (rows[0][i] as number) + (rows[1][i] as number);
      if (column === 0) continue;
      columns++;
      for (const row of rows) {
        const expected = (row.reduce((sum, x) => sum + x, 0) * column) / all;
        chi2 += ((row[i] as number) - expected) ** 2 / expected;
      }
    }
    return { chi2, ndf: columns - 1 };
  },
};

const tests = (own: Quantity, reference: Quantity) => {
  const measured = measure(['h'], object(own), [object(reference)]);
  return {
    ...measured,
    of: (name: string) => measured.tests.find(({ test }) => test === name),
  };
};
const close = (actual: number | undefined, expected: number): void =>
  expect(Math.abs((actual ?? Number.NaN) - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)));

const { uniform, normal } = randomOf(20261129);
/** A number of entries. */
function poisson(mean: number): number {
  if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
  let [k, product] = [0, uniform()];
  for (const limit = Math.exp(-mean); product > limit; k++) product *= uniform();
  return k;
}
const shape = (bins: number, scale: number): number[] =>
  Array.from({ length: bins }, (_, i) => poisson(scale * Math.exp(-0.5 * ((i - bins / 2) / (bins / 6)) ** 2)));

describe('an independent implementation gives the same result', () => {
  it('for counts', () => {
    for (let n = 0; n < 300; n++) {
      const bins = 2 + Math.floor(uniform() * 60);
      const [a, b] = [shape(bins, 1 + 300 * uniform()), shape(bins, 1 + 300 * uniform())];
      const groups = Slow.groups(a, b);
      const merged = (list: number[]) => groups.map((group) => group.reduce((sum, i) => sum + (list[i] as number), 0));
      const { chi2, ndf } = Slow.table([merged(a), merged(b)]);
      const found = tests(counts([axis(bins, 0, 1)], [0, ...a, 0]), counts([axis(bins, 0, 1)], [0, ...b, 0])).of(
        'shape',
      );
      if (ndf < 1) {
        expect(found).toBeUndefined();
        continue;
      }
      close(found?.statistic, chi2);
      expect(found?.ndf).toBe(ndf);
      close(found?.p, chi2Probability(chi2, ndf));
    }
  });

  it('for an efficiency in one bin, which is a 2 × 2 table', () => {
    for (let n = 0; n < 100; n++) {
      const [tried1, tried2] = [500 + poisson(500), 500 + poisson(500)];
      const [passed1, passed2] = [Math.round(tried1 * (0.3 + 0.4 * uniform())), Math.round(tried2 * 0.5)];
      const on = [axis(1, 0, 1)];
      const one = (passed: number, total: number): Efficiency => ({
        ...{ kind: 'efficiency', axes: on },
        ...{ passed: counts(on, [0, passed, 0]), total: counts(on, [0, total, 0]) },
      });
      const { chi2 } = Slow.table([
        [passed1, tried1 - passed1],
        [passed2, tried2 - passed2],
      ]);
      close(tests(one(passed1, tried1), one(passed2, tried2)).of('efficiency')?.statistic, chi2);
    }
  });

  it('for the means of a profile with many entries, which are normally distributed', () => {
    const on = [axis(3, 0, 3)];
    for (let n = 0; n < 50; n++) {
      const values = [1, 2].map(() => [1, 2, 3].map(() => Array.from({ length: 4000 }, () => normal())));
      const profile = (bins: number[][]): Profile => {
        const sums = (power: number) => [0, ...bins.map((list) => list.reduce((sum, y) => sum + y ** power, 0)), 0];
        return { kind: 'profile', axes: on, sumW: sums(0), sumWY: sums(1), sumWY2: sums(2), entries: 12000 };
      };
      let chi2 = 0;
      for (let bin = 0; bin < 3; bin++) {
        const [one, two] = values.map((bins) => {
          const list = bins[bin] as number[];
          const mean = list.reduce((sum, y) => sum + y, 0) / list.length;
          return { mean, error2: list.reduce((sum, y) => sum + (y - mean) ** 2, 0) / (list.length - 1) / list.length };
        }) as [{ mean: number; error2: number }, { mean: number; error2: number }];
        chi2 += (one.mean - two.mean) ** 2 / (one.error2 + two.error2);
      }
      const found = tests(profile(values[0] as number[][]), profile(values[1] as number[][])).of('means');
      // Student's distribution has slightly wider tails.
      expect(Math.abs((found?.statistic ?? 0) - chi2)).toBeLessThanOrEqual(0.002 * chi2 + 1e-6);
      expect(found?.ndf).toBe(3);
    }
  });
});

describe('chance and scale', () => {
  const on: Axis[] = [axis(40, 0, 1)];
  const weighted = (content: number[], weight: (bin: number) => number): Counts =>
    counts(on, [0, ...content.map((n, i) => n * weight(i)), 0], {
      sumw2: [0, ...content.map((n, i) => n * weight(i) ** 2), 0],
    });

  it('do not change a histogram that is only scaled', () => {
    const [a, b] = [shape(40, 100), shape(40, 200)];
    const plain = tests(
      weighted(a, () => 1.0000001),
      weighted(b, () => 1.0000001),
    ).of('shape');
    const scaled = tests(
      weighted(a, () => 1e-6),
      weighted(b, () => 250),
    ).of('shape');
    expect(scaled?.ndf).toBe(plain?.ndf);
    expect(Math.abs((scaled?.statistic ?? 0) / (plain?.statistic ?? 0) - 1)).toBeLessThan(1e-5);
  });

  it.each<[string, (n: number) => [Quantity, Quantity]]>([
    ['weights', () => [weighted(shape(40, 300), (i) => 1 + i / 10), weighted(shape(40, 900), (i) => 1 + i / 10)]],
    [
      'counts that were scaled, against counts',
      () => [weighted(shape(40, 300), () => 0.01), counts(on, [0, ...shape(40, 200), 0])],
    ],
    ['some negative weights', () => [negative(), negative()]],
    ['bins of different widths', () => [wide(), wide()]],
    ['few entries', () => [counts(on, [0, ...shape(40, 0.6), 0]), counts(on, [0, ...shape(40, 0.6), 0])]],
    ['averages', () => [average(), average()]],
    ['an efficiency with weights', () => [efficient(), efficient()]],
  ])('%s: chance makes no difference', (_, make) => {
    const least: number[] = [];
    for (let n = 0; n < 400; n++) {
      const { tests: all, found } = tests(...make(n));
      if (found) expect(found.state).toMatch(/not testable|compatible|identical/);
      least.push(Math.min(1, ...all.map(({ p }) => p * all.length)));
    }
    // About 4 of 400 such numbers are below 1 %.
    expect(least.filter((p) => p < 0.01).length).toBeLessThanOrEqual(14);
    expect(Math.min(...least)).toBeGreaterThan(1e-6);
  });

  function negative(): Counts {
    const good = shape(40, 400);
    const bad = good.map((n) => poisson(n * 0.1));
    return counts(on, [0, ...good.map((n, i) => n - (bad[i] as number)), 0], {
      sumw2: [0, ...good.map((n, i) => n + (bad[i] as number)), 0],
    });
  }
  function wide(): Counts {
    const edges = Array.from({ length: 13 }, (_, i) => i * i);
    return counts([axis(12, 0, 144, { edges })], [0, ...shape(12, 80), 0]);
  }
  function average(): Quantity {
    const bins = 20;
    const error = 0.1;
    const values = Array.from({ length: bins }, (_, i) => Math.sin(i) + error * normal());
    const one = { fNbins: 1, fXmin: 0, fXmax: 1, fXbins: [] };
    const what = quantityOf(
      {
        ...{ fNcells: bins + 2, fXaxis: { ...one, fNbins: bins }, fYaxis: one, fZaxis: one, fBits: 1 << 18 },
        fArray: [0, ...values, 0],
        fSumw2: Array(bins + 2).fill(error ** 2),
        ...{ fEntries: bins, fTsumw: 0, fTsumw2: 0 },
      },
      'TH1D',
    );
    if (!('quantity' in what)) throw new Error(JSON.stringify(what));
    expect(what.quantity.kind).toBe('points');
    return what.quantity;
  }
  function efficient(): Efficiency {
    const tried = Array.from({ length: 40 }, () => poisson(100));
    const passed = tried.map((n) => Array.from({ length: n }, () => uniform()).filter((u) => u < 0.4).length);
    return { kind: 'efficiency', axes: on, passed: weighted(passed, () => 2.5), total: weighted(tried, () => 2.5) };
  }
});

describe('kinds of histograms that have no test', () => {
  const one = { fNbins: 1, fXmin: 0, fXmax: 1, fXbins: [] };
  const base = { fNcells: 3, fXaxis: one, fYaxis: one, fZaxis: one, fArray: [0, 1, 0], fSumw2: [], fEntries: 1 };

  it.each(['TH1K', 'TH2Poly', 'TProfile2Poly', 'THnSparseT<TArrayF>', 'THnD', 'TGraph2DErrors'])('%s', (className) => {
    expect(quantityOf(base, className)).toEqual({ untestable: `there is no test for the class ${className}` });
  });

  it.each<[string, object, string, RegExp]>([
    ['an axis without a range', { fXaxis: { ...one, fXmax: 0 } }, 'TH1F', /fill buffer, and an axis has no range yet/],
    ['an entry outside of an axis that grows', { fXaxis: { ...one, fXmax: 0.6, fBits2: 2 } }, 'TH1F', /that grows/],
    ['a profile', { fBinEntries: [0, 0, 0] }, 'TProfile', /still in its fill buffer/],
  ])('entries in the fill buffer, and %s', (_, more, className, reason) => {
    const object = { ...base, fBuffer: [2, 1, 0.5, 1, 0.7], fTsumw: 0, fTsumw2: 0, ...more };
    expect(quantityOf(object, className)).toEqual({ untestable: expect.stringMatching(reason) });
  });
});

describe('entries in the fill buffer', () => {
  const x = { fNbins: 2, fXmin: 0, fXmax: 2, fXbins: [] };
  const y = { fNbins: 1, fXmin: 0, fXmax: 1, fXbins: [] };
  const base = { fXaxis: x, fYaxis: y, fZaxis: y, fSumw2: [], fEntries: 1, fTsumw: 0, fTsumw2: 0 };
  const inCells = (object: object, className: string): unknown => {
    const what = quantityOf({ ...base, ...object }, className);
    if (!('quantity' in what) || what.quantity.kind !== 'counts') return what;
    const { content, sumw2, entries } = what.quantity;
    return { content: [...Array.from(content)], sumw2: sumw2 && Array.from(sumw2), entries };
  };

  it('are put into bins, with what the bins hold already', () => {
    const fBuffer = Float64Array.of(5, 1, 0.5, 1, 1.5, 1, 2, 1, -1, 1, Number.NaN, 1, 0.5);
    const object = { fNcells: 4, fArray: Float32Array.of(0, 1, 0, 0), fBuffer };
    expect(inCells(object, 'TH1F')).toEqual({ content: [1, 2, 1, 2], sumw2: undefined, entries: 6 });
    const edges = { fXaxis: { ...x, fXbins: [0, 1.6, 2] } };
    expect(inCells({ ...object, ...edges }, 'TH1F')).toEqual({ content: [1, 3, 0, 2], sumw2: undefined, entries: 6 });
  });

  it('have weights, and places on two axes', () => {
    const one = { fNcells: 4, fArray: [0, 4, 0, 0], fBuffer: [1, 3, 1.5] };
    expect(inCells(one, 'TH1D')).toEqual({ content: [0, 4, 3, 0], sumw2: [0, 4, 9, 0], entries: 2 });
    const two = { fNcells: 12, fArray: Array(12).fill(0), fBuffer: [2, 1, 0.5, 0.5, 1, 1.5, 7] };
    const content = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0];
    expect(inCells(two, 'TH2D')).toEqual({ content, sumw2: undefined, entries: 3 });
  });

  it('count once if they are in the bins already, and must be there', () => {
    const object = { fNcells: 4, fArray: [0, 1, 0, 0] };
    expect(inCells({ ...object, fBuffer: [-1, 1, 0.5] }, 'TH1F')).toMatchObject({ content: [0, 1, 0, 0], entries: 1 });
    expect(inCells({ ...object, fBuffer: [3, 1, 0.5] }, 'TH1F')).toEqual({
      unreadable: 'its fill buffer is too short for 3 entries',
    });
  });
});

describe('a histogram without entries against one with few', () => {
  it('may be so by chance', () => {
    const [none, six, eight] = [0, 6, 8].map((n) => counts([axis(2, 0, 2)], [0, n, 0, 0])) as [Counts, Counts, Counts];
    expect(tests(none, six).found).toMatchObject({ state: 'not testable', reason: /6 entries: too few to tell/ });
    expect(tests(none, eight).found?.state).toBe('empty in one');
    expect(tests(eight, none).found?.state).toBe('empty in one');
  });
});
