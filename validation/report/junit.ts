import { counted } from '../units/count.ts';
import { describeChange, placeOf, sortChanges } from './groups.ts';
import type { Change, Finding, Report, StepReport } from './model.ts';
import { fromParts, type PartCase, type ReportPart } from './parts.ts';
import { markup } from './printable.ts';

/**
 * The report as JUnit XML, for Jenkins and others: one test case per step, one class per stage. An error that speaks against
 * the release is a failure, unless the policy accepts it; an infrastructure failure is an error; a step that did not run is
 * skipped. If the verdict does not follow from the steps, an extra test case `verdict` has it: the run is broken or
 * interrupted, or it failed for a reason that belongs to no step. Fixed findings and changed times go to `system-out`. The text comes
 * in pieces.
 */
export function* renderJunit(report: Report, parts: readonly ReportPart[] = []): Generator<string> {
  const byStep = new Map<string, Finding[]>(report.steps.map((step) => [step.id, []]));
  for (const finding of report.findings) byStep.get(finding.step)?.push(finding);
  const cases = function* (): Generator<StepCase> {
    for (const step of report.steps) yield caseOf(report, step, byStep.get(step.id) ?? []);
  };
  // Twice, because the numbers stand before the test cases: the texts of all would be a large part of the memory.
  const counts = { passed: 0, failure: 0, error: 0, skipped: 0 };
  for (const { kind } of cases()) counts[kind] += 1;
  const added = fromParts(report.checks, parts, (part, details) => part.junit(details)).flat();
  for (const { kind } of added) counts[kind] += 1;
  const own = kindOfRun(report, counts.failure > 0);
  if (own) counts[own] += 1;
  const tests = Object.values(counts).reduce((sum, n) => sum + n, 0);
  const numbers = `tests="${tests}" failures="${counts.failure}" errors="${counts.error}" skipped="${counts.skipped}"`;
  const time = `time="${seconds((report.end - report.start) / 1000)}" timestamp="${new Date(report.start).toISOString().slice(0, 19)}"`;
  yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n';
  yield `<testsuite name="${markup(report.name)}" ${numbers} ${time}>\n`;
  for (const line of properties(report)) yield `${line}\n`;
  for (const one of cases()) yield `${testCase(report, one)}\n`;
  for (const one of added) yield `${ofPart(report, one)}\n`;
  if (own) yield `${ofRun(report, own)}\n`;
  for (const line of comparison(report)) yield `${line}\n`;
  yield '</testsuite>\n</testsuites>\n';
}

type Kind = 'passed' | 'failure' | 'error' | 'skipped';

/** A step as a test case. */
interface StepCase {
  step: StepReport;
  kind: Kind;
  /** The findings that speak against the release or the infrastructure. */
  errors: Finding[];
  others: Finding[];
}

function caseOf({ policy }: Report, step: StepReport, findings: readonly Finding[]): StepCase {
  const isError = ({ severity, age }: Finding) =>
    severity === 'error' && !(policy?.failOn === 'new errors' && age === 'known');
  const errors = findings.filter(isError);
  return { step, kind: kindOf(step, errors), errors, others: findings.filter((finding) => !isError(finding)) };
}

function kindOf({ state }: StepReport, errors: readonly Finding[]): Kind {
  switch (state) {
    case 'succeeded':
      return 'passed';
    case 'failed':
      return errors.length === 0 ? 'passed' : 'failure';
    case 'broken':
      return 'error';
    default:
      return 'skipped';
  }
}

function ofPart(report: Report, { group, name, kind, message = '' }: PartCase): string {
  const output = message === '' ? [] : [`    <system-out>${markup(message)}</system-out>`];
  const child = kind === 'passed' ? output : [`    <${kind} message="${markup(message)}"/>`];
  return element(report, group, name, 0, child);
}

/** The kind of the test case of the run itself; undefined: its verdict follows from the steps. */
function kindOfRun({ verdict }: Report, hasFailure: boolean): 'failure' | 'error' | undefined {
  if (verdict === 'broken' || verdict === 'interrupted') return 'error';
  return verdict === 'passed' || hasFailure ? undefined : 'failure';
}

function ofRun(report: Report, kind: 'failure' | 'error'): string {
  const { verdict, reason } = report;
  const child = `    <${kind} type="${verdict}" message="${markup(reason)}"/>`;
  return element(report, 'run', 'verdict', (report.end - report.start) / 1000, [child]);
}

/** The output of the suite as a whole: fixed findings, and steps or stages whose time or size changed. */
function comparison({ reference, fixed = [], changes = [] }: Report): string[] {
  if (!reference) return [];
  const lines = [
    `compared with ${reference.run}`,
    ...fixed.map((finding) => `fixed: ${contextOf(finding).join('\n')}`),
    ...sortChanges(changes).map((change) => `changed: ${describeChange(change)}`),
  ];
  return [`  <system-out>${markupLines(lines.join('\n').split('\n'))}</system-out>`];
}

function properties(report: Report): string[] {
  const all = {
    run: report.run,
    workflow: report.workflow,
    verdict: report.verdict,
    reason: report.reason,
    ...report.provenance,
  };
  return [
    '  <properties>',
    ...Object.entries(all).map(
      ([name, value]) =>
        `    <property name="${markup(name)}" value="${markup(Array.isArray(value) ? value.join(', ') : value)}"/>`,
    ),
    '  </properties>',
  ];
}

function testCase(report: Report, one: StepCase): string {
  const { step, others } = one;
  const time = step.start !== undefined && step.end !== undefined ? (step.end - step.start) / 1000 : 0;
  const own = (report.changes ?? []).filter((change) => change.step === step.id);
  return element(report, step.stage, step.id, time, [...verdictOf(one), ...systemOut(step, others, own)]);
}

function element(report: Report, stage: string, name: string, time: number, children: readonly string[]): string {
  const attributes = `classname="${markup(`${report.name}.${stage}`)}" name="${markup(name)}" time="${seconds(time)}"`;
  if (children.length === 0) return `  <testcase ${attributes}/>`;
  return [`  <testcase ${attributes}>`, ...children, '  </testcase>'].join('\n');
}

function verdictOf({ step, kind, errors, others }: StepCase): string[] {
  if (kind === 'passed') return [];
  if (kind === 'skipped') {
    const why =
      others.find((finding) => finding.rule === 'not-run')?.message ?? `the run ended when it was ${step.state}`;
    return [`    <skipped message="${markup(why)}"/>`];
  }
  const recent = errors.filter(({ age }) => age === 'new');
  const shown = recent.length > 0 ? recent : errors;
  const first = shown.find((finding) => finding.file) ?? shown[0];
  const message = markup(first ? `${first.age ? `${first.age}: ` : ''}${first.message.trim()}` : step.state);
  const body = errors.map((finding) => markupLines(contextOf(finding))).join('\n\n');
  const type = markup(first?.rule ?? step.state);
  return [`    <${kind} type="${type}" message="${message}">${body}</${kind}>`];
}

function systemOut(step: StepReport, others: readonly Finding[], changes: readonly Change[]): string[] {
  const lines = [
    ...others.map((finding) => `${finding.severity}: ${contextOf(finding).join('\n')}`),
    ...changes.map((change) => `changed: ${describeChange(change)}`),
  ];
  if (step.state !== 'succeeded' && step.logs.length > 0) lines.push(`logs: ${step.logs.join(' ')}`);
  return lines.length === 0 ? [] : [`    <system-out>${markupLines(lines.join('\n').split('\n'))}</system-out>`];
}

/** Place and rule, then the line with the lines around it. */
function contextOf(finding: Finding): string[] {
  const place = placeOf(finding);
  const more = finding.more ? [`(${counted(finding.more, 'more line')} like this in the file)`] : [];
  return [
    `${finding.age ? `${finding.age}: ` : ''}${finding.step}${place ? ` ${place}` : ''} [${finding.rule}]${finding.component ? ` (${finding.component})` : ''}`,
    ...(finding.context?.before ?? []).map((line) => `  ${line}`),
    `> ${finding.message}`,
    ...(finding.context?.after ?? []).map((line) => `  ${line}`),
    ...(finding.expired ? [`the exception has expired: ${finding.expired}`] : []),
    ...(finding.trace ? [`in ${finding.trace.join(', called by ')}`] : []),
    ...(finding.lastLines
      ? [`${finding.lastLines.file} ends with`, ...finding.lastLines.lines.map((line) => `  ${line}`)]
      : []),
    ...more,
  ];
}

function markupLines(lines: readonly string[]): string {
  return lines.map(markup).join('\n');
}

function seconds(value: number): string {
  return Math.max(0, value).toFixed(3);
}
