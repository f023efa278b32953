import { counted } from '../units/count.ts';
import { type FindingGroup, placeOf } from './groups.ts';
import type { Finding } from './model.ts';
import { markup } from './printable.ts';
import { describeSince, type Since } from './since.ts';

/** How findings are shown. The report file and the page both use it. */
export interface FindingView {
  /** Address of a finding in its log; undefined if there is nothing to link to. */
  link: (place: FindingPlace) => string | undefined;
  /** The largest number of listed places, and of places that unfold below them. Of the others only the number is shown. */
  places: number;
  more?: number;
  /** The level of its heading: one below the heading above it. */
  level: 2 | 3 | 4;
  /** For a fixed finding: the run that had it. */
  gone?: string | undefined;
  /** The run that has it, and since when. */
  since?: { run: string; of: Since } | undefined;
  /** Links to earlier nights: markup. */
  nightLinks?: (since: Since, run: string) => string;
}

/** The place of a finding: a line in a step's log, or the step as a whole. */
export type FindingPlace = Pick<Finding, 'step' | 'attempt' | 'file' | 'line' | 'message' | 'compared'>;

/** Findings with one fingerprint as one piece of HTML. Every text from outside is escaped. */
export function findingHtml(group: FindingGroup, view: FindingView): string {
  const { first, steps, count } = group;
  const { gone } = view;
  const sums = [steps.length > 1 ? counted(steps.length, 'step') : '', count > 1 ? counted(count, 'time') : ''].filter(
    (sum) => sum !== '',
  );
  const label =
    gone === undefined
      ? `<span class="${first.severity}">${first.severity}</span>`
      : '<span class="succeeded">fixed</span>';
  return `<article class="finding">
<h${view.level}>${label} ${markup(first.rule)}${sums.length > 0 ? ` <span class="soft">${sums.join(', ')}</span>` : ''}</h${view.level}>
<p class="places">${placesHtml(group.all.slice(0, view.places), view)}${first.file ? '' : `: ${markup(first.message)}`}${gone === undefined ? '' : ` <span class="soft">in ${markup(gone)}</span>`}</p>
${morePlacesHtml(group, view)}${first.file ? linesHtml(first) : lastLinesHtml(first, view)}${notesHtml(first)}${sinceHtml(view)}</article>`;
}

function placesHtml(findings: readonly Finding[], view: FindingView): string {
  return findings.map((finding) => placeHtml(finding, view)).join(', ');
}

/** The places that are not listed at once, folded: it needs no script. */
function morePlacesHtml({ all }: FindingGroup, view: FindingView): string {
  const { places, more = 0 } = view;
  const rest = all.length - places;
  if (rest <= 0) return '';
  const listed = all.slice(places, places + more);
  const left = rest - listed.length;
  if (listed.length === 0) return `<p>and ${rest} more</p>\n`;
  return `<details class="places"><summary>and ${rest} more</summary>
<p>${placesHtml(listed, view)}${left > 0 ? ` and ${left} more` : ''}</p></details>
`;
}

function placeHtml(finding: Finding, { link }: FindingView): string {
  const place = placeOf(finding);
  const text = markup(place ? `${finding.step} ${place}` : finding.step);
  const address = link(finding);
  return address === undefined ? text : `<a href="${markup(address)}">${text}</a>`;
}

/** The line of the log with the lines around it. */
function linesHtml({ message, context }: Finding): string {
  const lines = [
    ...(context?.before ?? []).map(markup),
    `<mark>${markup(message)}</mark>`,
    ...(context?.after ?? []).map(markup),
  ];
  return `<pre>${lines.join('\n')}</pre>\n`;
}

/** The last lines of a payload that failed without saying why in a log. */
function lastLinesHtml({ step, attempt, lastLines }: Finding, { link }: FindingView): string {
  if (!lastLines) return '';
  const { file, lines } = lastLines;
  const name = markup(`${step} ${file}`);
  const address = link({ step, attempt, file, message: lines.at(-1) ?? '' });
  return `<p>${address === undefined ? name : `<a href="${markup(address)}">${name}</a>`} ends with</p>
<pre>${lines.map(markup).join('\n')}</pre>
`;
}

function sinceHtml({ since, nightLinks }: FindingView): string {
  if (!since) return '';
  const links = nightLinks?.(since.of, since.run) ?? '';
  return `<p class="since${since.of.course === 'flaky' ? ' warning' : ''}">${markup(describeSince(since.of, since.run))}${links}</p>\n`;
}

function notesHtml({ trace, expired, known }: Finding): string {
  return [
    trace ? `<p class="soft">In ${markup(trace.join(', called by '))}</p>\n` : '',
    expired ? `<p class="warning">The exception has expired: ${markup(expired)}</p>\n` : '',
    known ? `<p>Excused: ${markup(known)}</p>\n` : '',
  ].join('');
}
