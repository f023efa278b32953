import { createHash } from 'node:crypto';
import type { StepOutcome } from '../../checks/outcome.ts';
import type { Policy } from '../../checks/policy.ts';
import type { Finding, Severity } from '../../report/model.ts';
import type { JudgedObject } from '../compare/judge.ts';
import type { FileComparison } from '../compare-files.ts';
import { DIFFERENT } from '../show/states.ts';

/** The largest number of findings of a file: more would not help the reader. */
const FINDINGS = 100;

/** An object that differs, and the age of the difference: `known` and `fixed` ones are in a good run too. */
export interface AgedObject {
  object: JudgedObject;
  age: 'new' | 'known' | 'fixed';
}

/** The severity of an object: a difference is an error if the policy says so, else a warning. Suspicious is a warning. */
export function severityOf(
  { state, critical }: Pick<JudgedObject, 'state' | 'critical'>,
  { histograms: policy }: Policy,
): 'error' | 'warning' | undefined {
  if (!DIFFERENT.has(state)) return state === 'suspicious' ? 'warning' : undefined;
  return policy === 'fail' || (policy === 'fail on critical' && critical) ? 'error' : 'warning';
}

/** The findings for objects that differ or are suspicious, the worst first, and the fixed ones. A known difference is a note. */
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
  // A slow machine may be the reason that reading ended early, so this is only a warning.
  if (ended !== undefined && verdict !== 'different') {
    return only(finding('warning', `it could not be compared as a whole: ${ended}`, 'ended'));
  }
  if (verdict === 'not readable') {
    return only(finding(whole, `it cannot be read: ${problems[0]?.reason ?? 'no reason known'}`, verdict));
  }
  const notable = objects.flatMap(({ object, age }) => {
    const severity = severityOf(object, policy);
    return severity ? [{ object, age, severity }] : [];
  });
  if (verdict === 'different' && notable.length === 0 && all.length > 0) return only(finding(whole, reason, 'apart'));
  const listed = (ages: readonly string[]) => {
    const some = notable.filter(({ age }) => ages.includes(age));
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
 * The differences that the reference had and this run has in the same way. They are known, because somebody accepted them.
 * @param reference the findings of the reference
 * @param alike names of the objects that do not differ between both runs
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

/** 16 hexadecimal digits, as for other findings. The same object in the same state has the same fingerprint in every run. */
function fingerprintOf(parts: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify(['histogram', ...parts]))
    .digest('hex')
    .slice(0, 16);
}
