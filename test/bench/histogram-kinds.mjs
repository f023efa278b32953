// Histograms with weights, profiles, planes and efficiencies, filled by chance: each a function of the number of entries.
import { randomOf } from './random.mjs';

const random = randomOf(99);
const axis = (bins, low, high) => ({ bins, low, high, title: '' });

const weighted = (weight) => (entries) => {
  const content = new Float64Array(62);
  const sumw2 = new Float64Array(62);
  for (let i = 0; i < entries; i++) {
    const bin = Math.min(61, Math.max(0, Math.floor((random.normal() + 4) * 7.5) + 1));
    const w = weight();
    content[bin] += w;
    sumw2[bin] += w * w;
  }
  return { kind: 'counts', axes: [axis(60, -4, 4)], content, sumw2, entries };
};

const profile = (value) => (entries) => {
  const [sumW, sumWY, sumWY2] = [0, 1, 2].map(() => new Float64Array(52));
  for (let i = 0; i < entries; i++) {
    const x = 1 + Math.floor(50 * random.uniform() * random.uniform());
    const y = value(x);
    sumW[x]++;
    sumWY[x] += y;
    sumWY2[x] += y * y;
  }
  return { kind: 'profile', axes: [axis(50, 0, 50)], sumW, sumWY, sumWY2, entries };
};

const plane = (entries) => {
  const content = new Float64Array(102 * 102);
  const place = () => Math.min(101, Math.max(0, Math.floor(51 + 15 * random.normal())));
  for (let i = 0; i < entries; i++) content[place() + 102 * place()]++;
  return { kind: 'counts', axes: [axis(100, 0, 1), axis(100, 0, 1)], content, entries };
};

const efficiency = (rate) => (entries) => {
  const [tried, passed] = [new Float64Array(22), new Float64Array(22)];
  for (let i = 0; i < entries; i++) {
    const x = 1 + Math.floor(20 * random.uniform());
    tried[x]++;
    if (random.uniform() < rate) passed[x]++;
  }
  const counts = { kind: 'counts', axes: [axis(20, 0, 1)], entries };
  const [total, part] = [tried, passed].map((content) => ({ ...counts, content }));
  return { kind: 'efficiency', axes: counts.axes, total, passed: part };
};

const exponential = () => -Math.log(random.uniform());

/** What it is, how it is filled, entries of the new one and of the reference. */
export const KINDS = [
  ['weights from 0.5 to 1.5', weighted(() => 0.5 + random.uniform()), 5000, 5000],
  ['weights from 0.5 to 1.5', weighted(() => 0.5 + random.uniform()), 500, 5000],
  ['exponential weights', weighted(exponential), 500, 5000],
  ['a tenth of the weights is negative', weighted(() => (random.uniform() < 0.1 ? -1 : 1)), 5000, 5000],
  ['profile of a normal distribution', profile((x) => x + random.normal()), 500, 5000],
  ['profile of an exponential one', profile(exponential), 500, 5000],
  ['profile of yes (2 %) and no', profile(() => (random.uniform() < 0.02 ? 1 : 0)), 5000, 5000],
  ['plane of 100 by 100 bins', plane, 5000, 5000],
  ['plane of 100 by 100 bins', plane, 500, 5000],
  ['efficiency of 90 %', efficiency(0.9), 200, 2000],
  ['efficiency of 99.5 %', efficiency(0.995), 2000, 20_000],
];
