import type { Axis, Counts, FoundObject, Profile, Quantity } from '../../../validation/histograms/model.ts';

/** Random numbers from a seed: Mulberry32. */
export function randomOf(seed: number) {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}

export function axis(bins: number, low: number, high: number, more: Partial<Axis> = {}): Axis {
  return { bins, low, high, title: '', ...more };
}

/** An axis whose bins have these texts. */
export function labelled(...labels: string[]): Axis {
  return axis(labels.length, 0, labels.length, { labels: new Map(labels.map((text, i) => [i + 1, text])) });
}

export function counts(axes: Axis[], content: number[], more: Partial<Counts> = {}): Counts {
  return {
    kind: 'counts',
    axes,
    content: Float64Array.from(content),
    entries: content.reduce((a, b) => a + b, 0),
    ...more,
  };
}

/** A filled histogram of one dimension. Values outside go to the flow cells. */
export function filled(on: Axis, values: Iterable<number>): Counts {
  const content = new Float64Array(on.bins + 2);
  let entries = 0;
  for (const x of values) {
    const bin = Math.floor(((x - on.low) / (on.high - on.low)) * on.bins);
    const cell = x < on.low ? 0 : Math.min(bin, on.bins) + 1;
    content[cell] = (content[cell] as number) + 1;
    entries++;
  }
  return { kind: 'counts', axes: [on], content, entries };
}

/** A profile of pairs. */
export function profiled(on: Axis, pairs: Iterable<[x: number, y: number]>): Profile {
  const cells = () => new Float64Array(on.bins + 2);
  const [sumW, sumWY, sumWY2] = [cells(), cells(), cells()];
  let entries = 0;
  for (const [x, y] of pairs) {
    const cell = Math.floor(((x - on.low) / (on.high - on.low)) * on.bins) + 1;
    sumW[cell] = (sumW[cell] as number) + 1;
    sumWY[cell] = (sumWY[cell] as number) + y;
    sumWY2[cell] = (sumWY2[cell] as number) + y * y;
    entries++;
  }
  return { kind: 'profile', axes: [on], sumW, sumWY, sumWY2, entries };
}

export function object(quantity: Quantity, className = 'TH1F'): FoundObject {
  return { path: ['h'], className, title: '', what: { quantity } };
}

export function* times<T>(count: number, make: () => T): Generator<T> {
  for (let i = 0; i < count; i++) yield make();
}
