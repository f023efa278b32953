import { counted } from '../units/count.ts';
import { type FindingGroup, placeOf } from './groups.ts';
import type { Finding } from './model.ts';
import { markup } from './printable.ts';

/** How findings are shown: in the report file and on the page alike. */
export interface FindingView {
  /** Address of the place of a finding in a log; undefined where it cannot be linked. */
  link: (place: FindingPlace) => string | undefined;
  /** Places that are listed; of more only the number is told. */
  places: number;
  /** The run that had it, of a finding that is fixed in this one. */
  gone?: string | undefined;
}

/** Where something stands: a step's log, or the step as a whole. */
export type FindingPlace = Pick<Finding, 'step' | 'attempt' | 'file' | 'line' | 'message'>;

/** Findings with the same fingerprint as one piece of HTML. Every text from outside is escaped. */
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
<h4>${label} ${markup(first.rule)}${sums.length > 0 ? ` <span class="soft">${sums.join(', ')}</span>` : ''}</h4>
<p class="places">${placesHtml(group, view)}${first.file ? '' : `: ${markup(first.message)}`}${gone === undefined ? '' : ` <span class="soft">in ${markup(gone)}</span>`}</p>
${first.file ? linesHtml(first) : lastLinesHtml(first, view)}${notesHtml(first)}</article>`;
}

function placesHtml({ all }: FindingGroup, view: FindingView): string {
  const shown = all.slice(0, view.places).map((finding) => placeHtml(finding, view));
  const rest = all.length - shown.length;
  return `${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function placeHtml(finding: Finding, { link }: FindingView): string {
  const text = markup(finding.file ? `${finding.step} ${placeOf(finding)}` : finding.step);
  const address = link(finding);
  return address === undefined ? text : `<a href="${markup(address)}">${text}</a>`;
}

/** The line of the log with those around it. */
function linesHtml({ message, context }: Finding): string {
  const lines = [
    ...(context?.before ?? []).map(markup),
    `<mark>${markup(message)}</mark>`,
    ...(context?.after ?? []).map(markup),
  ];
  return `<pre>${lines.join('\n')}</pre>\n`;
}

/** What a payload wrote last, where it failed and no line of its log says why. */
function lastLinesHtml({ step, attempt, lastLines }: Finding, { link }: FindingView): string {
  if (!lastLines) return '';
  const { file, lines } = lastLines;
  const name = markup(`${step} ${file}`);
  const address = link({ step, attempt, file, message: lines.at(-1) ?? '' });
  return `<p>${address === undefined ? name : `<a href="${markup(address)}">${name}</a>`} ends with</p>
<pre>${lines.map(markup).join('\n')}</pre>
`;
}

function notesHtml({ trace, expired, known }: Finding): string {
  return [
    trace ? `<p class="soft">In ${markup(trace.join(', called by '))}</p>\n` : '',
    expired ? `<p class="warning">Not excused any more: ${markup(expired)}</p>\n` : '',
    known ? `<p>Known: ${markup(known)}</p>\n` : '',
  ].join('');
}
