import { describe, expect, it } from 'vitest';
import { driftsOf } from '../../../validation/history/drift.ts';
import type { HistoryLine } from '../../../validation/history/line.ts';
import { median } from '../../../validation/statistics/quantiles.ts';
import { slopeOf, trendProbability } from '../../../validation/statistics/trend.ts';
import { randomFrom } from '../../e2e/thirty-nights.mjs';

interface Noise {
  /** Standard deviations of the logarithm: of all steps of a night together, and of each step. */
  night: number;
  step: number;
  /** Steps that take much longer, and by which factor. */
  outliers: number;
  /** The share of a night's noise that continues in the next night. */
  memory?: number;
}

const STAGES: Record<string, number> = { sim: 20, simMerge: 1, reco: 20, qa: 4, calib: 1, esd: 10, aod: 10, plots: 1 };

/** Nights with times and memory of some stages, as runs measure them. @param factor of a stage in a night */
function nightsWith(
  seed: number,
  noise: Noise,
  factor: (stage: string, night: number) => number = () => 1,
  count = 30,
): Pick<HistoryLine, 'stages'>[] {
  const { uniform, normal } = randomFrom(seed);
  const states = new Map<string, number>();
  return Array.from({ length: count }, (_, night) => ({
    stages: Object.entries(STAGES).map(([name, steps]) => {
      const memory = noise.memory ?? 0;
      const state = memory * (states.get(name) ?? 0) + Math.sqrt(1 - memory ** 2) * normal();
      states.set(name, state);
      const values = Array.from({ length: steps }, () => {
        const outlier = uniform() < noise.outliers ? 1 + 3 * uniform() : 1;
        return 600 * factor(name, night) * outlier * Math.exp(noise.night * state + noise.step * normal());
      });
      const duration = { median: median(values), low: 0, high: 0 };
      const bytes = 1e9 * Math.exp(0.02 * normal());
      const counts = { steps, succeeded: steps, failed: 0, broken: 0, notRun: 0, retried: 0 };
      const lists = { failedSteps: [], unjudgedSteps: [], retriedSteps: [] };
      return { name, ...counts, ...lists, duration, peakMemory: { median: bytes, low: 0, high: 0 } };
    }),
  }));
}

const USUAL: Noise = { night: 0.08, step: 0.15, outliers: 0.03 };

describe('slow drifts', () => {
  it.each([
    ['usual noise', USUAL],
    ['much noise and many outliers', { night: 0.25, step: 0.4, outliers: 0.15 }],
    ['noise that is alike in neighbouring nights', { ...USUAL, memory: 0.3 }],
  ])('are found in at most 1 %% of quiet histories of thirty nights: %s', (_, noise) => {
    const sets = 1000;
    let alarms = 0;
    for (let seed = 1; seed <= sets; seed++) if (driftsOf(nightsWith(seed, noise)).length > 0) alarms++;
    expect(alarms / sets).toBeLessThanOrEqual(0.01);
  });

  it('of 2 % a night in one stage are found, although no single night is beyond the noise, and nothing else is', () => {
    const sets = 200;
    let found = 0;
    let fromTheFirst = 0;
    for (let seed = 1; seed <= sets; seed++) {
      const drifts = driftsOf(nightsWith(seed, USUAL, (stage, night) => (stage === 'reco' ? 1.02 ** night : 1)));
      const [only, ...others] = drifts;
      if (others.length > 0 || only?.stage !== 'reco') continue;
      found++;
      const isRight = only.kind === 'drift' && Math.abs((only.perNight ?? 0) - 0.02) < 0.01;
      if (isRight && only.from === 0 && only.to === 29) fromTheFirst++;
    }
    expect(found / sets).toBe(1);
    expect(fromTheFirst / sets).toBeGreaterThan(0.95);
  });

  it('have the night at which they begin, if it is visible', () => {
    const from = Array.from({ length: 100 }, (_, seed) => {
      const drifts = driftsOf(
        nightsWith(seed + 1, USUAL, (stage, n) => (stage === 'reco' ? 1.03 ** Math.max(0, n - 12) : 1)),
      );
      return drifts.find(({ kind }) => kind === 'drift')?.from ?? -1;
    });
    const near = from.filter((night) => Math.abs(night - 12) <= 4).length;
    expect(near).toBeGreaterThan(60);
  });

  it('are distinguished from a jump, whose night is named', () => {
    const jumps = driftsOf(nightsWith(5, USUAL, (stage, night) => (stage === 'aod' && night >= 14 ? 1.6 : 1)));
    expect(jumps).toMatchObject([{ stage: 'aod', quantity: 'duration', kind: 'jump', from: 13, to: 14 }]);
    const [{ before, after }] = jumps as [(typeof jumps)[0]];
    expect(after / before).toBeGreaterThan(1.4);
    expect(after / before).toBeLessThan(1.8);
  });

  it('are found where some nights did not get to the stage, and not from a few nights', () => {
    const nights = nightsWith(3, USUAL, (stage, night) => (stage === 'reco' ? 1.02 ** night : 1));
    for (const n of [4, 11, 12, 20]) nights[n] = { stages: [] };
    expect(driftsOf(nights)).toMatchObject([{ stage: 'reco', kind: 'drift', nights: 26 }]);
    expect(driftsOf(nights.slice(0, 6))).toEqual([]);
  });

  it('that are certain but tiny are not reported', () => {
    const quiet: Noise = { night: 0.0001, step: 0.0001, outliers: 0 };
    expect(driftsOf(nightsWith(1, quiet, (stage, night) => (stage === 'reco' ? 1.001 ** night : 1)))).toEqual([]);
  });
});

describe('the test of Mann and Kendall', () => {
  const points = (...values: number[]) => values.map((value, at) => ({ at, value }));

  it('gives the probabilities of the books', () => {
    // Gilbert 1987, example 16.2 has ties; here: S = 45 of ten rising points, z = 44/√125 = 3.935.
    expect(trendProbability(points(1, 2, 3, 4, 5, 6, 7, 8, 9, 10))).toBeCloseTo(8.3e-5, 6);
    // S = 1 is no trend.
    expect(trendProbability(points(1, 3, 2, 4, 0, 5, 3, 1, 4, 2))).toBeGreaterThan(0.5);
    expect(trendProbability(points(2, 2, 2, 2))).toBe(1);
  });

  it('has a slope that outliers do not move', () => {
    expect(slopeOf(points(0, 2, 4, 600, 8, 10, 12, -90, 16))).toBeCloseTo(2, 6);
  });
});
