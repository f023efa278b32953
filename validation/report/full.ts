import { counted } from '../units/count.ts';
import { logLink } from './links.ts';
import type { Finding, Report } from './model.ts';
import { page } from './page.ts';
import { markup, printable } from './printable.ts';

/**
 * The report `validation_report_full.txt`, as in the predecessor of relval: one error per line, `step/file:line:message`. It
 * is empty if there are no errors. An error about a step as a whole has line 0 and no file.
 */
export function renderFull(report: Report): string {
  return errorsOf(report)
    .flatMap(linesOf)
    .map((line) => `${line}\n`)
    .join('');
}

/** The same lines as `validation_report_full.html`, each with a link to its log. */
export function renderFullHtml(report: Report): string {
  const errors = errorsOf(report);
  const items = errors.map((finding) => {
    const [first = '', ...more] = linesOf(finding).map(markup);
    const log = finding.file && logLink(`steps/${finding.step}/${finding.attempt}/${finding.file}`, finding.message);
    return `<li>${[log ? `<a href="${log}">${first}</a>` : first, ...more].join('<br>')}</li>`;
  });
  const head = `${markup(report.run)}: ${errors.length === 0 ? 'no errors' : counted(errors.length, 'error')}`;
  return page(
    head,
    `<main>
<h1>${head}</h1>
<p><a href="index.html">The full report</a></p>
<ol class="lines">
${items.join('\n')}
</ol>
</main>`,
  );
}

function errorsOf(report: Report): Finding[] {
  return report.findings.filter((finding) => finding.severity === 'error');
}

function linesOf(finding: Finding): string[] {
  const place = printable(`${finding.step}${finding.file ? `/${finding.file}` : ''}:${finding.line ?? 0}`);
  const line = `${place}:${printable(finding.message)}`;
  return finding.more
    ? [line, `${place}:rule ${finding.rule} matches ${counted(finding.more, 'more line')} of this file`]
    : [line];
}
