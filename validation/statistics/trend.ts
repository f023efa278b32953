import { median } from './quantiles.ts';

/** A value at a place of the axis. */
export interface Point {
  at: number;
  value: number;
}

/**
 * The test of Mann and Kendall for a monotone trend: it only asks of each pair of points which is larger, so neither the
 * distribution of the noise nor a few outliers matter. Normal approximation with correction for ties and continuity, which
 * is good from 8 points on (Gilbert, Statistical Methods for Environmental Pollution Monitoring, 1987, chapter 16).
 * @param points in the order of the axis
 * @returns the two-sided probability that points without a trend look like this; 1 if all are equal
 */
export function trendProbability(points: readonly Point[]): number {
  const n = points.length;
  let s = 0;
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < n; j++) s += Math.sign((points[j] as Point).value - (points[i] as Point).value);
  const sizes = new Map<number, number>();
  for (const { value } of points) sizes.set(value, (sizes.get(value) ?? 0) + 1);
  const term = (count: number): number => count * (count - 1) * (2 * count + 5);
  const variance = (term(n) - [...sizes.values()].reduce((sum, count) => sum + term(count), 0)) / 18;
  if (variance <= 0 || s === 0) return 1;
  return 2 * upperTail((Math.abs(s) - 1) / Math.sqrt(variance));
}

/**
 * The test of Pettitt for a jump between two levels. Like the one above it only asks which of two points is larger (Pettitt,
 * Applied Statistics 28, 1979, 126-135; the probability is an upper bound that is good where it is small).
 * @returns the probability that points without a jump look like this
 */
export function jumpProbability(points: readonly Point[]): number {
  const n = points.length;
  let sum = 0;
  let most = 0;
  for (const { value } of points) {
    for (const other of points) sum += Math.sign(other.value - value);
    most = Math.max(most, Math.abs(sum));
  }
  return Math.min(1, 2 * Math.exp((-6 * most ** 2) / (n ** 3 + n ** 2)));
}

/** The slope of Theil and Sen: the median of the slopes of all pairs. Up to 29 % of outliers do not move it far. */
export function slopeOf(points: readonly Point[]): number {
  const slopes: number[] = [];
  for (let i = 0; i < points.length; i++) {
    for (let j = i + 1; j < points.length; j++) {
      const [one, other] = [points[i] as Point, points[j] as Point];
      if (other.at !== one.at) slopes.push((other.value - one.value) / (other.at - one.at));
    }
  }
  return median(slopes);
}

/**
 * The probability that a normal variable is at least `z`: Chebyshev fit of erfc with a relative error below 1.2e-7 (Press et
 * al., Numerical Recipes, section 6.2, `erfcc`).
 */
function upperTail(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.5 * x);
  const polynomial = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ].reduceRight((sum, coefficient) => sum * t + coefficient, 0);
  const tail = 0.5 * t * Math.exp(-x * x + polynomial);
  return z >= 0 ? tail : 1 - tail;
}
