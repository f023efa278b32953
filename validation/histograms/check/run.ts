import { createHash } from 'node:crypto';
import type { CheckResult, Subject } from '../../checks/kind.ts';
import type { StepOutcome } from '../../checks/outcome.ts';
import type { Policy } from '../../checks/policy.ts';
import type { Finding, Severity } from '../../report/model.ts';
import type { JudgedObject } from '../compare/judge.ts';
import { type CompareOptions, compareFiles, type FileComparison } from '../compare-files.ts';
import { DIFFERENT, type State } from '../result.ts';
import { isCompared, type Rule } from '../rules/match.ts';
import type { Details, FileDetails, ObjectDetails } from './details.ts';
import { locate, withoutCopies } from './locate.ts';
import { pictureOf } from './picture-data.ts';

/** Reading processes at once: each may take 1 GB. */
const AT_ONCE = 2;
/** Objects of a file that are listed, and those of which there is a picture. */
const LISTED = 500;
const PICTURES = 6;
/** Findings of a file: more tell nobody more. */
const FINDINGS = 100;
/** States of which no single object is listed. */
const FINE: ReadonlySet<State> = new Set(['identical', 'compatible', 'ignored']);
const ORDER: readonly FileDetails['state'][] = ['different', 'not readable', 'not compared', 'compatible'];

export interface Settings {
  rules: readonly Rule[];
  /** Only objects whose names are of this pattern. */
  match?: string;
  /** See CompareOptions. */
  program?: string;
}

/**
 * Compares the outputs that rules mark with those of the same steps of the references. Undefined where the rules mark none.
 * What cannot be compared has a state with its reason, and is no finding.
 */
export async function compareOutputs(subject: Subject, settings: Settings): Promise<CheckResult<Details> | undefined> {
  const marked = subject.steps.flatMap((step) =>
    step.outputs
      .filter(({ name }) => isCompared(settings.rules, { stage: step.stage, file: name }))
      .map(({ name }) => ({ step, name })),
  );
  if (marked.length === 0) return undefined;
  const references = subject.references.map(({ run }) => run);
  if (references.length === 0) return { findings: [], details: { references, files: [] } };
  const results: { file: FileDetails; findings: Finding[] }[] = [];
  const waiting = [...marked.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, { step, name }] = next;
      // What goes wrong with one file, such as no permission, must not keep the run from being judged.
      results[index] = await compareOutput(subject, step, name, settings).catch((error: Error) =>
        nothing(step, name, error.message),
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  results.sort((a, b) => ORDER.indexOf(a.file.state) - ORDER.indexOf(b.file.state));
  return {
    findings: results.flatMap(({ findings }) => findings),
    details: { references, files: results.map(({ file }) => file) },
  };
}

async function compareOutput(
  subject: Subject,
  step: StepOutcome,
  name: string,
  settings: Settings,
): Promise<{ file: FileDetails; findings: Finding[] }> {
  const own = locate(step.outputDir, name);
  if ('reason' in own) return nothing(step, name, own.reason);
  const located = subject.references.flatMap(({ run, steps }) => {
    const other = steps.find(({ id }) => id === step.id);
    if (!other?.outputs.some((output) => output.name === name)) return [];
    return [{ run, ...locate(other.outputDir, name) }];
  });
  const there = located.flatMap((one) => ('path' in one ? [one] : []));
  if (there.length === 0) {
    const [first] = located;
    return nothing(
      step,
      name,
      first && 'reason' in first ? `in ${first.run}: ${first.reason}` : 'the reference has no such output of this step',
    );
  }
  const references = await withoutCopies(there);
  const paths = references.map(({ path }) => path);
  const { match, program, rules } = settings;
  const options: CompareOptions = { rules, stage: step.stage, name, ...(match !== undefined && { match }) };
  const reading = program === undefined ? options : { ...options, program };
  const comparison = await compareFiles(own.path, paths, subject.now, reading);
  const isOwn = comparison.problems.some(({ file }) => file === own.path);
  const isReferenceFine = paths.some((path) => !comparison.problems.some(({ file }) => file === path));
  if (comparison.verdict === 'not readable' && !isOwn)
    return nothing(step, name, withNames(comparison.reason, references));
  if (comparison.verdict === 'not readable' && !isReferenceFine) {
    return nothing(step, name, `as in the reference, ${comparison.problems[0]?.reason}`);
  }
  const listed = comparison.objects.filter(({ state }) => !FINE.has(state));
  const objects: ObjectDetails[] = [];
  let pictures = 0;
  for (const object of listed.slice(0, LISTED)) {
    const picture =
      object.state === 'changed' && pictures < PICTURES
        ? await pictureOf(object, own.path, paths, subject.now, reading)
        : undefined;
    if (picture) pictures++;
    objects.push({ ...detailsOf(object, subject.policy), ...(picture && { picture }) });
  }
  return {
    file: {
      step: step.id,
      stage: step.stage,
      file: name,
      state: comparison.verdict,
      reason: comparison.verdict === 'not readable' ? (comparison.problems[0]?.reason ?? '') : comparison.reason,
      references: references.map(({ run }) => run),
      counts: comparison.counts,
      objects,
      more: listed.length - objects.length,
    },
    findings: findingsOf(step, name, comparison, listed, subject.policy),
  };
}

/** Of a file that was not compared. */
function nothing({ id, stage }: StepOutcome, name: string, reason: string): { file: FileDetails; findings: [] } {
  const head = { step: id, stage, file: name };
  return {
    file: { ...head, state: 'not compared', reason, references: [], counts: {}, objects: [], more: 0 },
    findings: [],
  };
}

/** A reason with the runs in the place of the paths of their files. */
function withNames(reason: string, references: readonly { run: string; path: string }[]): string {
  return references.reduce((text, { run, path }) => text.replaceAll(path, () => `the file of ${run}`), reason);
}

function detailsOf(object: JudgedObject, policy: Policy): ObjectDetails {
  const { name, title, state, reason, critical, owner, decided, tests } = object;
  const severity = severityOf(object, policy);
  return {
    ...{ name, title, state, reason, critical, tests },
    ...(severity && { severity }),
    ...(owner !== undefined && { owner }),
    ...(decided !== undefined && { decided }),
  };
}

/** What differs is an error where the policy says so, else a warning; what is only suspicious is a warning always. */
function severityOf(
  { state, critical }: Pick<JudgedObject, 'state' | 'critical'>,
  { histograms: policy }: Policy,
): 'error' | 'warning' | undefined {
  if (!DIFFERENT.has(state)) return state === 'suspicious' ? 'warning' : undefined;
  return policy === 'fail' || (policy === 'fail on critical' && critical) ? 'error' : 'warning';
}

/** What differs, or is suspicious; the worst first. */
function findingsOf(
  step: StepOutcome,
  file: string,
  { verdict, problems, objects: all, reason, ended }: FileComparison,
  listed: readonly JudgedObject[],
  policy: Policy,
): Finding[] {
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
  const whole = policy.histograms === 'fail' ? 'error' : 'warning';
  // That reading takes long may be due to the machine.
  if (ended !== undefined && verdict !== 'different') {
    return [finding('warning', `it could not be compared as a whole: ${ended}`, 'ended')];
  }
  if (verdict === 'not readable') {
    return [finding(whole, `it cannot be read: ${problems[0]?.reason ?? 'no reason known'}`, verdict)];
  }
  const telling = listed.flatMap((object) => {
    const severity = severityOf(object, policy);
    return severity ? [{ object, severity }] : [];
  });
  if (verdict === 'different' && telling.length === 0 && all.length > 0) return [finding(whole, reason, 'apart')];
  const findings = telling.slice(0, FINDINGS).map(({ object, severity }) => {
    const owner = object.owner === undefined ? '' : ` (owner: ${object.owner})`;
    return finding(severity, `${object.name}: ${object.reason}${owner}`, object.state, object.name);
  });
  const last = findings.at(-1);
  if (last && telling.length > findings.length) last.more = telling.length - findings.length;
  return findings;
}

/** 16 hexadecimal digits, as of other findings: the same for the same state of the same object in another run. */
function fingerprintOf(parts: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify(['histogram', ...parts]))
    .digest('hex')
    .slice(0, 16);
}
