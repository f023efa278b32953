import { describe, expect, it } from 'vitest';
import { judge } from '../../../validation/histograms/compare/judge.ts';
import { measure, type Settings } from '../../../validation/histograms/compare/measure.ts';
import type { Quantity } from '../../../validation/histograms/model.ts';
import { axis, counts, filled, labelled, object, profiled, randomOf, times } from './quantities.ts';

/** State and sentence of one object against its references. */
function compare(
  own: Quantity,
  references: Quantity | Quantity[],
  settings: Settings = {},
  classes = ['TH1F', 'TH1F'],
) {
  const all = [references].flat().map((one) => object(one, classes[1]));
  const measurement = measure(['h'], object(own, classes[0]), all, settings);
  const { state, reason, tests, decided } = judge([measurement], [], 0).objects[0] as NonNullable<
    ReturnType<typeof judge>['objects'][0]
  >;
  return { state, reason, tests, decided };
}

const line = axis(5, 0, 5);
const base = [0, 30, 200, 500, 210, 40, 0];

describe('an object that needs no test', () => {
  it('is identical: cells, errors and axes', () => {
    expect(compare(counts([line], base), counts([line], base))).toMatchObject({ state: 'identical' });
    const other = [...base];
    other[6] = 1;
    expect(compare(counts([line], base), counts([line], other)).state).toBe('compatible');
    const sumw2 = Float64Array.from(base, (n) => 2 * n);
    expect(compare(counts([line], base), counts([line], base, { sumw2 })).state).toBe('compatible');
  });

  it('is on edges that differ by rounding only', () => {
    const float = axis(5, 0, 5, { edges: [0, 1, 2, 3, 4, 5].map((x) => Math.fround(x * (1 + 1e-7))) });
    expect(compare(counts([float], base), counts([line], base)).state).toBe('identical');
    const far = axis(5, 0, 5, { edges: [0, 1.00001, 2, 3, 4, 5] });
    expect(compare(counts([far], base), counts([line], base))).toMatchObject({
      state: 'rebinned',
      reason: /edge at 1/,
    });
    const shifted = axis(5, 0.5, 5.5);
    expect(compare(counts([shifted], base), counts([line], base)).state).toBe('rebinned');
  });

  it('has other bins, another dimension, or is of another class', () => {
    const fine = counts([axis(10, 0, 5)], Array(12).fill(20));
    expect(compare(fine, counts([line], base))).toMatchObject({
      state: 'rebinned',
      reason: 'x axis: 5 bins became 10',
    });
    const plane = counts([line, axis(1, 0, 1)], Array(21).fill(20));
    expect(compare(plane, counts([line], base)).state).toBe('rebinned');
    const profile = profiled(
      line,
      times(100, () => [2, 1]),
    );
    expect(compare(profile, counts([line], base), {}, ['TProfile', 'TH1F'])).toMatchObject({
      state: 'other class',
      reason: 'TH1F became TProfile',
    });
  });

  it('is empty in both, or in one', () => {
    const none = counts([line], Array(7).fill(0));
    expect(compare(none, none)).toMatchObject({ state: 'identical', reason: 'both are empty' });
    expect(compare(none, counts([line], base))).toMatchObject({
      state: 'empty in one',
      reason: /the reference has 980/,
    });
    expect(compare(counts([line], base), none)).toMatchObject({
      state: 'empty in one',
      reason: /the reference is empty/,
    });
    const lost = counts([line], [0, 0, 0, 0, 0, 0, 980]);
    expect(compare(lost, counts([line], base))).toMatchObject({
      state: 'empty in one',
      reason: /outside of the range/,
    });
  });

  it('is in one file only, or not to be read in one', () => {
    const h = object(counts([line], base));
    const bad = { ...h, what: { unreadable: 'it is damaged' } };
    const state = (...args: Parameters<typeof measure>) => measure(...args).found?.state;
    expect(state(['h'], h, [undefined])).toBe('only here');
    expect(state(['h'], undefined, [h])).toBe('only in the reference');
    expect(state(['h'], bad, [bad])).toBe('not readable');
    expect(state(['h'], h, [bad])).toBe('not readable');
    expect(state(['h'], h, [bad, h])).toBe('identical');
  });
});

describe('an error value is never a good one', () => {
  it.each<[string, Quantity, Quantity, RegExp]>([
    [
      'not a number, in both',
      counts([line], [...base.slice(0, 6), Number.NaN]),
      counts([line], [...base.slice(0, 6), Number.NaN]),
      /1 of its cells/,
    ],
    [
      'infinite in the reference',
      counts([line], base),
      counts([line], [0, 1, Number.POSITIVE_INFINITY, 1, 1, 1, 1]),
      /cells of the reference/,
    ],
    [
      'only one bin is filled',
      counts([line], [0, 0, 0, 100, 0, 0, 0]),
      counts([line], [0, 0, 0, 130, 0, 0, 0]),
      /0 bins|one bin/,
    ],
    [
      'contents that are no counts, without errors',
      counts([line], [0, 0.3, 0.4, 0.5, 0.2, 0.1, 0]),
      counts([line], [0, 0.3, 0.5, 0.5, 0.2, 0.1, 0]),
      /no counts/,
    ],
    [
      'a negative sum of weights',
      counts([line], [0, -1, -2, -3, -2, -1, 0], { sumw2: [0, 1, 1, 1, 1, 1, 0] }),
      counts([line], base, { sumw2: base.map((n) => 2 * n) }),
      /negative/,
    ],
    [
      'no errors at all',
      counts([line], [0, 3, 4, 5, 2, 1, 0], { sumw2: Array(7).fill(0) }),
      counts([line], [0, 4, 4, 5, 2, 1, 0], { sumw2: Array(7).fill(0) }),
      /./,
    ],
  ])('%s', (_, own, reference, reason) => {
    expect(compare(own, reference)).toMatchObject({ state: 'not testable', reason });
  });

  it('contents that are no counts, and agree up to rounding', () => {
    const values = [0, 0.3, 0.4, 0.5, 0.2, 0.1, 0];
    const rounded = values.map((value) => value * (1 + 1e-9));
    expect(compare(counts([line], rounded), counts([line], values)).state).toBe('compatible');
  });
});

describe('labels', () => {
  const reference = counts([labelled('all', 'accepted', 'tracks')], [0, 1000, 800, 600, 0]);
  it('are matched by their texts', () => {
    const turned = counts([labelled('tracks', 'all', 'accepted')], [0, 600, 1000, 800, 0]);
    expect(compare(turned, reference)).toMatchObject({ state: 'compatible', reason: /matched by their labels/ });
  });

  it('that are new, or lost, count', () => {
    const more = counts([labelled('all', 'accepted', 'tracks', 'rejected')], [0, 1000, 800, 600, 400, 0]);
    expect(compare(more, reference)).toMatchObject({ state: 'changed', reason: /'rejected'.*1 only here, 0 only in/ });
    const empty = counts([labelled('all', 'accepted', 'tracks', 'rejected')], [0, 1000, 800, 600, 0, 0]);
    expect(compare(empty, reference).state).toBe('compatible');
  });
});

describe('a change', () => {
  const random = randomOf(7);
  const wide = axis(100, -5, 5, { title: 'DCA (cm)' });
  const normal = (count: number, shift = 0, width = 1) =>
    filled(
      wide,
      times(count, () => shift + width * random.normal()),
    );

  it('is described with mean, width, unit and χ²', () => {
    const { state, reason } = compare(normal(10_000, 0.3), normal(10_000));
    expect(state).toBe('changed');
    expect(reason).toMatch(/^mean -?0\.0\d+ → 0\.\d+ cm, χ²\/ndf [\d.]+ over \d+ bins \(p [\de-]+\)$/);
  });

  it('is one bin among many', () => {
    const own = normal(100_000);
    const dead = { ...own, content: Float64Array.from(own.content, (n, i) => (i === 60 ? 0 : n)) };
    expect(compare(dead, normal(100_000))).toMatchObject({ state: 'changed' });
  });

  it('is the overflow alone', () => {
    const own = normal(5000);
    const content = Float64Array.from(own.content);
    content[101] = 400;
    expect(compare({ ...own, content }, normal(5000))).toMatchObject({ state: 'changed', decided: 'overflow' });
  });

  it('is significant but too small to matter', () => {
    const big = (p: number) => counts([axis(2, 0, 2)], [0, Math.round(1e9 * p), Math.round(1e9 * (1 - p)), 0]);
    const { state, tests } = compare(big(0.5003), big(0.5));
    expect(tests.find(({ test }) => test === 'shape')?.p).toBeLessThan(1e-30);
    expect(state).toBe('compatible');
  });

  it('is outside of the wanted range', () => {
    const own = normal(10_000);
    const content = Float64Array.from(own.content, (n, i) => (i > 70 && i < 101 ? 3 * n : n));
    const changed = { ...own, content };
    const reference = normal(10_000);
    expect(compare(changed, reference).state).toBe('changed');
    expect(compare(changed, reference, { range: [-5, 1] }).state).toBe('compatible');
    expect(compare(changed, reference, { tests: ['overflow'] }).tests).toEqual([]);
  });

  it('is nothing, whatever the numbers of entries are', () => {
    for (const count of [100, 1000, 20_000]) expect(compare(normal(count), normal(20_000)).state).toBe('compatible');
  });

  it('has weights', () => {
    const weighted = (shift: number) => {
      const { content } = normal(20_000, shift);
      return counts(
        [wide],
        Array.from(content, (n) => 0.05 * n),
        { sumw2: Array.from(content, (n) => 0.0025 * n) },
      );
    };
    expect(compare(weighted(0), weighted(0)).state).toBe('compatible');
    expect(compare(weighted(0.3), weighted(0)).state).toBe('changed');
    expect(compare(weighted(0.3), normal(20_000)).state).toBe('changed');
    expect(compare(weighted(0), normal(20_000)).state).toBe('compatible');
  });

  it('is a plane of two dimensions', () => {
    const plane = (shift: number) => {
      const content = new Float64Array(42 * 42);
      for (let i = 0; i < 5000; i++) {
        const [x, y] = [random.normal() + shift, random.normal()].map((v) =>
          Math.min(41, Math.max(0, Math.floor(5 * v + 21))),
        );
        const cell = (x as number) + 42 * (y as number);
        content[cell] = (content[cell] as number) + 1;
      }
      return counts([axis(40, -4, 4), axis(40, -4, 4)], [...content]);
    };
    expect(compare(plane(0), plane(0)).state).toBe('compatible');
    expect(compare(plane(0.3), plane(0))).toMatchObject({ state: 'changed', reason: /most at x = .*, y = / });
  });
});

describe('profiles and efficiencies', () => {
  const random = randomOf(21);
  const ten = axis(10, 0, 10);
  const profile = (shift: number, width = 1) =>
    profiled(
      ten,
      times(5000, () => {
        const x = 10 * random.uniform();
        return [x, x + shift + width * random.normal()];
      }),
    );

  it('compare means', () => {
    expect(compare(profile(0), profile(0)).state).toBe('compatible');
    expect(compare(profile(0.3), profile(0))).toMatchObject({ state: 'changed', decided: 'means' });
    // Without spread, any difference of means is significant.
    expect(compare(profile(0.001, 0), profile(0.001, 0)).state).not.toBe('changed');
  });

  it('detect missing entries although the means are right', () => {
    const all = profile(0);
    const cut = (numbers: ArrayLike<number>) => Float64Array.from(numbers, (n, i) => (i > 6 ? 0 : n));
    const half = { ...all, sumW: cut(all.sumW), sumWY: cut(all.sumWY), sumWY2: cut(all.sumWY2) };
    expect(compare(half, profile(0))).toMatchObject({ state: 'changed' });
    expect(compare(half, profile(0), { tests: ['entries'] })).toMatchObject({ state: 'changed' });
  });

  it('compare the shares of passed entries', () => {
    const efficiency = (rate: number): Quantity => {
      const total = filled(
        ten,
        times(4000, () => 10 * random.uniform()),
      );
      const passed = Float64Array.from(
        total.content,
        (n) => [...times(n, () => random.uniform() < rate)].filter(Boolean).length,
      );
      return { kind: 'efficiency', axes: [ten], total, passed: { ...total, content: passed } };
    };
    const classes = ['TEfficiency', 'TEfficiency'];
    expect(compare(efficiency(0.9), efficiency(0.9), {}, classes).state).toBe('compatible');
    expect(compare(efficiency(1), efficiency(1), {}, classes).state).toBe('compatible');
    expect(compare(efficiency(0.85), efficiency(0.9), {}, classes)).toMatchObject({
      state: 'changed',
      decided: 'efficiency',
    });
    expect(compare(efficiency(0.98), efficiency(1), {}, classes)).toMatchObject({
      state: 'changed',
      decided: 'efficiency',
    });
  });

  it('compare graphs point by point', () => {
    const graph = (values: number[], error: number): Quantity => ({
      kind: 'points',
      at: [values.map((_, i) => i)],
      value: values,
      error2: values.map(() => error * error),
    });
    const classes = ['TGraphErrors', 'TGraphErrors'];
    const points = [1, 2, 3, 4, 5];
    expect(compare(graph(points, 0.1), graph(points, 0.1), {}, classes).state).toBe('identical');
    expect(compare(graph([1.1, 2, 3, 4, 5], 0.1), graph(points, 0.1), {}, classes).state).toBe('compatible');
    expect(compare(graph([3, 2, 3, 4, 5], 0.1), graph(points, 0.1), {}, classes).state).toBe('changed');
    expect(compare(graph([3, 2, 3, 4, 5], 0), graph(points, 0), {}, classes).state).toBe('not testable');
    expect(compare(graph([1, 2], 0.1), graph(points, 0.1), {}, classes).state).toBe('rebinned');
  });
});

describe('chance', () => {
  it('raises no alarm, at equal and at a tenth of the entries, nor for correlated entries with several references', () => {
    const random = randomOf(3);
    const on = axis(60, -4, 4);
    const independent = (count: number) => filled(on, times(count, random.normal));
    const grouped = (count: number) => {
      const values = [...times(count / 8, () => random.normal())].flatMap((x) => [
        ...times(8, () => x + 0.1 * random.normal()),
      ]);
      return filled(on, values);
    };
    const tally = { suspicious: 0, changed: 0, groupedAlarms: 0 };
    for (let i = 0; i < 300; i++) {
      for (const pair of [
        compare(independent(3000), independent(3000)),
        compare(independent(300), independent(3000)),
      ]) {
        if (pair.state === 'suspicious') tally.suspicious++;
        if (pair.state === 'changed') tally.changed++;
      }
      const { state } = compare(grouped(2000), [...times(5, () => grouped(2000))]);
      if (state !== 'compatible') tally.groupedAlarms++;
    }
    expect(tally.changed).toBe(0);
    expect(tally.suspicious).toBeLessThanOrEqual(3);
    expect(tally.groupedAlarms).toBeLessThanOrEqual(6);
  });
});
