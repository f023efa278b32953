import type { Finding, Severity, StepReport } from './model.ts';

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
    const durations = timed.map(({ start, end }) => (end - start) / 1000).sort((a, b) => a - b);
    return {
      stage,
      steps: list.length,
      states,
      ...(timed.length > 0 && {
        median: durations[Math.floor(durations.length / 2)] ?? 0,
        longest: durations.at(-1) ?? 0,
        start: timed.reduce((least, { start }) => Math.min(least, start), Number.POSITIVE_INFINITY),
        end: timed.reduce((most, { end }) => Math.max(most, end), 0),
      }),
    };
  });
}

/** `8 succeeded, 1 failed`. */
export function describeStates(states: StageSummary['states']): string {
  return [...states].map(([state, n]) => `${n} ${state}`).join(', ');
}

/** `3 errors, 1 warning`, or `none`. */
export function describeTotals(totals: { errors: number; warnings: number }): string {
  const parts = [
    totals.errors > 0 ? `${totals.errors} error${totals.errors === 1 ? '' : 's'}` : '',
    totals.warnings > 0 ? `${totals.warnings} warning${totals.warnings === 1 ? '' : 's'}` : '',
  ];
  return parts.filter((part) => part !== '').join(', ') || 'none';
}
