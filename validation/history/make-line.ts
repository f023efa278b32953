import { z } from 'zod';
import { isAboutInfrastructure } from '../checks/judge-step.ts';
import { countDistinct, excerpt, groupFindings } from '../report/groups.ts';
import type { Finding, Report, StepReport } from '../report/model.ts';
import type { RunRecord } from '../runs/store/record.ts';
import { median, quantile } from '../statistics/quantiles.ts';
import {
  type FoundLine,
  type HistoryLine,
  LINE_SCHEMA,
  MOST_FINDINGS,
  MOST_RULES,
  MOST_STAGES,
  MOST_STEPS,
  MOST_STEPS_OF_FINDING,
  type Spread,
  type StageLine,
} from './line.ts';

/** The longest text of a finding, characters. */
const TEXT = 160;

/** The parts of a report that a line needs. The report may come from an older version, or from another person. */
const reportPart = z.object({
  findings: z.array(
    z.object({
      step: z.string(),
      stage: z.string(),
      attempt: z.number(),
      severity: z.enum(['error', 'warning', 'info']),
      rule: z.string(),
      message: z.string(),
      ...{ column: z.number().optional(), more: z.number().optional(), known: z.string().optional() },
      ...{ fingerprint: z.string().optional(), earlierFingerprint: z.string().optional() },
      component: z.string().optional(),
      compared: z.object({ file: z.string(), object: z.string().optional() }).optional(),
    }),
  ),
  steps: z.array(
    z.object({
      id: z.string(),
      stage: z.string(),
      state: z.enum(['waiting', 'submitted', 'running', 'succeeded', 'failed', 'broken', 'aborted']),
      ...{ attempts: z.number(), repeated: z.number().optional() },
      ...{ start: z.number().optional(), end: z.number().optional() },
      ...{ peakMemory: z.number().optional(), outputBytes: z.number().optional() },
    }),
  ),
  checks: z.object({ histograms: z.unknown() }).optional().catch(undefined),
});
const histogramCounts = z.object({
  files: z.array(z.object({ counts: z.object({ changed: z.number().int().nonnegative().optional() }) })),
});

type StepPart = Pick<
  StepReport,
  'id' | 'stage' | 'state' | 'attempts' | 'repeated' | 'start' | 'end' | 'peakMemory' | 'outputBytes'
>;
/** The part of a report that a line needs. */
export type ReportPart = Pick<Report, 'findings' | 'checks'> & { steps: readonly StepPart[] };

/** The parts of a record that a line needs. */
export type EndedRecord = Pick<
  RunRecord,
  'id' | 'name' | 'workflow' | 'release' | 'created' | 'ended' | 'state' | 'verdict' | 'reason' | 'accepted' | 'totals'
>;

/**
 * The line of a run that has ended.
 * @param report content of its report.json; undefined if there is none
 * @param stamp stamp of the files of record and report
 * @returns undefined while the run has no verdict
 */
export function lineOf(record: EndedRecord, report: unknown, stamp: string): HistoryLine | undefined {
  const parsed = reportPart.safeParse(report);
  return lineOfReport(record, parsed.success ? parsed.data : undefined, stamp);
}

/** The same for a report that this process has made, or has checked. */
export function lineOfReport(
  record: EndedRecord,
  report: ReportPart | undefined,
  stamp: string,
): HistoryLine | undefined {
  const { id, name, workflow, release, created, ended, verdict, reason, accepted, totals } = record;
  if (record.state !== 'ended' || verdict === undefined) return undefined;
  const { findings, steps, checks } = report ?? { findings: [], steps: [], checks: undefined };
  const listed = foundLines(findings);
  const known = findings.filter(({ severity }) => severity !== 'info');
  const notRun = totals.steps - totals.succeeded - totals.failed - totals.broken;
  return {
    schema: LINE_SCHEMA,
    ...{ stamp, id, name, workflow, created, verdict },
    ...(release !== undefined && { release }),
    ...(ended !== undefined && { ended }),
    ...(reason !== undefined && { reason: reason.slice(0, 1000) }),
    ...(accepted && { accepted: true as const }),
    judged: report !== undefined,
    totals: report ? totalsOf(steps) : { ...totalsIn(totals), notRun: Math.max(0, notRun) },
    errors: countDistinct(known, 'error'),
    warnings: countDistinct(known, 'warning'),
    histograms: changedHistograms(checks?.histograms, listed),
    stages: stagesOf(steps),
    findings: listed.slice(0, MOST_FINDINGS),
    components: componentsOf(known),
    cut: [...new Set(findings.filter(({ more }) => more).map(({ rule }) => cutName(rule)))].slice(0, MOST_RULES),
    ...(listed.length > MOST_FINDINGS && { more: true as const }),
  };
}

function totalsIn({ steps, succeeded, failed, broken }: RunRecord['totals']): Omit<HistoryLine['totals'], 'notRun'> {
  const whole = (value: number): number => Math.max(0, Math.round(value));
  return { steps: whole(steps), succeeded: whole(succeeded), failed: whole(failed), broken: whole(broken) };
}

/** The name of a rule in `cut`. */
export function cutName(rule: string): string {
  return rule.slice(0, 1000);
}

/**
 * Each distinct finding once. Findings about the infrastructure are left out, because they say nothing about the release.
 * Findings without a fingerprint are left out, because they cannot be found again in another run.
 */
function foundLines(findings: readonly Finding[]): FoundLine[] {
  const told = findings.filter(
    (one) =>
      (one.severity !== 'info' || one.known !== undefined) &&
      one.rule !== 'not-run' &&
      !isAboutInfrastructure(one) &&
      (one.fingerprint !== undefined || one.compared !== undefined),
  );
  const lines = new Map<string, FoundLine>();
  for (const { first, steps } of groupFindings(told)) {
    // One finding more than the limit shows that there are more.
    if (lines.size > MOST_FINDINGS) break;
    const key = keyOf(first);
    // Errors come first, so an excused finding with the same key adds nothing.
    if (lines.has(key)) continue;
    lines.set(key, {
      key,
      ...(first.earlierFingerprint !== undefined && { earlier: first.earlierFingerprint.slice(0, 1000) }),
      severity: first.severity === 'warning' ? 'warning' : 'error',
      ...(first.severity === 'info' && { excused: true as const }),
      rule: first.rule.slice(0, 1000),
      ...(first.component !== undefined && { component: first.component.slice(0, 1000) }),
      text: excerpt(first, TEXT).slice(0, 1000),
      stage: first.stage.slice(0, 1000),
      steps: steps.slice(0, MOST_STEPS_OF_FINDING).map((id) => id.slice(0, 1000)),
      count: steps.length,
      ...(first.compared && { compared: comparedOf(first.compared) }),
    });
  }
  return [...lines.values()];
}

/** The fingerprint of a difference changes with the reference. Over the nights the key must stay the same for a histogram. */
export function keyOf({ fingerprint, compared, stage, rule }: Finding): string {
  if (!compared) return (fingerprint ?? '').slice(0, 1000);
  return JSON.stringify([stage, rule, compared.file, compared.object ?? '']).slice(0, 1000);
}

function comparedOf({ file, object }: NonNullable<Finding['compared']>): NonNullable<FoundLine['compared']> {
  return { file: file.slice(0, 1000), ...(object !== undefined && { object: object.slice(0, 1000) }) };
}

function componentsOf(findings: readonly Finding[]): HistoryLine['components'] {
  const counts = new Map<string, { errors: number; warnings: number }>();
  for (const { first } of groupFindings(findings)) {
    const component = first.component ?? '';
    const own = counts.get(component) ?? { errors: 0, warnings: 0 };
    own[first.severity === 'error' ? 'errors' : 'warnings']++;
    counts.set(component, own);
  }
  return Object.fromEntries(counts);
}

function changedHistograms(details: unknown, findings: readonly FoundLine[]): number {
  const counted = histogramCounts.safeParse(details);
  if (counted.success) return counted.data.files.reduce((sum, { counts }) => sum + (counts.changed ?? 0), 0);
  return findings.filter(({ compared, excused }) => compared && !excused).length;
}

function totalsOf(steps: readonly StepPart[]): HistoryLine['totals'] {
  const number = (state: StepPart['state']): number => steps.filter((step) => step.state === state).length;
  const [succeeded, failed, broken] = [number('succeeded'), number('failed'), number('broken')];
  return { steps: steps.length, succeeded, failed, broken, notRun: steps.length - succeeded - failed - broken };
}

function stagesOf(steps: readonly StepPart[]): StageLine[] {
  const stages = new Map<string, StepPart[]>();
  for (const step of steps) {
    const list = stages.get(step.stage);
    if (list) list.push(step);
    else stages.set(step.stage, [step]);
  }
  return [...stages].slice(0, MOST_STAGES).map(([stageName, list]) => {
    // A failed step may have ended too early, or too late.
    const good = list.filter(({ state }) => state === 'succeeded');
    const duration = spreadOf(
      good.map(({ start, end }) => (start === undefined || end === undefined ? undefined : (end - start) / 1000)),
    );
    const peakMemory = spreadOf(good.map((step) => step.peakMemory));
    const outputBytes = spreadOf(good.map((step) => step.outputBytes));
    return {
      name: stageName.slice(0, 1000),
      ...totalsOf(list),
      retried: good.filter(isRetried).length,
      failedSteps: idsOf(list.filter(({ state }) => state === 'failed')),
      unjudgedSteps: idsOf(list.filter(({ state }) => state !== 'succeeded' && state !== 'failed')),
      retriedSteps: idsOf(good.filter(isRetried)),
      ...(duration && { duration }),
      ...(peakMemory && { peakMemory }),
      ...(outputBytes && { outputBytes }),
    };
  });
}

/** A step that ran again because a user wanted it, and not because it failed, needed one attempt. */
function isRetried({ attempts, repeated = 0 }: StepPart): boolean {
  return attempts - repeated > 1;
}

function idsOf(steps: readonly StepPart[]): string[] {
  return steps.slice(0, MOST_STEPS).map(({ id }) => id.slice(0, 1000));
}

function spreadOf(values: readonly (number | undefined)[]): Spread | undefined {
  const known = values.filter((value) => value !== undefined && Number.isFinite(value)) as number[];
  if (known.length === 0) return undefined;
  return { median: median(known), low: quantile(known, 0.25), high: quantile(known, 0.75) };
}
