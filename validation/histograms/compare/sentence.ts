import type { Facts, TestName, TestResult } from '../result.ts';
import { short } from './facts.ts';

/** A shift or a change of width below this share of the width is not mentioned. */
const VISIBLE = 0.02;

const WORDS: Record<TestName, string> = {
  shape: 'the shapes differ',
  entries: 'entries are spread otherwise',
  cumulated: 'the cumulated shapes differ',
  bin: 'one bin differs',
  underflow: 'the share of the underflow differs',
  overflow: 'the share of the overflow differs',
  outside: 'the share outside of the axes differs',
  means: 'the means differ',
  efficiency: 'the efficiency differs',
  values: 'the values differ',
  normalisation: 'the number of entries for each event differs',
};

/** `mean 0.12 → 0.31 cm, χ²/ndf 14.2 over 38 bins`: the change, and its significance. */
export function changeText(worst: TestResult, facts: Facts): string {
  const isFlow = ['underflow', 'overflow', 'outside', 'normalisation'].includes(worst.test);
  const moments = isFlow ? [] : momentTexts(facts);
  const parts = moments.length > 0 ? moments : [WORDS[worst.test]];
  if (worst.test === 'normalisation')
    parts[0] += ` by ${percent(Math.exp(Math.sign(worst.statistic) * worst.size) - 1)}`;
  if (facts.worst && !isFlow && (moments.length === 0 || worst.test === 'bin')) {
    const [from, to] = facts.worst.values;
    parts.push(`most at ${facts.worst.where}: ${short(from)} → ${short(to)}`);
  }
  return [...parts, testText(worst), ...(facts.note ? [facts.note] : [])].join(', ');
}

/** The text for a compatible histogram: its least probable test. */
export function compatibleText(tests: readonly TestResult[], { note }: Facts): string {
  const [first] = [...tests].sort((a, b) => a.p - b.p);
  const text = first ? testText(first) : 'no test was made';
  return note ? `${text}, ${note}` : text;
}

function momentTexts({ mean, width, unit }: Facts): string[] {
  if (!mean || !width) return [];
  const scale = width[0] || width[1];
  const end = unit ? ` ${unit}` : '';
  const texts: string[] = [];
  if (Math.abs(mean[1] - mean[0]) > VISIBLE * scale) texts.push(`mean ${short(mean[0])} → ${short(mean[1])}${end}`);
  if (Math.abs(width[1] - width[0]) > VISIBLE * scale)
    texts.push(`width ${short(width[0])} → ${short(width[1])}${end}`);
  return texts;
}

function testText({ test, statistic, ndf, p, spread }: TestResult): string {
  const learnt = spread ? `, ${short(spread)} among references` : '';
  if (ndf !== undefined) {
    const bins = test === 'shape' || test === 'entries' ? ndf + 1 : ndf;
    return `χ²/ndf ${short(statistic / ndf)} over ${bins} bins (p ${probability(p)}${learnt})`;
  }
  if (test === 'cumulated') return `Kolmogorov distance ${short(statistic)} (p ${probability(p)}${learnt})`;
  return `${short(Math.abs(statistic))} σ (p ${probability(p)}${learnt})`;
}

function probability(p: number): string {
  return p < 1e-300 ? '< 1e-300' : p < 0.001 ? p.toExponential(0) : short(Number(p.toFixed(3)));
}

function percent(share: number): string {
  return `${share > 0 ? '+' : ''}${short(100 * share)} %`;
}
