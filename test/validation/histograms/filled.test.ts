import { expect, it } from 'vitest';
import { regionOf, take } from '../../../validation/histograms/compare/cells.ts';
import { sum } from '../../../validation/histograms/compare/chi2.ts';
import { filledOf } from '../../../validation/histograms/compare/filled.ts';
import { isEmpty, sameNumbers } from '../../../validation/histograms/compare/numbers.ts';
import type { Axis, Counts } from '../../../validation/histograms/model.ts';

const axis = (bins: number): Axis => ({ bins, low: 0, high: bins, title: '' });
const types = [Float32Array, Float64Array];

it.each(types)('the filled cells of a large %o are those that are not zero', (Type) => {
  for (const length of [1000, 1001, 1005, 1007, 5000]) {
    const cells = new Type(length).map((_, i) => (i % 7 === 3 || i === length - 1 || i > 4900 ? i / 2 : 0));
    const wanted = [...cells.keys()].filter((i) => cells[i] !== 0);
    expect([...(filledOf(cells) ?? [])]).toEqual(wanted);
    expect(sum(cells)).toBe(wanted.reduce((total, i) => total + (cells[i] as number), 0));
  }
  expect(filledOf(new Type(999))).toBeUndefined();
  expect([...(filledOf(new Type(1002).fill(Number.NaN, 7, 8)) ?? [])]).toEqual([7]);
});

it.each(types)(
  'the inner cells of a large %o on three axes are the same with and without the list of filled ones',
  (Type) => {
    const axes = [axis(11), axis(13), axis(9)];
    const cells = new Type(13 * 15 * 11).map((_, i) => ((i * 31) % 11 < 3 ? i : 0));
    for (const range of [undefined, [2, 6], [20, 30]] as const) {
      const region = regionOf(axes, range);
      const plain = take(Array.from(cells), region);
      expect(take(cells, region)).toEqual(plain);
      expect([...(filledOf(take(cells, region)) ?? plain.keys())].filter((i) => plain[i] !== 0)).toEqual(
        [...plain.keys()].filter((i) => plain[i] !== 0),
      );
    }
  },
);

it('large histograms are equal if their numbers are: also 0 and -0, but never NaN', () => {
  const counts = (content: Float32Array): Counts => ({ kind: 'counts', axes: [axis(1998)], content, entries: 1 });
  const one = new Float32Array(2000).fill(3, 20, 22);
  expect(sameNumbers(counts(one), counts(one.slice()))).toBe(true);
  expect(sameNumbers(counts(one), counts(one.slice().fill(-0, 5, 6)))).toBe(true);
  expect(sameNumbers(counts(one), counts(one.slice().fill(1, 5, 6)))).toBe(false);
  const nan = one.slice().fill(Number.NaN, 5, 6);
  expect(sameNumbers(counts(nan), counts(nan))).toBe(false);
  expect(isEmpty(counts(new Float32Array(2000).fill(-0, 5, 6)))).toBe(true);
  expect(isEmpty(counts(one))).toBe(false);
});
