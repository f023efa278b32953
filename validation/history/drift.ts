import { median } from '../statistics/quantiles.ts';
import { jumpProbability, type Point, slopeOf, trendProbability } from '../statistics/trend.ts';
import { type HistoryLine, QUANTITIES, type Quantity } from './line.ts';

/** Only this number of newest nights count: a stage that was slow a year ago is no news. */
const NIGHTS = 30;
/** With fewer nights, a drift and noise cannot be separated at this level. */
const FEWEST = 8;
/**
 * The probability of a false alarm in a quiet history, over all stages and quantities together. Each test gets its share of it
 * (Bonferroni). It is less than half of the promised 1 %, because the noise of neighbouring nights is often correlated, and then
 * such tests find too much.
 */
const FALSE_ALARMS = 0.004;
/** Smaller changes, from the first night to the last, are not reported, even if they are certain. */
const LEAST = 0.1;
/** A jump, and a drift that begins later, have one parameter more than a line. So they must fit better by this factor. */
const CLEARLY = 0.85;

/** The change of a quantity of one stage over the nights. */
export interface Drift {
  stage: string;
  quantity: Quantity;
  /** `drift`: a little each night; `jump`: from one night to the next. */
  kind: 'drift' | 'jump';
  /** Indices in the list of nights. Drift: the night at which it begins, and the last night. Jump: the nights before and after it. */
  from: number;
  to: number;
  /** Seconds or bytes. Drift: the fitted line at both ends. Jump: the medians before and after. */
  before: number;
  after: number;
  /** Drift: the relative change from night to night, 0.02 for 2 % more. */
  perNight?: number;
  /** The number of nights with a value, and the probability that noise alone has this effect. */
  nights: number;
  p: number;
}

/**
 * Finds stages whose time, memory or output changes slowly over the nights, although no single night is beyond the noise. The
 * value of a stage is the logarithm of the median of its steps, so that a drift in per cent is a straight line. The tests of
 * Mann-Kendall and Pettitt decide whether there is a change. Theil-Sen gives its size. If two levels fit better than a line, it is
 * a jump.
 */
export function driftsOf(nights: readonly Pick<HistoryLine, 'stages'>[]): Drift[] {
  const series = seriesOf(nights).filter(({ points }) => points.length >= FEWEST);
  // Each series has two tests.
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

/** A line through all points. Or a constant level that begins to rise or fall at a night, if that fits clearly better. */
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

/** The sum of distances, not of their squares, so that outliers do not decide. */
function residualOf(points: readonly Point[], line: (point: Point) => number): number {
  return points.reduce((sum, point) => sum + Math.abs(point.value - line(point)), 0);
}

/** The best change between two constant levels. Each level has at least two nights. */
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
