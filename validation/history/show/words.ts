import { describeSpell, nameNight } from '../../report/since.ts';
import { counted } from '../../units/count.ts';
import { formatMemory, formatSize } from '../../units/size.ts';
import { formatDuration } from '../../units/time.ts';
import type { Quantity } from '../line.ts';
import type { Change, DriftTrend, FindingTrend, StepTrend } from '../trend.ts';

/** The words for a history, for the command line and the page. */

/** The quantities of a stage: their names, and the form of their values. */
export const QUANTITY: Record<Quantity, { name: string; format: (value: number) => string }> = {
  duration: { name: 'time', format: formatDuration },
  peakMemory: { name: 'memory', format: formatMemory },
  outputBytes: { name: 'outputs', format: formatSize },
};

/** The groups of findings, in reading order. */
export const COURSES: readonly { course: FindingTrend['course']; title: string }[] = [
  { course: 'open', title: 'Appeared, and still there' },
  { course: 'flaky', title: 'Flaky: come and go without a change of release' },
  { course: 'always', title: 'There in every night' },
  { course: 'fixed', title: 'Fixed' },
];

/** `since 2026-11-12 (B); last good night: 2026-11-11 (A)`. */
export function describeCame({ came: { before, between, after } }: Pick<FindingTrend, 'came'>): string {
  return describeSpell({ first: after, ...(before && { lastGood: before }), unknown: between?.length ?? 0 });
}

/** `gone since 2026-11-20 (B); last bad night: 2026-11-19 (A)`. */
export function describeWent({ went, accepted }: Pick<FindingTrend, 'went' | 'accepted'>): string {
  if (!went) return 'still there';
  const how = accepted ? `accepted on ${nameNight(went.before)}` : `last bad night: ${nameNight(went.before)}`;
  return `gone since ${nameNight(went.after)}; ${how}${betweenText(went)}`;
}

function betweenText({ between = [] }: Change): string {
  if (between.length === 0) return '';
  return `; ${counted(between.length, 'unknown night')} between`;
}

/** `in 8 of 30 nights, last on 2026-11-28 (B)`. */
export function describeOften({ bad, known, last }: Pick<FindingTrend, 'bad' | 'known' | 'last'>): string {
  return `in ${bad} of ${counted(known, 'night')}, last on ${nameNight(last)}`;
}

/** `failed in 3 of 30 nights, passed on a retry in 4; last on …`. */
export function describeStep({ failed, retried, known, last }: StepTrend): string {
  const parts = [
    failed > 0 ? `failed in ${failed}` : '',
    retried > 0 ? `succeeded only in a later attempt in ${retried}` : '',
  ].filter((part) => part !== '');
  return `${parts.join(' and ')} of ${counted(known, 'night')}, last on ${nameNight(last)}`;
}

/** `time 2.0 % more each night: 10 min → 18 min, from 2026-10-30 (A) to 2026-11-28 (B)`. */
export function describeDrift(drift: DriftTrend): string {
  const { quantity, kind, before, after, perNight = 0, from, to } = drift;
  const { name, format } = QUANTITY[quantity];
  const values = `${format(before)} → ${format(after)}`;
  if (kind === 'jump') {
    return `${name} ${share(after / before - 1)} at once: ${values}, between ${nameNight(from)} and ${nameNight(to)}`;
  }
  return `${name} ${share(perNight)} each night: ${values}, from ${nameNight(from)} to ${nameNight(to)}`;
}

function share(value: number): string {
  const percent = Math.abs(value) * 100;
  return `${percent.toFixed(percent < 10 ? 1 : 0)} % ${value < 0 ? 'less' : 'more'}`;
}
