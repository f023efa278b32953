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
  const cases = report.steps.map((step) => testCase(report, step, byStep.get(step.id) ?? []));
  for (const added of fromParts(report.checks, parts, (part, details) => part.junit(details)).flat()) {
    cases.push(ofPart(report, added));
  }
  const own = ofRun(
    report,
    cases.some(({ kind }) => kind === 'failure'),
  );
  if (own) cases.push(own);
  const n = (kind: Case['kind']): number => cases.filter((one) => one.kind === kind).length;
  const counts = `tests="${cases.length}" failures="${n('failure')}" errors="${n('error')}" skipped="${n('skipped')}"`;
  const time = `time="${seconds((report.end - report.start) / 1000)}" timestamp="${new Date(report.start).toISOString().slice(0, 19)}"`;
  yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n';
  yield `<testsuite name="${markup(report.name)}" ${counts} ${time}>\n`;
  for (const line of properties(report)) yield `${line}\n`;
  for (const { text } of cases) yield `${text}\n`;
  for (const line of comparison(report)) yield `${line}\n`;
  yield '</testsuite>\n</testsuites>\n';
}

/** A test case and its kind. */
interface Case {
  kind: 'passed' | 'failure' | 'error' | 'skipped';
  text: string;
}

function ofPart(report: Report, { group, name, kind, message = '' }: PartCase): Case {
  const output = message === '' ? [] : [`    <system-out>${markup(message)}</system-out>`];
  const child = kind === 'passed' ? output : [`    <${kind} message="${markup(message)}"/>`];
  return { kind, text: element(report, group, name, 0, child) };
}

function ofRun(report: Report, hasFailure: boolean): Case | undefined {
  const { verdict, reason } = report;
  const kind = verdict === 'broken' || verdict === 'interrupted' ? 'error' : 'failure';
  if (verdict === 'passed' || (verdict === 'failed' && hasFailure)) return undefined;
  const child = `    <${kind} type="${verdict}" message="${markup(reason)}"/>`;
  return { kind, text: element(report, 'run', 'verdict', (report.end - report.start) / 1000, [child]) };
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

function testCase(report: Report, step: StepReport, findings: readonly Finding[]): Case {
  const isAccepted = ({ age }: Finding) => report.policy?.failOn === 'new errors' && age === 'known';
  const errors = findings.filter((finding) => finding.severity === 'error' && !isAccepted(finding));
  const others = findings.filter((finding) => finding.severity !== 'error' || isAccepted(finding));
  const time = step.start !== undefined && step.end !== undefined ? (step.end - step.start) / 1000 : 0;
  const own = (report.changes ?? []).filter((change) => change.step === step.id);
  const { kind, children } = outcome(step, errors, others);
  return {
    kind,
    text: element(report, step.stage, step.id, time, [...children, ...systemOut(step, others, own)]),
  };
}

function element(report: Report, stage: string, name: string, time: number, children: readonly string[]): string {
  const attributes = `classname="${markup(`${report.name}.${stage}`)}" name="${markup(name)}" time="${seconds(time)}"`;
  if (children.length === 0) return `  <testcase ${attributes}/>`;
  return [`  <testcase ${attributes}>`, ...children, '  </testcase>'].join('\n');
}

function outcome(
  step: StepReport,
  errors: readonly Finding[],
  others: readonly Finding[],
): { kind: Case['kind']; children: string[] } {
  const recent = errors.filter(({ age }) => age === 'new');
  const shown = recent.length > 0 ? recent : errors;
  const first = shown.find((finding) => finding.file) ?? shown[0];
  const message = markup(first ? `${first.age ? `${first.age}: ` : ''}${first.message.trim()}` : step.state);
  const body = errors.map((finding) => markupLines(contextOf(finding))).join('\n\n');
  const type = markup(first?.rule ?? step.state);
  switch (step.state) {
    case 'succeeded':
      return { kind: 'passed', children: [] };
    case 'failed':
      if (errors.length === 0) return { kind: 'passed', children: [] };
      return { kind: 'failure', children: [`    <failure type="${type}" message="${message}">${body}</failure>`] };
    case 'broken':
      return { kind: 'error', children: [`    <error type="${type}" message="${message}">${body}</error>`] };
    default: {
      const why =
        others.find((finding) => finding.rule === 'not-run')?.message ?? `the run ended when it was ${step.state}`;
      return { kind: 'skipped', children: [`    <skipped message="${markup(why)}"/>`] };
    }
  }
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
