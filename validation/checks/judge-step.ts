import type { Finding, Severity, StepState } from '../report/model.ts';
import type { StepOutcome } from './outcome.ts';

/** Rules whose findings say that nothing can be said about the release; all others are about the release. */
const INFRASTRUCTURE_RULES: readonly string[] = ['infrastructure', 'no-log'];

/** Whether a finding speaks against the release. */
export function isReleaseError(finding: Finding): boolean {
  return finding.severity === 'error' && !INFRASTRUCTURE_RULES.includes(finding.rule);
}

function isInfrastructureError(finding: Finding): boolean {
  return finding.severity === 'error' && INFRASTRUCTURE_RULES.includes(finding.rule);
}

/**
 * State and findings of one step; `inLogs` are those of its last attempt's logs.
 * - An error that speaks against the release makes it `failed`, also when its exit status is 0.
 * - Otherwise an infrastructure failure, or that there is no log to look at, makes it `broken`; `aborted` when it did
 *   not end because the run was `interrupted`.
 * - What the logs of a payload say that did not come to its end are warnings: whatever ended it may have caused them.
 * - Outputs that are missing after a payload failed are warnings: they follow from that.
 */
export function judgeStep(
  outcome: StepOutcome,
  inLogs: readonly Finding[],
  interrupted: boolean,
): { state: StepState; findings: Finding[] } {
  const cutShort = outcome.ending === 'running' || (outcome.ending === 'lost' && outcome.exitStatus === undefined);
  const aborted = interrupted && cutShort;
  const findings = inLogs.map((finding) => (cutShort ? weaken(finding) : finding));
  if (!aborted) findings.push(...ofEnding(outcome));
  findings.push(...ofOutputs(outcome, findings.some(isReleaseError)), ...ofEarlier(outcome));
  return { state: stateOf(outcome, findings, aborted), findings };
}

function stateOf(outcome: StepOutcome, findings: readonly Finding[], aborted: boolean): StepState {
  if (outcome.ending === 'waiting' || outcome.ending === 'skipped') return 'waiting';
  if (findings.some(isReleaseError)) return 'failed';
  if (aborted) return 'aborted';
  return findings.some(isInfrastructureError) ? 'broken' : 'succeeded';
}

function ofEnding(outcome: StepOutcome): Finding[] {
  const { ending, message, exitStatus, signal, timedOut, timeLimit } = outcome;
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
      return [about(outcome, 'infrastructure', 'error', message ?? 'the infrastructure failed'), ...ofPayload()];
    case 'ended':
      return [
        ...ofPayload(),
        ...(outcome.logs.length === 0
          ? [about(outcome, 'no-log', 'error', 'no log came back, so that known errors cannot be looked for')]
          : []),
      ];
  }

  function ofPayload(): Finding[] {
    const findings = (outcome.coreDumps ?? []).map((name) =>
      about(outcome, 'core-dump', 'error', `core dumped: ${name}`),
    );
    if (timedOut) {
      const limit = timeLimit === undefined ? 'its time limit' : `its time limit of ${timeLimit} s`;
      findings.unshift(about(outcome, 'time-limit', 'error', `the payload was killed after ${limit}`));
    } else if (signal) {
      findings.unshift(about(outcome, 'signal', 'error', `the payload was ended by ${signal}`));
    } else if (exitStatus !== undefined && exitStatus !== 0) {
      findings.unshift(about(outcome, 'exit-status', 'error', `the payload ended with exit status ${exitStatus}`));
    }
    return findings;
  }
}

function ofOutputs(outcome: StepOutcome, failed: boolean): Finding[] {
  if (outcome.ending !== 'ended') return [];
  return (outcome.missing ?? []).map((pattern) =>
    about(outcome, 'missing-output', failed ? 'warning' : 'error', `no output ${pattern}, which later stages read`),
  );
}

function ofEarlier(outcome: StepOutcome): Finding[] {
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
