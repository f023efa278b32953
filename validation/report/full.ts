import type { Finding, Report } from './model.ts';
import { printable } from './printable.ts';

/**
 * The predecessor's validation_report_full.txt: errors only, so that it is empty when a run passed, one a line as
 * `step/file:line:message`. What is about a step as a whole has line 0 and no file.
 */
export function renderFull(report: Report): string {
  return report.findings
    .filter((finding) => finding.severity === 'error')
    .flatMap(linesOf)
    .map((line) => `${line}\n`)
    .join('');
}

function linesOf(finding: Finding): string[] {
  const place = printable(`${finding.step}${finding.file ? `/${finding.file}` : ''}:${finding.line ?? 0}`);
  const line = `${place}:${printable(finding.message)}`;
  return finding.more
    ? [line, `${place}:${finding.more} more lines of rule ${finding.rule} follow in this file`]
    : [line];
}
