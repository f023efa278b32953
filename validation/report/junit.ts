import { placeOf } from './groups.ts';
import type { Finding, Report, StepReport } from './model.ts';
import { markup } from './printable.ts';

/**
 * The report as Jenkins and others read it: one test case a step, in a class a stage. An error that speaks against the
 * release is a failure, an infrastructure failure an error, a step that did not run is skipped. Where the run as a
 * whole is broken or interrupted a test case `run` says so, since else all cases might look good.
 */
export function renderJunit(report: Report): string {
  const byStep = new Map<string, Finding[]>(report.steps.map((step) => [step.id, []]));
  for (const finding of report.findings) byStep.get(finding.step)?.push(finding);
  const cases = report.steps.map((step) => testCase(report, step, byStep.get(step.id) ?? []));
  const { failed, broken, notRun } = report.totals;
  const unfinished = report.verdict === 'broken' || report.verdict === 'interrupted';
  if (unfinished) {
    const error = `    <error type="${report.verdict}" message="${markup(report.reason)}"/>`;
    cases.push(element(report, 'run', 'run', (report.end - report.start) / 1000, [error]));
  }
  const counts = `tests="${cases.length}" failures="${failed}" errors="${broken + (unfinished ? 1 : 0)}" skipped="${notRun}"`;
  const time = `time="${seconds((report.end - report.start) / 1000)}" timestamp="${new Date(report.start).toISOString().slice(0, 19)}"`;
  return `${[
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    `<testsuite name="${markup(report.name)}" ${counts} ${time}>`,
    ...properties(report),
    ...cases,
    '</testsuite>',
    '</testsuites>',
  ].join('\n')}\n`;
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

function testCase(report: Report, step: StepReport, findings: readonly Finding[]): string {
  const errors = findings.filter((finding) => finding.severity === 'error');
  const others = findings.filter((finding) => finding.severity !== 'error');
  const time = step.start !== undefined && step.end !== undefined ? (step.end - step.start) / 1000 : 0;
  return element(report, step.stage, step.id, time, [...outcome(step, errors, others), ...systemOut(step, others)]);
}

function element(report: Report, stage: string, name: string, time: number, children: readonly string[]): string {
  const attributes = `classname="${markup(`${report.name}.${stage}`)}" name="${markup(name)}" time="${seconds(time)}"`;
  if (children.length === 0) return `  <testcase ${attributes}/>`;
  return [`  <testcase ${attributes}>`, ...children, '  </testcase>'].join('\n');
}

function outcome(step: StepReport, errors: readonly Finding[], others: readonly Finding[]): string[] {
  const first = errors.find((finding) => finding.file) ?? errors[0];
  const message = markup(first?.message.trim() ?? step.state);
  const body = errors.map((finding) => markupLines(contextOf(finding))).join('\n\n');
  switch (step.state) {
    case 'succeeded':
      return [];
    case 'failed':
      return [`    <failure type="${markup(first?.rule ?? 'failed')}" message="${message}">${body}</failure>`];
    case 'broken':
      return [`    <error type="${markup(first?.rule ?? 'broken')}" message="${message}">${body}</error>`];
    default: {
      const why =
        others.find((finding) => finding.rule === 'not-run')?.message ?? `the run ended when it was ${step.state}`;
      return [`    <skipped message="${markup(why)}"/>`];
    }
  }
}

function systemOut(step: StepReport, others: readonly Finding[]): string[] {
  const lines = others.map((finding) => `${finding.severity}: ${contextOf(finding).join('\n')}`);
  if (step.state !== 'succeeded' && step.logs.length > 0) lines.push(`logs: ${step.logs.join(' ')}`);
  return lines.length === 0 ? [] : [`    <system-out>${markupLines(lines.join('\n').split('\n'))}</system-out>`];
}

/** Place and rule, then the line with those around it. */
function contextOf(finding: Finding): string[] {
  const place = placeOf(finding);
  const more = finding.more ? [`(${finding.more} more lines like this in the file)`] : [];
  return [
    `${finding.step}${place ? ` ${place}` : ''} [${finding.rule}]`,
    ...(finding.context?.before ?? []).map((line) => `  ${line}`),
    `> ${finding.message}`,
    ...(finding.context?.after ?? []).map((line) => `  ${line}`),
    ...more,
  ];
}

function markupLines(lines: readonly string[]): string {
  return lines.map(markup).join('\n');
}

function seconds(value: number): string {
  return Math.max(0, value).toFixed(3);
}
