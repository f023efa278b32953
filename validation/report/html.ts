import { createHash } from 'node:crypto';
import { renderChart } from './chart.ts';
import { describeTotals, type FindingGroup, groupFindings, placeOf } from './groups.ts';
import { logLink } from './links.ts';
import type { Finding, Report, StepReport } from './model.ts';
import { markup } from './printable.ts';
import { formatSize } from './size.ts';
import { STYLE } from './style.ts';
import { formatDuration, formatUtc } from './time.ts';

/** How much a page shows, so that a browser opens it however large the run was: the rest is in report.json. */
const GROUPS = 200;
const PLACES = 10;
const SUCCEEDED = 500;
const UNSUCCESSFUL = 5000;

/**
 * The report as one HTML page for `report/index.html` in the run directory: no script, no request, and a content
 * security policy that keeps it so whatever a log holds. Log files are linked relative to that place.
 */
export function renderHtml(report: Report): string {
  const hash = createHash('sha256').update(STYLE).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'`;
  const title = `${markup(report.run)}: ${report.verdict}`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<header class="${report.verdict}">
<h1>${report.verdict.charAt(0).toUpperCase()}${report.verdict.slice(1)}</h1>
<p class="reason">${markup(report.reason)}</p>
<p class="soft">${markup(report.run)}, ${formatUtc(report.start)}, took ${formatDuration((report.end - report.start) / 1000)}</p>
</header>
<main>
${renderFindings(report)}
${renderSteps(report)}
${renderChart(report)}
${renderProvenance(report)}
</main>
</body>
</html>
`;
}

function renderFindings(report: Report): string {
  const groups = groupFindings(report.findings);
  const rest = groups.length - GROUPS;
  return `<section aria-labelledby="findings">
<h2 id="findings">Findings: ${describeTotals(report.totals)}</h2>
${groups.slice(0, GROUPS).map(renderGroup).join('\n')}
${rest > 0 ? `<p>And ${rest} more, see <a href="report.json">report.json</a>.</p>` : ''}
</section>`;
}

function renderGroup(group: FindingGroup): string {
  const { first, all, steps, count } = group;
  const places = all.slice(0, PLACES).map(renderPlace).join(', ');
  const rest = all.length > PLACES ? ` and ${all.length - PLACES} more` : '';
  const sums = [steps.length > 1 ? `${steps.length} steps` : '', count > 1 ? `${count} times` : ''].filter(
    (sum) => sum !== '',
  );
  return `<article class="finding">
<h3><span class="${first.severity}">${first.severity}</span> ${markup(first.rule)}${sums.length > 0 ? ` <span class="soft">${sums.join(', ')}</span>` : ''}</h3>
<p>${places}${rest}${first.file ? '' : `: ${markup(first.message)}`}</p>
${first.file ? renderLines(first) : ''}${first.known ? `<p>Known: ${markup(first.known)}</p>\n` : ''}</article>`;
}

/** The line of the log with those around it. */
function renderLines({ message, context }: Finding): string {
  const lines = [
    ...(context?.before ?? []).map(markup),
    `<mark>${markup(message)}</mark>`,
    ...(context?.after ?? []).map(markup),
  ];
  return `<pre>${lines.join('\n')}</pre>\n`;
}

function renderPlace(finding: Finding): string {
  const text = markup(finding.file ? `${finding.step} ${placeOf(finding)}` : finding.step);
  return finding.file
    ? `<a href="${logLink(`steps/${finding.step}/${finding.attempt}/${finding.file}`)}">${text}</a>`
    : text;
}

function renderSteps(report: Report): string {
  const good = report.steps.filter((step) => step.state === 'succeeded');
  const shown = new Set([
    ...report.steps.filter((step) => step.state !== 'succeeded').slice(0, UNSUCCESSFUL),
    ...good.slice(0, SUCCEEDED),
  ]);
  const { steps, succeeded, failed, broken, notRun } = report.totals;
  const rest = steps - shown.size;
  return `<section aria-labelledby="steps">
<h2 id="steps">Steps</h2>
<div class="scroll" role="region" aria-label="table of steps" tabindex="0">
<table>
<caption>${steps} steps: ${succeeded} succeeded, ${failed} failed, ${broken} broken, ${notRun} not run</caption>
<thead><tr><th scope="col">Step</th><th scope="col">State</th><th scope="col" class="number">Time</th>
<th scope="col" class="number wide">CPU</th><th scope="col" class="number wide">Attempts</th><th scope="col" class="wide">Host</th>
<th scope="col" class="number wide">Outputs</th><th scope="col">Logs</th></tr></thead>
<tbody>
${report.steps
  .filter((step) => shown.has(step))
  .map(renderStep)
  .join('\n')}
</tbody>
</table>
</div>
${rest > 0 ? `<p>And ${rest} more, see <a href="report.json">report.json</a>.</p>` : ''}
</section>`;
}

function renderStep(step: StepReport): string {
  const time = step.start !== undefined && step.end !== undefined ? formatDuration((step.end - step.start) / 1000) : '';
  const ending = step.signal ?? (step.exitStatus ? `exit status ${step.exitStatus}` : '');
  const size = step.outputs.reduce((sum, output) => sum + output.size, 0);
  const outputs = step.outputs.length > 0 ? `${step.outputs.length} files, ${formatSize(size)}` : '';
  const directory = step.outputDir ? ` title="${markup(step.outputDir)}"` : '';
  const logs = step.logs.map(
    (log) => `<a href="${logLink(log)}">${markup(log.split('/').slice(3).join('/') || log)}</a>`,
  );
  return `<tr><th scope="row">${markup(step.id)}</th><td class="${step.state}">${step.state}${ending ? `, ${markup(ending)}` : ''}</td>
<td class="number">${time}</td><td class="number wide">${step.cpuTime === undefined ? '' : formatDuration(step.cpuTime)}</td>
<td class="number wide">${step.attempts}</td><td class="wide">${markup(step.host ?? '')}</td><td class="number wide"${directory}>${outputs}</td>
<td>${logs.join(', ')}</td></tr>`;
}

function renderProvenance(report: Report): string {
  const all = { workflow: report.workflow, ...report.provenance };
  const rows = Object.entries(all).map(([key, value]) => {
    const values = Array.isArray(value) ? value : [value];
    return `<dt>${markup(key)}</dt><dd>${values.map(markup).join('<br>')}</dd>`;
  });
  return `<section aria-labelledby="provenance">
<h2 id="provenance">Provenance</h2>
<dl>
${rows.join('\n')}
</dl>
</section>`;
}
