import { expect, it } from 'vitest';
import { median, quantile } from '../../../validation/statistics/quantiles.ts';

it('the median of an even number of values is the mean of the two in the middle', () => {
  expect(median([4.3, 1.4])).toBeCloseTo(2.85);
  expect(median([3, 1, 2])).toBe(2);
  expect(median([])).toBe(0);
});

it('quantiles agree with numpy', () => {
  // numpy.quantile([1, 2, 4, 8], [0, .25, .5, .75, 1])
  expect([0, 0.25, 0.5, 0.75, 1].map((share) => quantile([8, 1, 4, 2], share))).toEqual([1, 1.75, 3, 5, 8]);
});
