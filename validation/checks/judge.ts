import type { Finding, Report, StepReport, Verdict } from '../report/model.ts';
import { fingerprint } from './fingerprint.ts';
import { isReleaseError, judgeStep } from './judge-step.ts';
import type { StepOutcome } from './outcome.ts';

/** A run when it is over. */
export interface Outcome {
  /** In the order of the plan. */
  steps: readonly StepOutcome[];
  /** Of the logs of each step's last attempt: what scanStepLogs found. */
  inLogs: readonly Finding[];
  /** Why the run was stopped before its end ("stopped by SIGINT"); absent when it was not. */
  interrupted?: string;
  /** What kept the run as a whole from working ("makeflow ended with status 1"); absent when nothing did. */
  problem?: string;
}

export type Judgement = Pick<Report, 'verdict' | 'reason' | 'totals' | 'findings' | 'steps'>;

/**
 * The verdict over a run, with a sentence that says why. In this order:
 * - `interrupted`: somebody stopped it, so that the rest is not known; errors found so far are counted in the reason
 * - `failed`: an error was found that speaks against the release. One is enough: whatever else the infrastructure kept
 *   from running, the release does not pass
 * - `broken`: steps did not run, did not come to their end, or left no log, or there are none: nothing is said about the release
 * - `passed`
 */
export function judge(outcome: Outcome): Judgement {
  const findings: Finding[] = [];
  const steps: StepReport[] = [];
  const byStep = new Map<string, Finding[]>(outcome.steps.map((step) => [step.id, []]));
  for (const finding of outcome.inLogs) byStep.get(finding.step)?.push(finding);
  for (const step of outcome.steps) {
    const judged = judgeStep(step, byStep.get(step.id) ?? [], outcome.interrupted !== undefined);
    findings.push(...judged.findings.map((one) => ({ ...one, fingerprint: one.fingerprint ?? fingerprint(one) })));
    const {
      ending: _e,
      message: _m,
      timedOut: _t,
      timeLimit: _l,
      coreDumps: _c,
      missing: _o,
      earlier: _r,
      ...rest
    } = step;
    steps.push({ ...rest, state: judged.state });
  }
  return { ...decide(outcome, steps, findings), totals: count(steps, findings), findings, steps };
}

/** Lines that a list of findings stands for: those that are counted and not listed too. */
export function countLines(findings: readonly Finding[]): number {
  return findings.reduce((sum, finding) => sum + 1 + (finding.more ?? 0), 0);
}

function count(steps: readonly StepReport[], findings: readonly Finding[]): Report['totals'] {
  const succeeded = steps.filter((step) => step.state === 'succeeded').length;
  const failed = steps.filter((step) => step.state === 'failed').length;
  const broken = steps.filter((step) => step.state === 'broken').length;
  return {
    steps: steps.length,
    succeeded,
    failed,
    broken,
    notRun: steps.length - succeeded - failed - broken,
    errors: countLines(findings.filter((finding) => finding.severity === 'error')),
    warnings: countLines(findings.filter((finding) => finding.severity === 'warning')),
  };
}

function decide(outcome: Outcome, steps: readonly StepReport[], findings: readonly Finding[]) {
  const { failed, broken, notRun, succeeded, warnings } = count(steps, findings);
  const against = findings.filter(isReleaseError);
  const unjudged = broken + notRun;
  const of = `of ${steps.length} step${steps.length === 1 ? '' : 's'}`;
  const result = (verdict: Verdict, reason: string) => ({ verdict, reason });

  if (outcome.interrupted !== undefined) {
    const soFar = against.length > 0 ? `; ${number(countLines(against), 'error')} found so far` : '';
    return result('interrupted', `${outcome.interrupted} when ${succeeded + failed} ${of} had ended${soFar}`);
  }
  if (against.length > 0) {
    const rest = unjudged > 0 ? `; nothing is known of ${number(unjudged, 'more step')}` : '';
    return result('failed', `${failed} ${of} failed: ${describeFailures(steps, against)}${rest}`);
  }
  const cause = outcome.problem ?? findings.find((one) => one.severity === 'error')?.message;
  const because = cause === undefined ? '' : `: ${cause}`;
  if (steps.length === 0) return result('broken', `no step was run${because}`);
  if (unjudged > 0) return result('broken', `nothing is known of ${unjudged} ${of}${because}`);
  if (outcome.problem !== undefined) return result('broken', outcome.problem);
  const but = warnings > 0 ? `; ${number(warnings, 'warning')}` : '';
  return result(
    'passed',
    `${steps.length === 1 ? 'the step' : `all ${steps.length} steps`} succeeded, without known errors in the logs${but}`,
  );
}

/** Names of failed steps in a reason. */
const NAMED = 3;

function describeFailures(steps: readonly StepReport[], against: readonly Finding[]): string {
  const failed = steps.filter((step) => step.state === 'failed').map((step) => step.id);
  const named = failed.slice(0, NAMED).join(', ');
  const others = failed.length > NAMED ? ` and ${failed.length - NAMED} others` : '';
  // A log says more than an exit status.
  const first =
    against.find((one) => one.step === failed[0] && one.file) ?? against.find((one) => one.step === failed[0]);
  if (!first) return `${named}${others}`;
  const place = first.file ? ` (${first.file}${first.line ? `:${first.line}` : ''})` : '';
  return `${named}${others}: ${first.message.trim()}${place}`;
}

function number(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
