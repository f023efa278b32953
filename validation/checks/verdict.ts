import { countTroubles, groupFindings, tell } from '../report/groups.ts';
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
    errors: countTroubles(findings, 'error'),
    warnings: countTroubles(findings, 'warning'),
  };
}

export interface Evidence {
  outcome: Outcome;
  steps: readonly StepReport[];
  /** With their ages, where there is a reference. */
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
 * The verdict over a run, with a sentence that says why. In this order:
 * - `interrupted`: somebody stopped it, so that the rest is not known; errors found so far are counted in the reason
 * - `failed`: an error was found that speaks against the release and that the policy does not let through. One is enough:
 *   whatever else the infrastructure kept from running, the release does not pass
 * - `broken`: steps did not run, did not come to their end, or left no log, or there are none: nothing is said about the release
 * - `failed`: steps were not run for errors that the policy lets through; or there are more warnings, or regressions, than it does
 * - `passed`
 */
export function decide(evidence: Evidence): Decision {
  const { outcome, steps, findings, policy, reference } = evidence;
  const { failed, broken, notRun, succeeded } = countStates(steps, findings);
  const against = findings.filter(isReleaseError);
  const letThrough = against.filter((one) => policy.failOn === 'new errors' && one.age === 'known');
  const failing = against.filter((one) => !letThrough.includes(one));
  const unjudged = broken + notRun;
  const of = `of ${counted(steps.length, 'step')}`;

  if (outcome.interrupted !== undefined) {
    const soFar = against.length > 0 ? `; ${counted(countTroubles(against), 'error')} found so far` : '';
    const reason = `${outcome.interrupted} when ${succeeded + failed} ${of} had ended${soFar}`;
    return { verdict: 'interrupted', reason };
  }
  if (failing.length > 0) {
    const rest = unjudged > 0 ? `; nothing is known of ${counted(unjudged, 'more step')}` : '';
    const missing = policy.failOn === 'new errors' && !reference ? '; no good run before it says what is known' : '';
    const reason = `${failed} ${of} failed${describe(failing, against, reference)}${missing}${rest}`;
    return { verdict: 'failed', reason };
  }
  const cause = causeOf(
    outcome.problem,
    findings.find((one) => one.severity === 'error' && !letThrough.includes(one)),
  );
  const because = cause === undefined ? '' : `: ${cause}`;
  if (steps.length === 0) return { verdict: 'broken', reason: `no step was run${because}` };
  const known = letThrough.length > 0 && knownText(letThrough);
  const skipped = outcome.steps.filter(({ ending }) => ending === 'skipped').length;
  if (known && unjudged > 0 && skipped === unjudged) {
    return { verdict: 'failed', reason: `${unjudged} ${of} were not run for ${known}` };
  }
  if (unjudged > 0) return { verdict: 'broken', reason: `nothing is known of ${unjudged} ${of}${because}` };
  if (outcome.problem !== undefined) return { verdict: 'broken', reason: outcome.problem };
  const limit = beyondPolicy(evidence);
  if (limit) return { verdict: 'failed', reason: limit };
  const all = steps.length === 1 ? 'the step' : `all ${steps.length} steps`;
  const good = known ? `no new errors; ${known} did not count` : `${all} succeeded, without known errors in the logs`;
  return { verdict: 'passed', reason: `${good}${remarks(evidence)}` };
}

/** What kept a run from being judged: what went wrong as a whole, else what became of the first step that it went wrong in. */
function causeOf(problem: string | undefined, first: Finding | undefined): string | undefined {
  if (!first || (problem !== undefined && problem !== STUCK)) return problem;
  return `${first.step}: ${first.message}`;
}

/** What the policy does not tolerate beside errors. */
function beyondPolicy({ findings, policy, changes = [] }: Evidence): string | undefined {
  const warnings = countTroubles(findings, 'warning');
  if (policy.warnings !== undefined && warnings > policy.warnings) {
    const tolerated = policy.warnings === 0 ? 'none' : `only ${policy.warnings}`;
    return `${counted(warnings, 'warning')}, where ${tolerated} may be (policy ${policy.name})`;
  }
  const worse = changes.filter(
    ({ quantity, direction }) =>
      policy.regressions[quantity] === 'fail' && (direction === 'more' || quantity === 'outputBytes'),
  );
  if (worse.length === 0) return undefined;
  return `all steps succeeded; ${nameChanges(worse)} (policy ${policy.name})`;
}

const QUANTITY: Record<Change['quantity'], [more: string, less: string]> = {
  duration: ['slower', 'faster'],
  cpuTime: ['more CPU time', 'less CPU time'],
  peakMemory: ['more memory', 'less memory'],
  outputBytes: ['larger outputs', 'smaller outputs'],
};

/** `slower than usual: sim0003 and 4 more`; nothing where there are none. */
function nameChanges([first, ...others]: readonly Change[]): string {
  if (!first) return '';
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  return `${QUANTITY[first.quantity][first.direction === 'more' ? 0 : 1]} than usual: ${first.step ?? first.stage}${more}`;
}

/** What a run that passed is still to be known for. */
function remarks({ findings, changes = [], fixed = [] }: Evidence): string {
  const warnings = countTroubles(findings, 'warning');
  const slower = changes.filter(({ quantity, direction }) => quantity === 'duration' && direction === 'more');
  const smaller = changes.filter(({ quantity, direction }) => quantity === 'outputBytes' && direction === 'less');
  const excused = countTroubles(findings.filter(({ known }) => known !== undefined));
  return [
    excused > 0 ? `; ${excused} excused` : '',
    warnings > 0 ? `; ${counted(warnings, 'warning')}` : '',
    fixed.length > 0 ? `; ${fixed.length} fixed` : '',
    slower.length > 0 ? `; ${nameChanges(slower)}` : '',
    smaller.length > 0 ? `; ${nameChanges(smaller)}` : '',
  ].join('');
}

/** `1 new error and 2 known ones`, or `3 errors` where that is not known. */
function ages(against: readonly Finding[], reference: Evidence['reference']): string {
  if (!reference) return counted(countTroubles(against), 'error');
  const recent = countTroubles(against.filter(({ age }) => age === 'new'));
  const known = countTroubles(against.filter(({ age }) => age === 'known'));
  const parts = [
    recent > 0 ? counted(recent, 'new error') : 'no new error',
    known > 0 ? counted(known, 'known one') : '',
  ];
  return parts.filter((part) => part !== '').join(' and ');
}

function knownText(known: readonly Finding[]): string {
  return `${counted(countTroubles(known), 'known error')} in ${list(stepsOf(known))}`;
}

/** Names of steps in a reason. */
const NAMED = 3;

/** Characters of an error's message in a reason. */
const MESSAGE = 160;

/**
 * `, with 2 new errors and 1 known one, the first in sim0003: what its log says (logs/rec.log:7)`. The first is a new one
 * where there is one, and rather in a log than an exit status, which says less; it may be in several steps.
 */
function describe(failing: readonly Finding[], against: readonly Finding[], reference: Evidence['reference']): string {
  const recent = failing.filter(({ age }) => age === 'new');
  const told = recent.length > 0 ? recent : failing;
  const step = told[0]?.step;
  const first = told.find((one) => one.step === step && one.file) ?? told[0];
  const groups = groupFindings(told);
  const group = groups.find(({ all }) => first && all.includes(first));
  if (!first || !group) return '';
  const place = first.file ? ` (${first.file}${first.line ? `:${first.line}` : ''})` : '';
  const sum = reference || groups.length > 1 ? `, with ${ages(against, reference)}` : '';
  const which = groups.length > 1 ? ', the first in ' : ': ';
  return `${sum}${which}${list(group.steps)}: ${tell(first, MESSAGE)}${place}`;
}

function stepsOf(findings: readonly Finding[]): string[] {
  return [...new Set(findings.map(({ step }) => step))];
}

function list(steps: readonly string[]): string {
  const others = steps.length > NAMED ? ` and ${steps.length - NAMED} others` : '';
  return `${steps.slice(0, NAMED).join(', ')}${others}`;
}
