import { median } from '../statistics/quantiles.ts';
import { jumpProbability, type Point, slopeOf, trendProbability } from '../statistics/trend.ts';
import { type HistoryLine, QUANTITIES, type Quantity } from './line.ts';

/** The newest nights that are looked at: what was slow a year ago is no news. */
const NIGHTS = 30;
/** Fewer nights cannot tell a drift from noise at this level. */
const FEWEST = 8;
/**
 * The probability of a false alarm in a quiet history, over all stages and quantities together: each of them is tested at
 * its share of this (Bonferroni). It is less than half of the promised 1 %, since noise of neighbouring nights is often alike,
 * which makes such tests find too much.
 */
const FALSE_ALARMS = 0.004;
/** Changes below this share, from the first night to the last, are not worth a word even where they are certain. */
const LEAST = 0.1;
/** A jump, or a drift that begins later, has a place more to choose than a line: it must fit so much better. */
const CLEARLY = 0.85;

/** The course of a quantity of one stage over the nights. */
export interface Drift {
  stage: string;
  quantity: Quantity;
  /** `drift`: a little each night; `jump`: from one night to the next. */
  kind: 'drift' | 'jump';
  /** Places in the list of nights. Of a drift: the night at which it begins, and the last one; of a jump: the night before it and its first. */
  from: number;
  to: number;
  /** Seconds or bytes: of a drift by its line at both ends, of a jump the medians before and after. */
  before: number;
  after: number;
  /** Of a drift: the factor minus 1 from night to night, 0.02 for 2 % more. */
  perNight?: number;
  /** Nights with a value, and the probability that noise alone looks like this. */
  nights: number;
  p: number;
}

/**
 * Stages whose time, memory or output changes slowly over the nights, although no single night is beyond the noise. A stage's
 * value is the median of its steps, as logarithm, so that a drift in per cent is a straight line. The tests of Mann-Kendall
 * and of Pettitt decide whether there is one, Theil-Sen how large it is. Where one step fits better than a line it is a jump.
 */
export function driftsOf(nights: readonly Pick<HistoryLine, 'stages'>[]): Drift[] {
  const series = seriesOf(nights).filter(({ points }) => points.length >= FEWEST);
  // Two tests of each series
  return series.flatMap((one) => driftOf(one, FALSE_ALARMS / (2 * series.length)) ?? []);
}

interface Series {
  stage: string;
  quantity: Quantity;
  points: Point[];
}

function seriesOf(nights: readonly Pick<HistoryLine, 'stages'>[]): Series[] {
  const all = new Map<string, Series>();
  for (const [at, { stages }] of nights.entries()) {
    for (const stage of stages) {
      for (const quantity of QUANTITIES) {
        const value = stage[quantity]?.median ?? 0;
        if (!(value > 0)) continue;
        const key = `${quantity} ${stage.name}`;
        const series = all.get(key) ?? { stage: stage.name, quantity, points: [] };
        series.points.push({ at, value: Math.log(value) });
        all.set(key, series);
      }
    }
  }
  return [...all.values()].map((one) => ({ ...one, points: one.points.slice(-NIGHTS) }));
}

function driftOf({ stage, quantity, points }: Series, level: number): Drift | undefined {
  const p = Math.min(trendProbability(points), jumpProbability(points));
  if (p > level) return undefined;
  const common = { stage, quantity, nights: points.length, p };
  const rise = bestRise(points);
  const jump = bestJump(points);
  const isJump = jump.residual < CLEARLY * rise.residual;
  const { before, after, from, to } = isJump ? jump : rise;
  if (Math.abs(after - before) < Math.log1p(LEAST)) return undefined;
  const fit = { ...common, from, to, before: Math.exp(before), after: Math.exp(after) };
  return isJump ? { ...fit, kind: 'jump' } : { ...fit, kind: 'drift', perNight: Math.expm1(rise.slope) };
}

interface Fit {
  residual: number;
  before: number;
  after: number;
  from: number;
  to: number;
}

/** A line through all points; or, where that fits clearly better, a level from which it begins to rise or fall at a night. */
function bestRise(points: readonly Point[]): Fit & { slope: number } {
  const all = riseFrom(points, 0);
  const others = points.slice(1, 1 - FEWEST).map((_, n) => riseFrom(points, n + 1));
  const best = others.reduce((one, other) => (other.residual < one.residual ? other : one), all);
  return best.residual < CLEARLY * all.residual ? best : all;
}

function riseFrom(points: readonly Point[], begin: number): Fit & { slope: number } {
  const [from, to] = [(points[begin] as Point).at, (points.at(-1) as Point).at];
  const bent = points.map(({ at, value }) => ({ at: Math.max(0, at - from), value }));
  const slope = slopeOf(bent);
  const before = median(bent.map(({ at, value }) => value - slope * at));
  const residual = residualOf(bent, ({ at }) => before + slope * at);
  return { residual, slope, before, after: before + slope * (to - from), from, to };
}

/** Distances, not their squares: outliers must not decide. */
function residualOf(points: readonly Point[], line: (point: Point) => number): number {
  return points.reduce((sum, point) => sum + Math.abs(point.value - line(point)), 0);
}

/** The step between two levels that fits best; each level has two nights at least. */
function bestJump(points: readonly Point[]): Fit {
  let best: Fit = { residual: Number.POSITIVE_INFINITY, before: 0, after: 0, from: 0, to: 0 };
  for (let n = 2; n <= points.length - 2; n++) {
    const before = median(points.slice(0, n).map(({ value }) => value));
    const after = median(points.slice(n).map(({ value }) => value));
    const to = (points[n] as Point).at;
    const residual = residualOf(points, ({ at }) => (at < to ? before : after));
    if (residual < best.residual) best = { residual, before, after, from: (points[n - 1] as Point).at, to };
  }
  return best;
}
