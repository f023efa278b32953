import { counted } from '../units/count.ts';
import { formatMemory, formatSize } from '../units/size.ts';
import { formatDuration, formatUtc } from '../units/time.ts';
import { renderChart } from './chart.ts';
import { type FindingPlace, findingHtml } from './finding-html.ts';
import { countDistinct, describeChange, type Section, sectionsOf, sortChanges } from './groups.ts';
import { logLink } from './links.ts';
import type { Finding, Report, StepReport } from './model.ts';
import { page } from './page.ts';
import { fromParts, type ReportPart } from './parts.ts';
import { markup } from './printable.ts';
import { sinceIn } from './since.ts';
import { stateWord } from './step-states.ts';

/** Upper limits of what the page shows, so that a browser can open it after any run. report.json has everything. */
const GROUPS = 200;
const PLACES = 10;
const MORE_PLACES = 200;
const CHANGES = 100;
const SUCCEEDED = 500;
const UNSUCCESSFUL = 5000;

/**
 * The report as one HTML page, `report/index.html` in the run directory. It has no script and sends no request; a content
 * security policy enforces this whatever the logs contain. Links to log files are relative to the page.
 */
export function renderHtml(report: Report, parts: readonly ReportPart[] = []): string {
  return page(
    `${markup(report.run)}: ${report.verdict}`,
    `<header class="${report.verdict}">
<h1>${report.verdict.charAt(0).toUpperCase()}${report.verdict.slice(1)}</h1>
<p class="reason">${markup(report.reason)}</p>
${(report.heldUp ?? []).map((message) => `<p>${markup(message)}</p>\n`).join('')}<p class="soft">${markup(report.run)}, ${formatUtc(report.start)}, took ${formatDuration((report.end - report.start) / 1000)}</p>
${renderAnswer(report)}</header>
<main>
${renderSections(report)}
${fromParts(report.checks, parts, (part, details) => part.html(details)).join('\n')}
${renderComponents(report)}
${renderChanges(report)}
${renderUnneeded(report)}
${renderSteps(report)}
${renderChart(report)}
${renderProvenance(report)}
</main>`,
  );
}

/** The numbers of new, known and fixed errors and of changes; empty without a reference. */
function renderAnswer(report: Report): string {
  const { reference, findings, fixed = [], changes = [] } = report;
  if (!reference) return '';
  const errors = (age: Finding['age']) => findings.filter((one) => one.severity === 'error' && one.age === age);
  const tiles: [n: number, what: string, target: string, kind: string][] = [
    [countDistinct(errors('new')), 'new errors', 'new', 'failed'],
    [countDistinct(errors('known')), 'known errors', 'known', 'broken'],
    [fixed.length, 'fixed', 'fixed', 'succeeded'],
    [changes.length, 'changed times and sizes', 'changes', 'broken'],
  ];
  const items = tiles.map(([n, what, target, kind]) =>
    n > 0
      ? `<li class="${kind}"><a href="#${target}"><b>${n}</b> ${n === 1 ? what.replace('errors', 'error') : what}</a></li>`
      : `<li><b>0</b> ${what}</li>`,
  );
  const others = reference.runs.filter((run) => run !== reference.run).length;
  const more = others > 0 ? `; times and sizes are compared with ${counted(others, 'more run')} before it` : '';
  return `<ul class="answer">${items.join('')}</ul>
<p class="soft">Compared with ${markup(reference.run)} of ${formatUtc(reference.start)}${more}.</p>
`;
}

function renderSections(report: Report): string {
  return sectionsOf(report)
    .map((section) => renderSection(report, section))
    .join('\n');
}

/** The findings of a section, each under the name of its component. */
function renderSection(report: Report, { name, title, groups }: Section): string {
  const id = report.reference ? name : 'findings';
  const rest = groups.length - GROUPS;
  const gone = name === 'fixed' ? report.reference?.run : undefined;
  // A fixed finding has no log in the directory of this run.
  const view = {
    link: gone === undefined ? linkOf : () => undefined,
    places: PLACES,
    more: MORE_PLACES,
    level: 4 as const,
    gone,
  };
  let under: string | undefined;
  const parts = groups.slice(0, GROUPS).map((group, index) => {
    const { component } = group.first;
    const isFirst = index === 0 || component !== under;
    under = component;
    const since = gone === undefined ? sinceIn(report, group.first) : undefined;
    return `${isFirst ? renderHeading(report, component) : ''}${findingHtml(group, { ...view, since })}`;
  });
  return `<section aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
${parts.join('\n')}
${rest > 0 ? `<p>And ${rest} more, see <a href="report.json">report.json</a>.</p>` : ''}
</section>`;
}

function renderHeading({ components = [] }: Report, name: string | undefined): string {
  if (name === undefined) return '<h3 class="component">No component</h3>\n';
  const contacts = components.find((one) => one.name === name)?.contacts ?? [];
  const who = contacts.length > 0 ? ` <span class="soft">${markup(contacts.join(', '))}</span>` : '';
  return `<h3 class="component">${markup(name)}${who}</h3>\n`;
}

/** Address of a log, relative to `report/index.html`. */
function linkOf({ step, attempt, file, message }: FindingPlace): string | undefined {
  return file === undefined ? undefined : logLink(`steps/${step}/${attempt}/${file}`, message);
}

function renderComponents({ components = [] }: Report): string {
  if (components.length === 0) return '';
  const rows = components.map(
    ({ name, contacts, errors, newErrors, warnings }) =>
      `<tr><th scope="row">${markup(name)}</th><td class="contact">${contacts.length > 0 ? contacts.map(markup).join('<br>') : '<span class="soft">none</span>'}</td>
<td class="number">${newErrors}</td><td class="number">${errors}</td><td class="number wide">${warnings}</td></tr>`,
  );
  return `<section aria-labelledby="components">
<h2 id="components">Components and contacts</h2>
<div class="scroll" role="region" aria-label="table of components" tabindex="0">
<table>
<thead><tr><th scope="col">Component</th><th scope="col">Contact</th><th scope="col" class="number">New errors</th>
<th scope="col" class="number">Errors</th><th scope="col" class="number wide">Warnings</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</div>
</section>`;
}

function renderChanges({ changes = [] }: Report): string {
  if (changes.length === 0) return '';
  const rest = changes.length - CHANGES;
  return `<section aria-labelledby="changes">
<h2 id="changes">Times and sizes that changed: ${changes.length}</h2>
<ul>
${sortChanges(changes)
  .slice(0, CHANGES)
  .map((change) => `<li>${markup(describeChange(change))}</li>`)
  .join('\n')}
</ul>
${rest > 0 ? `<p>And ${rest} more, see <a href="report.json">report.json</a>.</p>` : ''}
</section>`;
}

function renderUnneeded({ unneeded = [] }: Report): string {
  if (unneeded.length === 0) return '';
  const rest = unneeded.length - CHANGES;
  return `<section aria-labelledby="unneeded">
<h2 id="unneeded">Exceptions that excused nothing: ${unneeded.length}</h2>
<ul>
${unneeded
  .slice(0, CHANGES)
  .map(({ rule, exception }) => `<li>${markup(`${rule}: ${exception}`)}</li>`)
  .join('\n')}
</ul>
${rest > 0 ? `<p>And ${rest} more, see <a href="report.json">report.json</a>.</p>` : ''}
</section>`;
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
<caption>${counted(steps, 'step')}: ${succeeded} succeeded, ${failed} failed, ${broken} broken, ${notRun} not run</caption>
<thead><tr><th scope="col">Step</th><th scope="col">State</th><th scope="col" class="number">Time</th>
<th scope="col" class="number wide">CPU</th><th scope="col" class="number wide">Memory</th><th scope="col" class="number wide">Attempts</th><th scope="col" class="wide">Host</th>
<th scope="col" class="number wide">Outputs</th><th scope="col" class="logs">Logs</th></tr></thead>
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
  const outputs = step.outputs.length > 0 ? `${counted(step.outputs.length, 'file')}, ${formatSize(size)}` : '';
  const directory = step.outputDir ? ` title="${markup(step.outputDir)}"` : '';
  const logs = step.logs.map(
    (log) => `<a href="${logLink(log)}">${markup(log.split('/').slice(3).join('/') || log)}</a>`,
  );
  return `<tr><th scope="row">${markup(step.id)}</th><td class="${step.state}">${stateWord(step.state, true)}${ending ? `, ${markup(ending)}` : ''}</td>
<td class="number">${time}</td><td class="number wide">${step.cpuTime === undefined ? '' : formatDuration(step.cpuTime)}</td>
<td class="number wide">${step.peakMemory === undefined ? '' : formatMemory(step.peakMemory)}</td>
<td class="number wide">${step.attempts}</td><td class="wide">${markup(step.host ?? '')}</td><td class="number wide"${directory}>${outputs}</td>
<td class="logs">${logsHtml(logs)}</td></tr>`;
}

/** One log, or several folded: they would make the table wide. */
function logsHtml(logs: readonly string[]): string {
  if (logs.length < 2) return logs.join('');
  return `<details><summary>${logs.length} logs</summary>${logs.join('<br>')}</details>`;
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
