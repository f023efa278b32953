import { median, quantile } from '../statistics/quantiles.ts';
import { counted } from '../units/count.ts';
import { formatMemory, formatSize } from '../units/size.ts';
import { formatDuration } from '../units/time.ts';
import type { Change, Finding, Report, Severity, StepReport } from './model.ts';
import { stateWord } from './step-states.ts';

/** Findings with one fingerprint: the same error, in one or many steps. */
export interface FindingGroup {
  /** The one that is shown. */
  first: Finding;
  all: Finding[];
  /** Ids, each once, in order. */
  steps: string[];
  /** Number of lines or occurrences, including those that are only counted. */
  count: number;
}

const ORDER: readonly Severity[] = ['error', 'warning', 'info'];

/** Groups the findings by fingerprint and severity: errors first, else in the given order. */
export function groupFindings(findings: readonly Finding[]): FindingGroup[] {
  const groups = new Map<string, FindingGroup>();
  for (const [index, finding] of findings.entries()) {
    const key = `${finding.severity} ${finding.fingerprint ?? index}`;
    const group = groups.get(key) ?? { first: finding, all: [], steps: [], count: 0 };
    group.all.push(finding);
    if (group.steps.at(-1) !== finding.step) group.steps.push(finding.step);
    group.count += 1 + (finding.more ?? 0);
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => ORDER.indexOf(a.first.severity) - ORDER.indexOf(b.first.severity));
}

/** Findings that are shown under one heading. */
export interface Section {
  name: 'new' | 'known' | 'fixed' | 'others';
  title: string;
  groups: FindingGroup[];
}

/**
 * The findings in reading order. With a reference: new, known, fixed, then those that are not compared. Without one: all in
 * one section. Within a section, findings are grouped by component, in the order of the report's components.
 * Sections without findings are left out.
 */
export function sectionsOf(report: Report): Section[] {
  const { findings, reference, fixed = [], totals } = report;
  const section = (name: Section['name'], title: string, list: readonly Finding[]): Section[] =>
    list.length === 0 ? [] : [{ name, title: `${title}${describeFindings(list)}`, groups: byComponent(report, list) }];
  if (!reference) {
    const title = `Findings: ${describeTotals(totals)}`;
    return [{ name: 'others', title, groups: byComponent(report, findings) }];
  }
  // Notes have no section by age, except known differences of histograms.
  const isAged = (one: Finding) => one.age !== undefined && (one.severity !== 'info' || one.compared !== undefined);
  const aged = (age: Finding['age']) => findings.filter((one) => isAged(one) && one.age === age);
  const others = findings.filter((one) => !isAged(one));
  return [
    ...section('new', 'New: ', aged('new')),
    ...section('known', 'Known: ', aged('known')),
    ...section('fixed', 'Fixed: ', fixed),
    ...section('others', 'Others: ', others),
  ];
}

/** Number of distinct findings: the same finding in many lines or steps counts once. */
export function countDistinct(findings: readonly Finding[], severity?: Severity): number {
  return groupFindings(severity ? findings.filter((one) => one.severity === severity) : findings).length;
}

/** `3 errors, 1 warning, 1 note`, or `none`; each distinct finding counts once. */
export function describeFindings(findings: readonly Finding[]): string {
  const notes = countDistinct(findings, 'info');
  const totals = describeTotals({
    errors: countDistinct(findings, 'error'),
    warnings: countDistinct(findings, 'warning'),
  });
  return notes > 0 ? `${totals === 'none' ? '' : `${totals}, `}${counted(notes, 'note')}` : totals;
}

function byComponent({ components = [] }: Report, findings: readonly Finding[]): FindingGroup[] {
  const rank = new Map(components.map(({ name }, index) => [name, index]));
  const of = ({ first }: FindingGroup) => rank.get(first.component ?? '') ?? components.length;
  return groupFindings(findings).sort(
    (a, b) => of(a) - of(b) || ORDER.indexOf(a.first.severity) - ORDER.indexOf(b.first.severity),
  );
}

/** How a value is written, and the words behind it. */
const QUANTITY: Record<Change['quantity'], { format: (value: number) => string; of: string }> = {
  duration: { format: formatDuration, of: '' },
  cpuTime: { format: formatDuration, of: ' of CPU time' },
  peakMemory: { format: formatMemory, of: ' of memory' },
  outputBytes: { format: formatSize, of: ' of output' },
};

/** `sim0003: 3.1 s, usually 2.0 s (54 % more; normal variation ±0.7 s, from 4 runs)`. */
export function describeChange({
  stage,
  step,
  output,
  quantity,
  value,
  usual,
  spread,
  runs,
  direction,
}: Change): string {
  const { format, of } = QUANTITY[quantity];
  const share = usual > 0 ? `${Math.round((100 * Math.abs(value - usual)) / usual)} % ${direction}; ` : '';
  const from = runs === 1 ? 'from one run' : `from ${runs} runs`;
  const name = output === undefined ? '' : `, ${output}`;
  return `${step ?? `${stage}, median`}${name}: ${format(value)}${of}, usually ${format(usual)} (${share}normal variation ±${format(spread)}, ${from})`;
}

/** Sorts the changes: regressions and changed output sizes first, then by factor. */
export function sortChanges(changes: readonly Change[]): Change[] {
  const isRegression = ({ quantity, direction }: Change) => quantity === 'outputBytes' || direction === 'more';
  const factor = ({ value, usual }: Change) => Math.abs(Math.log((value + 1) / (usual + 1)));
  return [...changes].sort((a, b) => Number(isRegression(b)) - Number(isRegression(a)) || factor(b) - factor(a));
}

/** The position of the match in a message whose beginning was cut off. */
const FOUND_AT = 200;
/** The number of characters before the match that are shown. */
const LEAD = 60;

/** The trimmed message; of a long one only `most` characters around the match. */
export function excerpt({ message, column = 1 }: Finding, most: number): string {
  const characters = [...message];
  if (characters.length <= most) return message.trim();
  // `column` counts in the line of the log, whose beginning may be missing in the message.
  const found = message.startsWith('…') ? FOUND_AT : column <= characters.length ? column - 1 : 0;
  const from = Math.max(0, Math.min(found - LEAD, characters.length - most));
  const to = from + most;
  const part = characters.slice(from, to).join('').trim();
  return `${from > 0 ? '…' : ''}${part}${to < characters.length ? '…' : ''}`;
}

/** A finding in one line: its message and, if its payload failed, the last line of its log; each at most `most` characters. */
export function oneLine(finding: Finding, most: number): string {
  const { file, lines } = finding.lastLines ?? {};
  const last = lines?.at(-1)?.trim();
  const text = excerpt(finding, most);
  return last === undefined
    ? text
    : `${text}; ${file} ends: ${excerpt({ ...finding, message: last, column: 1 }, most)}`;
}

/** `logs/rec.log:25`, an output file, or an empty text if the finding is about the step as a whole. */
export function placeOf(finding: Finding): string {
  if (!finding.file) return finding.compared?.file ?? '';
  return finding.line ? `${finding.file}:${finding.line}` : finding.file;
}

/** The steps of one stage, summed up. */
export interface StageSummary {
  stage: string;
  steps: number;
  /** Number of steps by state. */
  states: Map<StepReport['state'], number>;
  /** Seconds; absent if no step has ended. */
  median?: number;
  longest?: number;
  /** ms since 1970: start of the first step, end of the last. */
  start?: number;
  end?: number;
}

/** Sums up the steps by stage, in order of appearance. */
export function summarizeStages(steps: readonly StepReport[]): StageSummary[] {
  const stages = new Map<string, StepReport[]>();
  for (const step of steps) {
    const list = stages.get(step.stage) ?? [];
    list.push(step);
    stages.set(step.stage, list);
  }
  return [...stages].map(([stage, list]) => {
    const states: StageSummary['states'] = new Map();
    for (const { state } of list) states.set(state, (states.get(state) ?? 0) + 1);
    const timed = list.flatMap(({ start, end }) => (start === undefined || end === undefined ? [] : [{ start, end }]));
    const durations = timed.map(({ start, end }) => (end - start) / 1000);
    return {
      stage,
      steps: list.length,
      states,
      ...(timed.length > 0 && {
        median: median(durations),
        longest: quantile(durations, 1),
        start: timed.reduce((least, { start }) => Math.min(least, start), Number.POSITIVE_INFINITY),
        end: timed.reduce((most, { end }) => Math.max(most, end), 0),
      }),
    };
  });
}

/** `8 succeeded, 1 failed`. */
export function describeStates(states: StageSummary['states']): string {
  return [...states].map(([state, n]) => `${n} ${stateWord(state, true)}`).join(', ');
}

/** `3 errors, 1 warning`, or `none`. */
export function describeTotals(totals: { errors: number; warnings: number }): string {
  const parts = [
    totals.errors > 0 ? counted(totals.errors, 'error') : '',
    totals.warnings > 0 ? counted(totals.warnings, 'warning') : '',
  ];
  return parts.filter((part) => part !== '').join(', ') || 'none';
}
