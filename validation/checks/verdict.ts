import { countDistinct, groupFindings, oneLine, placeOf } from '../report/groups.ts';
import type { Change, Finding, Report, StepReport, Verdict } from '../report/model.ts';
import { counted } from '../units/count.ts';
import { isReleaseError } from './judge-step.ts';
import { type Outcome, STUCK } from './outcome.ts';
import type { Policy } from './policy.ts';

export function countStates(steps: readonly StepReport[], findings: readonly Finding[]): Report['totals'] {
  const succeeded = steps.filter((step) => step.state === 'succeeded').length;
  const failed = steps.filter((step) => step.state === 'failed').length;
  const broken = steps.filter((step) => step.state === 'broken').length;
  return {
    steps: steps.length,
    succeeded,
    failed,
    broken,
    notRun: steps.length - succeeded - failed - broken,
    errors: countDistinct(findings, 'error'),
    warnings: countDistinct(findings, 'warning'),
  };
}

export interface Evidence {
  outcome: Outcome;
  steps: readonly StepReport[];
  /** With `age` set if there is a reference. */
  findings: readonly Finding[];
  policy: Policy;
  reference?: { run: string };
  fixed?: readonly Finding[];
  changes?: readonly Change[];
}

interface Decision {
  verdict: Verdict;
  /** One sentence. */
  reason: string;
}

/**
 * Decides the verdict of a run, with a sentence that says why. The first case that applies decides:
 * - `interrupted`: somebody stopped the run. The reason counts the errors that were found until then.
 * - `failed`: an error speaks against the release, and the policy does not accept it. One such error is enough: the release
 *   does not pass, even if the infrastructure kept other steps from running.
 * - `broken`: a step did not run, did not end, or left no log, or the run has no steps. Nothing is said about the release.
 * - `failed`: steps did not run because of errors that the policy accepts; or the policy accepts fewer warnings or
 *   regressions than there are.
 * - `passed`: none of these.
 */
export function decide(evidence: Evidence): Decision {
  const { outcome, steps, findings, policy, reference } = evidence;
  const { failed, broken, notRun, succeeded } = countStates(steps, findings);
  const against = findings.filter(isReleaseError);
  const accepted = against.filter((one) => policy.failOn === 'new errors' && one.age === 'known');
  const failing = against.filter((one) => !accepted.includes(one));
  const unjudged = broken + notRun;
  const of = `of ${counted(steps.length, 'step')}`;

  if (outcome.interrupted !== undefined) {
    const soFar = against.length > 0 ? `; ${counted(countDistinct(against), 'error')} found so far` : '';
    const reason = `${outcome.interrupted} when ${succeeded + failed} ${of} had ended${soFar}`;
    return { verdict: 'interrupted', reason };
  }
  if (failing.length > 0) {
    const rest = unjudged > 0 ? `; ${describeUnjudged(notRun, broken)}` : '';
    const missing =
      policy.failOn === 'new errors' && !reference
        ? '; there is no good run to compare with, so every error counts as new'
        : '';
    const reason = `${failed} ${of} failed${describeErrors(failing, against, reference)}${missing}${rest}`;
    return { verdict: 'failed', reason };
  }
  const cause = causeOf(
    outcome.problem,
    findings.find((one) => one.severity === 'error' && !accepted.includes(one)),
  );
  const because = cause === undefined ? '' : `: ${cause}`;
  if (steps.length === 0) return { verdict: 'broken', reason: `no step was run${because}` };
  const known = accepted.length > 0 && knownText(accepted);
  const skipped = outcome.steps.filter(({ ending }) => ending === 'skipped').length;
  if (known && unjudged > 0 && skipped === unjudged) {
    return { verdict: 'failed', reason: `${unjudged} ${of} did not run because of ${known}` };
  }
  if (unjudged > 0) return { verdict: 'broken', reason: `${describeUnjudged(notRun, broken, of)}${because}` };
  if (outcome.problem !== undefined) return { verdict: 'broken', reason: outcome.problem };
  const limit = beyondPolicy(evidence);
  if (limit) return { verdict: 'failed', reason: limit };
  const all = steps.length === 1 ? 'the step' : `all ${steps.length} steps`;
  const good = known
    ? `no new errors; policy ${policy.name} accepts ${known}`
    : `${all} succeeded, without errors in the logs`;
  return { verdict: 'passed', reason: `${good}${remarks(evidence)}` };
}

/**
 * `2 steps did not run, 1 step is broken`.
 * @param of follows the first number: `of 10 steps`
 */
function describeUnjudged(notRun: number, broken: number, of?: string): string {
  const number = (n: number): string => (of === undefined ? counted(n, 'more step') : `${n} ${of}`);
  const be = broken === 1 ? 'is' : 'are';
  if (notRun === 0) return `${number(broken)} ${be} broken`;
  return `${number(notRun)} did not run${broken > 0 ? `, and ${broken} ${be} broken` : ''}`;
}

/** Why a run cannot be judged: the problem of the run as a whole, else the first error of a step. */
function causeOf(problem: string | undefined, first: Finding | undefined): string | undefined {
  if (!first || (problem !== undefined && problem !== STUCK)) return problem;
  return `${first.step}: ${first.message}`;
}

/** Why a run without errors fails: more warnings than the policy allows, or regressions that it does not allow. */
function beyondPolicy({ findings, policy, changes = [] }: Evidence): string | undefined {
  const warnings = countDistinct(findings, 'warning');
  if (policy.warnings !== undefined && warnings > policy.warnings) {
    return `${counted(warnings, 'warning')}; policy ${policy.name} allows ${policy.warnings === 0 ? 'none' : policy.warnings}`;
  }
  const worse = changes.filter(
    ({ quantity, direction }) =>
      policy.regressions[quantity] === 'fail' && (direction === 'more' || quantity === 'outputBytes'),
  );
  if (worse.length === 0) return undefined;
  return `all steps succeeded, but ${nameChanges(worse)}; policy ${policy.name} does not allow this`;
}

const QUANTITY: Record<Change['quantity'], [more: string, less: string]> = {
  duration: ['slower', 'faster'],
  cpuTime: ['more CPU time', 'less CPU time'],
  peakMemory: ['more memory', 'less memory'],
  outputBytes: ['larger outputs', 'smaller outputs'],
};

/** `slower than usual: sim0003 and 4 more`, `an output is missing: qa.root of sim0003`; empty without changes. */
function nameChanges([first, ...others]: readonly Change[]): string {
  if (!first) return '';
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  const { quantity, direction, step, stage, output } = first;
  const where = step ?? stage;
  const of = output === undefined ? where : `${output} of ${where}`;
  if (isGone(first)) return `an output is missing: ${of}${more}`;
  return `${QUANTITY[quantity][direction === 'more' ? 0 : 1]} than usual: ${of}${more}`;
}

/** Facts that a reader should know although the run passed. */
function remarks({ findings, changes = [], fixed = [] }: Evidence): string {
  const warnings = countDistinct(findings, 'warning');
  const slower = changes.filter(({ quantity, direction }) => quantity === 'duration' && direction === 'more');
  const lessOutput = changes.filter(({ quantity, direction }) => quantity === 'outputBytes' && direction === 'less');
  const [gone, smaller] = [lessOutput.filter(isGone), lessOutput.filter((change) => !isGone(change))];
  const excused = countDistinct(findings.filter(({ known }) => known !== undefined));
  const differences = countDistinct(findings.filter(({ compared, age }) => compared && age === 'known'));
  return [
    excused > 0 ? `; ${excused} excused` : '',
    warnings > 0 ? `; ${counted(warnings, 'warning')}` : '',
    differences > 0 ? `; ${counted(differences, 'known difference')}` : '',
    fixed.length > 0 ? `; ${fixed.length} fixed` : '',
    slower.length > 0 ? `; ${nameChanges(slower)}` : '',
    gone.length > 0 ? `; ${nameChanges(gone)}` : '',
    smaller.length > 0 ? `; ${nameChanges(smaller)}` : '',
  ].join('');
}

/** Whether the change is about an output that was not made. */
function isGone({ output, value }: Change): boolean {
  return output !== undefined && value === 0;
}

/** `1 new error and 2 known ones`; without a reference `3 errors`. */
function ages(against: readonly Finding[], reference: Evidence['reference']): string {
  if (!reference) return counted(countDistinct(against), 'error');
  const recent = countDistinct(against.filter(({ age }) => age === 'new'));
  const known = countDistinct(against.filter(({ age }) => age === 'known'));
  const parts = [
    recent > 0 ? counted(recent, 'new error') : 'no new error',
    known > 0 ? counted(known, 'known one') : '',
  ];
  return parts.filter((part) => part !== '').join(' and ');
}

function knownText(known: readonly Finding[]): string {
  return `${counted(countDistinct(known), 'known error')} in ${list(stepsOf(known))}`;
}

/** The largest number of steps that a reason names. */
const NAMED = 3;

/** The largest number of characters of an error's message in a reason. */
const MESSAGE = 160;

/**
 * `, with 2 new errors and 1 known one, the first in sim0003: its message (logs/rec.log:7)`. It quotes a new error if there
 * is one, and prefers a line of a log to an exit status, which says less. The error may be in several steps.
 */
function describeErrors(
  failing: readonly Finding[],
  against: readonly Finding[],
  reference: Evidence['reference'],
): string {
  const recent = failing.filter(({ age }) => age === 'new');
  const quotable = recent.length > 0 ? recent : failing;
  const step = quotable[0]?.step;
  const first = quotable.find((one) => one.step === step && placeOf(one)) ?? quotable[0];
  const groups = groupFindings(quotable);
  const group = groups.find(({ all }) => first && all.includes(first));
  if (!first || !group) return '';
  const at = placeOf(first);
  const place = at === '' ? '' : ` (${at})`;
  const sum = reference || groups.length > 1 ? `, with ${ages(against, reference)}` : '';
  const which = groups.length > 1 ? ', the first in ' : ': ';
  return `${sum}${which}${list(group.steps)}: ${oneLine(first, MESSAGE)}${place}`;
}

function stepsOf(findings: readonly Finding[]): string[] {
  return [...new Set(findings.map(({ step }) => step))];
}

function list(steps: readonly string[]): string {
  const others = steps.length > NAMED ? ` and ${counted(steps.length - NAMED, 'other')}` : '';
  return `${steps.slice(0, NAMED).join(', ')}${others}`;
}
