import { createHash } from 'node:crypto';
import type { StepOutcome } from '../../checks/outcome.ts';
import type { Policy } from '../../checks/policy.ts';
import type { Finding, Severity } from '../../report/model.ts';
import type { JudgedObject } from '../compare/judge.ts';
import type { FileComparison } from '../compare-files.ts';
import { DIFFERENT } from '../show/states.ts';

/** Findings of a file: more tell nobody more. */
const FINDINGS = 100;

/** An object that differs, and whether that is no news: a good run has it so, too. */
export interface AgedObject {
  object: JudgedObject;
  age: 'new' | 'known' | 'fixed';
}

/** What differs is an error where the policy says so, else a warning; what is only suspicious is a warning always. */
export function severityOf(
  { state, critical }: Pick<JudgedObject, 'state' | 'critical'>,
  { histograms: policy }: Policy,
): 'error' | 'warning' | undefined {
  if (!DIFFERENT.has(state)) return state === 'suspicious' ? 'warning' : undefined;
  return policy === 'fail' || (policy === 'fail on critical' && critical) ? 'error' : 'warning';
}

/** What differs, or is suspicious, the worst first; and what no longer does. A known difference is a note. */
export function findingsOf(
  step: StepOutcome,
  file: string,
  { verdict, problems, objects: all, reason, ended }: FileComparison,
  objects: readonly AgedObject[],
  policy: Policy,
): { findings: Finding[]; fixed: Finding[] } {
  const finding = (severity: Severity, message: string, state: string, object?: string): Finding => ({
    step: step.id,
    stage: step.stage,
    attempt: step.attempts,
    severity,
    rule: 'histogram',
    message,
    compared: { file, ...(object !== undefined && { object }) },
    age: 'new',
    fingerprint: fingerprintOf([step.stage, file, object ?? '', state]),
  });
  const only = (one: Finding) => ({ findings: [one], fixed: [] });
  const whole = policy.histograms === 'fail' ? 'error' : 'warning';
  // That reading takes long may be due to the machine.
  if (ended !== undefined && verdict !== 'different') {
    return only(finding('warning', `it could not be compared as a whole: ${ended}`, 'ended'));
  }
  if (verdict === 'not readable') {
    return only(finding(whole, `it cannot be read: ${problems[0]?.reason ?? 'no reason known'}`, verdict));
  }
  const telling = objects.flatMap(({ object, age }) => {
    const severity = severityOf(object, policy);
    return severity ? [{ object, age, severity }] : [];
  });
  if (verdict === 'different' && telling.length === 0 && all.length > 0) return only(finding(whole, reason, 'apart'));
  const listed = (ages: readonly string[]) => {
    const some = telling.filter(({ age }) => ages.includes(age));
    const findings = some.slice(0, FINDINGS).map(({ object, age, severity }): Finding => {
      const owner = object.owner === undefined ? '' : ` (owner: ${object.owner})`;
      const text = `${object.name}: ${object.reason}${owner}`;
      const one = finding(age === 'known' ? 'info' : severity, text, object.state, object.name);
      return age === 'known' ? { ...one, age } : one;
    });
    const last = findings.at(-1);
    if (last && some.length > findings.length) last.more = some.length - findings.length;
    return findings;
  };
  const fixed = listed(['fixed']).map(({ age: _, ...one }): Finding => one);
  return { findings: [...listed(['new']), ...listed(['known'])], fixed };
}

/**
 * The differences of the run that this one was compared with, where this one is like it: whoever accepted them knows of
 * them.
 * @param reference its findings
 * @param alike names of the objects that are the same in both
 */
export function knownFrom(
  { run, findings = [] }: { run: string; findings?: readonly Finding[] },
  step: StepOutcome,
  file: string,
  alike: ReadonlySet<string>,
): Finding[] {
  return findings.flatMap((finding) => {
    const { compared, age, severity, message } = finding;
    const isOf = finding.step === step.id && compared?.file === file && alike.has(compared.object ?? '');
    if (!isOf || (age !== 'known' && severity === 'info')) return [];
    const { more: _, ...one } = finding;
    const text = age === 'known' ? message : `${message}; as in ${run}, which was taken as good`;
    return [{ ...one, message: text, attempt: step.attempts, severity: 'info' as const, age: 'known' as const }];
  });
}

/** 16 hexadecimal digits, as of other findings: the same for the same state of the same object in another run. */
function fingerprintOf(parts: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify(['histogram', ...parts]))
    .digest('hex')
    .slice(0, 16);
}
