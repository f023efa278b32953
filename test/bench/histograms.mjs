// How often chance alone raises an alarm, and how often a real change is found: our judgement beside the rules of others.
// Usage: npm run bench:histograms [-- --pairs N]   (default 1000 for each line of the table)
import { parseArgs } from 'node:util';
import { chi2Test } from '../../dist/validation/histograms/compare/chi2.js';
import { judge } from '../../dist/validation/histograms/compare/judge.js';
import { kolmogorovTest } from '../../dist/validation/histograms/compare/kolmogorov.js';
import { measure } from '../../dist/validation/histograms/compare/measure.js';
import { KINDS } from './histogram-kinds.mjs';
import { randomOf } from './random.mjs';

const { values } = parseArgs({ options: { pairs: { type: 'string', default: '1000' } } });
const PAIRS = Number(values.pairs);
const random = randomOf(20261129);

const PARENTS = {
  'normal, 100 bins': { bins: 100, low: -5, high: 5, draw: () => random.normal() },
  'exponential, 50 bins': { bins: 50, low: 0, high: 8, draw: () => -Math.log(random.uniform()) },
  'flat, 20 bins': { bins: 20, low: 0, high: 1, draw: () => random.uniform() },
  'long tail, 160 bins': { bins: 160, low: 0, high: 160, draw: () => 6 * (random.uniform() ** (-1 / 1.5) - 1) },
};

/** @param {number} shift in standard deviations of the distribution, where that is 1 */
function fill({ bins, low, high, draw }, entries, { group = 1, shift = 0 } = {}) {
  const content = new Float32Array(bins + 2);
  for (let n = 0; n < entries; n += group) {
    const centre = draw() + shift;
    for (let i = 0; i < group; i++) {
      const x = group === 1 ? centre : centre + 0.02 * (high - low) * random.normal();
      const bin = Math.floor(((x - low) / (high - low)) * bins);
      content[x < low ? 0 : Math.min(bin, bins) + 1]++;
    }
  }
  return content;
}

function found({ bins, low, high }, content) {
  const quantity = { kind: 'counts', axes: [{ bins, low, high, title: '' }], content, entries: 0 };
  return { path: ['h'], className: 'TH1F', title: '', what: { quantity } };
}

const inner = (content) => ({ content: content.subarray(1, -1) });
const sum = (list) => list.reduce((total, value) => total + value, 0);

/** The rules of others, with their defaults. */
const PEERS = {
  // RelVal: χ²/ndf of unmerged bins, the Kolmogorov probability, and the number of entries; any of them is an alarm.
  O2DPG: (a, b) => {
    const { chi2, ndf } = chi2Test(inner(a), inner(b));
    const ks = kolmogorovTest(inner(a), inner(b));
    const [n1, n2] = [sum(inner(a).content), sum(inner(b).content)];
    return chi2 / ndf > 1.5 || ks.p < 0.5 || Math.abs(n1 - n2) / ((n1 + n2) / 2) > 0.1;
  },
  // Always weighted; an error below 0.01.
  'Belle II': (a, b) => chi2Test(inner(a), inner(b), { mode: 'WW' }).p < 0.01,
  RelMon: (a, b) => chi2Test(inner(a), inner(b), { mode: 'UU' }).p < 1e-5,
  'cms-bot': (a, b) => a.some((value, i) => value !== b[i]),
};

const percent = (count, of) => `${((100 * count) / of).toFixed(1)} %`.padStart(8);

/** One line: `pairs` comparisons of a new histogram with references, each alone, and all as one file. */
function line(label, parent, entries, options = {}) {
  const { references = 1, referenceEntries = entries, group = 1, shift = 0 } = options;
  const measurements = [];
  const alarms = Object.fromEntries(Object.keys(PEERS).map((name) => [name, 0]));
  for (let pair = 0; pair < PAIRS; pair++) {
    const own = fill(parent, entries, { group, shift });
    const others = Array.from({ length: references }, () => fill(parent, referenceEntries, { group }));
    measurements.push(
      measure(
        [`h${pair}`],
        found(parent, own),
        others.map((one) => found(parent, one)),
      ),
    );
    for (const [name, rule] of Object.entries(PEERS)) if (rule(own, others[0])) alarms[name]++;
  }
  const cells = [...judged(measurements), ...Object.values(alarms)];
  console.log(`${label.padEnd(52)}${cells.map((count) => percent(count, PAIRS)).join(' ')}`);
}

/** Suspicious and changed ones, of each alone and of all as one file. */
function judged(measurements) {
  const alone = { suspicious: 0, changed: 0 };
  for (const one of measurements) {
    const { counts } = judge([one], [], 0);
    alone.suspicious += counts.suspicious;
    alone.changed += counts.changed;
  }
  const { counts } = judge(measurements, [], 0);
  return [alone.suspicious, alone.changed, counts.suspicious, counts.changed];
}

const heads = ['susp.', 'changed', 'file: s.', 'changed', ...Object.keys(PEERS)];
console.log(
  `${PAIRS} pairs a line${' '.repeat(52 - `${PAIRS} pairs a line`.length)}${heads.map((head) => head.padStart(8)).join(' ')}`,
);
console.log('Same parent:');
for (const [name, parent] of Object.entries(PARENTS)) {
  line(`  ${name}, 5000 against 5000`, parent, 5000);
  line(`  ${name}, 500 against 5000`, parent, 500, { referenceEntries: 5000 });
}
line('  normal, 100 bins, 100 against 100', PARENTS['normal, 100 bins'], 100);
console.log('Same parent, other kinds:');
for (const [name, make, entries, referenceEntries] of KINDS) {
  const object = (count) => ({ path: ['h'], className: name, title: '', what: { quantity: make(count) } });
  const measurements = Array.from({ length: PAIRS }, (_, i) =>
    measure([`h${i}`], object(entries), [object(referenceEntries)]),
  );
  const cells = judged(measurements).map((count) => percent(count, PAIRS));
  console.log(`${`  ${name}, ${entries} against ${referenceEntries}`.padEnd(52)}${cells.join(' ')}`);
}
console.log('Same parent, entries in groups of 8, 5 references:');
for (const [name, parent] of Object.entries(PARENTS))
  line(`  ${name}, 4000 each`, parent, 4000, { group: 8, references: 5 });
console.log('Shifted by 0.3 standard deviations (to be found):');
const normal = PARENTS['normal, 100 bins'];
line('  normal, 100 bins, 10000 against 10000', normal, 10000, { shift: 0.3 });
line('  normal, 100 bins, 1000 against 10000', normal, 1000, { shift: 0.3, referenceEntries: 10000 });
line('  in groups of 8, 5 references, 10000 each', normal, 10000, { shift: 0.3, group: 8, references: 5 });
