import { median, quantile } from '../statistics/quantiles.ts';
import { counted } from '../units/count.ts';
import { formatMemory, formatSize } from '../units/size.ts';
import { formatDuration } from '../units/time.ts';
import type { Change, Finding, Report, Severity, StepReport } from './model.ts';
import { stateWord } from './step-states.ts';

/** Findings of the same trouble, in however many steps. */
export interface FindingGroup {
  /** The first of them, to be shown. */
  first: Finding;
  all: Finding[];
  /** Ids, each once, in order. */
  steps: string[];
  /** Lines of logs, or occurrences, with those that are counted and not listed. */
  count: number;
}

const ORDER: readonly Severity[] = ['error', 'warning', 'info'];

/** Findings by fingerprint and severity: errors first, then in their order. */
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
 * The findings in the order in which they are to be read: with a reference what is new, what is known, what is fixed, and
 * what is not compared; without one all together. In each, those of a component stand together, in the order of the
 * report's components. Sections without findings are left out.
 */
export function sectionsOf(report: Report): Section[] {
  const { findings, reference, fixed = [], totals } = report;
  const section = (name: Section['name'], title: string, list: readonly Finding[]): Section[] =>
    list.length === 0 ? [] : [{ name, title: `${title}${describeFindings(list)}`, groups: byComponent(report, list) }];
  if (!reference) {
    const title = `Findings: ${describeTotals(totals)}`;
    return [{ name: 'others', title, groups: byComponent(report, findings) }];
  }
  const aged = (age: Finding['age']) => findings.filter((one) => one.age === age && one.severity !== 'info');
  const others = findings.filter((one) => one.age === undefined || one.severity === 'info');
  return [
    ...section('new', 'New: ', aged('new')),
    ...section('known', 'Known: ', aged('known')),
    ...section('fixed', 'Fixed: ', fixed),
    ...section('others', 'Others: ', others),
  ];
}

/** How many troubles there are: what is the same counts once, in however many lines and steps it is. */
export function countTroubles(findings: readonly Finding[], severity?: Severity): number {
  return groupFindings(severity ? findings.filter((one) => one.severity === severity) : findings).length;
}

/** `3 errors, 1 warning, 1 note`, or `none`; each trouble once. */
export function describeFindings(findings: readonly Finding[]): string {
  const notes = countTroubles(findings, 'info');
  const totals = describeTotals({
    errors: countTroubles(findings, 'error'),
    warnings: countTroubles(findings, 'warning'),
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

/** How an amount is written, and what it is of. */
const QUANTITY: Record<Change['quantity'], { format: (value: number) => string; of: string }> = {
  duration: { format: formatDuration, of: '' },
  cpuTime: { format: formatDuration, of: ' of CPU time' },
  peakMemory: { format: formatMemory, of: ' of memory' },
  outputBytes: { format: formatSize, of: ' of output' },
};

/** `sim0003: 3.1 s, usually 2.0 s (54 % more; up to 0.7 s more or less is usual, from 4 runs)`. */
export function describeChange({ stage, step, quantity, value, usual, spread, runs, direction }: Change): string {
  const { format, of } = QUANTITY[quantity];
  const share = usual > 0 ? `${Math.round((100 * Math.abs(value - usual)) / usual)} % ${direction}; ` : '';
  const from = runs === 1 ? 'from one run' : `from ${runs} runs`;
  return `${step ?? `${stage}, median`}: ${format(value)}${of}, usually ${format(usual)} (${share}up to ${format(spread)} more or less counts as usual, ${from})`;
}

/** Changes for the worse first: what takes more, and outputs of another size. */
export function sortChanges(changes: readonly Change[]): Change[] {
  const isWorse = ({ quantity, direction }: Change) => quantity === 'outputBytes' || direction === 'more';
  const factor = ({ value, usual }: Change) => Math.abs(Math.log((value + 1) / (usual + 1)));
  return [...changes].sort((a, b) => Number(isWorse(b)) - Number(isWorse(a)) || factor(b) - factor(a));
}

/** Where in a message that was cut at its begin the text is that was found. */
const FOUND_AT = 200;
/** Characters before it that are shown. */
const LEAD = 60;

/** The message without blanks around it; of a long one the part around what was found, `most` characters. */
export function excerpt({ message, column = 1 }: Finding, most: number): string {
  const characters = [...message];
  if (characters.length <= most) return message.trim();
  // The column is that in the log, where more may stand before the message than is shown of it.
  const found = message.startsWith('…') ? FOUND_AT : column <= characters.length ? column - 1 : 0;
  const from = Math.max(0, Math.min(found - LEAD, characters.length - most));
  const to = from + most;
  const part = characters.slice(from, to).join('').trim();
  return `${from > 0 ? '…' : ''}${part}${to < characters.length ? '…' : ''}`;
}

/** A finding in one line: its message and, of how a payload ended, the last line that it wrote; each of `most` characters. */
export function tell(finding: Finding, most: number): string {
  const { file, lines } = finding.lastLines ?? {};
  const last = lines?.at(-1)?.trim();
  const text = excerpt(finding, most);
  return last === undefined
    ? text
    : `${text}; ${file} ends: ${excerpt({ ...finding, message: last, column: 1 }, most)}`;
}

/** `logs/rec.log:25`, or nothing where a finding is about the step as a whole. */
export function placeOf(finding: Finding): string {
  if (!finding.file) return '';
  return finding.line ? `${finding.file}:${finding.line}` : finding.file;
}

/** Steps of one stage, in sums. */
export interface StageSummary {
  stage: string;
  steps: number;
  /** Number of steps by state. */
  states: Map<StepReport['state'], number>;
  /** Seconds; absent where no step ended. */
  median?: number;
  longest?: number;
  /** ms since 1970, of the stage as a whole. */
  start?: number;
  end?: number;
}

/** By stage, in order of appearance. */
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
