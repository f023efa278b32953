import type { Finding, Severity, StepState } from '../report/model.ts';
import { fingerprint } from './fingerprint.ts';
import { version1Fingerprint } from './fingerprint-1.ts';
import type { StepOutcome } from './outcome.ts';
import type { Rules, StepCheck } from './rules.ts';
import { applyStepRules } from './step-rules.ts';

/** Rules whose findings are about the infrastructure; all others are about the release. */
const INFRASTRUCTURE_RULES: readonly string[] = ['infrastructure', 'no-log'];

/** Whether a finding is about the infrastructure, not about the release. */
export function isAboutInfrastructure({ rule }: Pick<Finding, 'rule'>): boolean {
  return INFRASTRUCTURE_RULES.includes(rule);
}

/** Whether a finding speaks against the release. */
export function isReleaseError(finding: Finding): boolean {
  return finding.severity === 'error' && !isAboutInfrastructure(finding);
}

function isInfrastructureError(finding: Finding): boolean {
  return finding.severity === 'error' && isAboutInfrastructure(finding);
}

export interface StepJudging {
  /** The run was stopped before its end. */
  interrupted: boolean;
  rules: Rules;
  /** ms since 1970: which exceptions have expired. */
  now: number;
}

/**
 * Decides the state of a step and collects its findings. `inLogs` are the findings in the logs of its last attempt.
 * - An error that speaks against the release makes it `failed`, even if its exit status is 0.
 * - Otherwise an infrastructure failure or a missing log makes it `broken`; or `aborted`, if it did not end because the run
 *   was `interrupted`.
 * - If the payload did not end by itself, errors in its logs become warnings: whatever stopped it may have caused them.
 * - If the payload failed, missing and empty outputs become warnings: they follow from the failure.
 */
export function judgeStep(
  outcome: StepOutcome,
  inLogs: readonly Finding[],
  { interrupted, rules, now }: StepJudging,
): { state: StepState; findings: Finding[] } {
  const cutShort = outcome.ending === 'running' || (outcome.ending === 'lost' && outcome.exitStatus === undefined);
  const aborted = interrupted && cutShort;
  const ofStep = aborted ? [] : applyStepRules(outcome, rules.steps, now);
  const ofLogs = mergeParts(withoutRepeats(inLogs, rules), ofStep, rules);
  const findings = ofLogs.map((finding) => (cutShort ? weaken(finding) : finding));
  if (!aborted) findings.push(...ofEnding(outcome));
  const failed = [...findings, ...ofStep.filter(({ isOfOutputs }) => !isOfOutputs)].some(isReleaseError);
  for (const { isOfOutputs, check: _, ...finding } of ofStep) {
    findings.push(isOfOutputs && failed ? weaken(finding) : finding);
  }
  findings.push(...ofRetries(outcome));
  return {
    state: stateOf(outcome, findings, aborted),
    findings: findings.map((one) => (one.fingerprint === undefined ? { ...one, ...fingerprints(one) } : one)),
  };
}

/**
 * Merges a line of a log that only repeats a finding about the step into that finding, which gets the line's place and
 * keeps its own fingerprint.
 */
function mergeParts(
  inLogs: readonly Finding[],
  ofStep: (Finding & { check: StepCheck })[],
  { logs: rules }: Rules,
): Finding[] {
  return inLogs.filter((finding) => {
    const parts = rules.find(({ id }) => id === finding.rule)?.partOf;
    const whole = ofStep.find(({ check }) => parts?.includes(check));
    // A stack trace says more than the finding about the step: keep both.
    if (!whole || finding.trace) return true;
    const { file, line, column, context } = finding;
    if (whole.file === undefined) {
      Object.assign(whole, { file, line, column, context });
      delete whole.lastLines;
    }
    return false;
  });
}

/** A line repeats another one only within this number of lines. */
const REPEAT_WITHIN = 5;

/** Leaves out lines that only repeat a line just before them, such as the head of a stack trace. */
function withoutRepeats(inLogs: readonly Finding[], { logs: rules }: Rules): Finding[] {
  return inLogs.filter(({ rule, file, attempt, line = 0 }) => {
    const repeated = rules.find(({ id }) => id === rule)?.after;
    return !inLogs.some((other) => {
      const behind = line - (other.line ?? Number.NEGATIVE_INFINITY);
      const isSameLog = other.file === file && other.attempt === attempt;
      return isSameLog && behind > 0 && behind <= REPEAT_WITHIN && repeated?.includes(other.rule);
    });
  });
}

function fingerprints(finding: Finding): Pick<Finding, 'fingerprint' | 'earlierFingerprint'> {
  return { fingerprint: fingerprint(finding), earlierFingerprint: version1Fingerprint(finding) };
}

function stateOf(outcome: StepOutcome, findings: readonly Finding[], aborted: boolean): StepState {
  if (outcome.ending === 'waiting' || outcome.ending === 'skipped') return 'waiting';
  if (findings.some(isReleaseError)) return 'failed';
  if (aborted) return 'aborted';
  return findings.some(isInfrastructureError) ? 'broken' : 'succeeded';
}

function ofEnding(outcome: StepOutcome): Finding[] {
  const { ending, message, logs } = outcome;
  switch (ending) {
    case 'waiting':
      return [];
    case 'skipped':
      return [about(outcome, 'not-run', 'info', message ?? 'not run, because a step that it waits for failed')];
    case 'running':
      return [
        about(outcome, 'infrastructure', 'error', message ?? 'started, but neither a result nor an end came back'),
      ];
    case 'lost':
      return [about(outcome, 'infrastructure', 'error', message ?? 'the infrastructure failed')];
    case 'ended':
      if (logs.length > 0)
        return (outcome.unread ?? []).map((why) => about(outcome, 'no-log', 'error', `not a clean log: ${why}`));
      return [about(outcome, 'no-log', 'error', 'no log came back, so that known errors cannot be looked for')];
  }
}

function ofRetries(outcome: StepOutcome): Finding[] {
  return (outcome.earlier ?? []).map(({ attempt, message }) => ({
    ...about(outcome, 'infrastructure', 'info', `tried again: ${message}`),
    attempt,
  }));
}

function about(outcome: StepOutcome, rule: string, severity: Severity, message: string): Finding {
  return { step: outcome.id, stage: outcome.stage, attempt: outcome.attempts, severity, rule, message };
}

function weaken(finding: Finding): Finding {
  return finding.severity === 'error' ? { ...finding, severity: 'warning' } : finding;
}
