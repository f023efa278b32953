import { markup } from '../../report/printable.ts';
import { DIFFERENT, type State } from '../show/states.ts';
import { describeKnown, describeReferences, totalCounts, worstObjects } from '../show/summary.ts';
import { countsText, type Directory, directoriesOf } from '../show/tree.ts';
import type { Details } from './details.ts';
import { figure } from './figure.ts';

/** The largest number of rows of the table: report.json has more. */
const ROWS = 200;
/** The largest number of directories of the tree. */
const DIRECTORIES = 500;

/** The section of the report: counts by state and directory, the objects that are not compatible, and pictures of the worst. */
export function renderHtml(details: Details): string {
  const numbers = totalCounts(details).map(([state, n]) => `<li class="${kindOf(state)}"><b>${n}</b> ${state}</li>`);
  const skipped = details.files.filter(({ state }) => state === 'not readable' || state === 'not compared');
  const objects = worstObjects(details);
  const pictures = objects.map(({ file, object }, index) =>
    figure(`histogram-${index}`, `${file.step} ${file.file}`, object),
  );
  const rest = objects.length - ROWS;
  return `<section aria-labelledby="histograms">
<h2 id="histograms">Histograms</h2>
<p>${markup(`${describeReferences(details)}${describeKnown(details)}`)}</p>
${numbers.length > 0 ? `<ul class="answer">${numbers.join('')}</ul>` : ''}
${skipped.length > 0 ? `<ul>${skipped.map(({ step, file, state, reason }) => `<li>${markup(`${step} ${file}`)}: <span class="warning">${state}</span>: ${markup(reason)}</li>`).join('\n')}</ul>` : ''}
${tree(details)}
${objects.length > 0 ? table(objects.slice(0, ROWS)) : ''}
${rest > 0 ? `<p>And ${rest} more, see <a href="report.json">report.json</a>.</p>` : ''}
${pictures.join('\n')}
</section>`;
}

/** The class of a state in the style sheet. */
function kindOf(state: State | string): string {
  if (DIFFERENT.has(state as State)) return 'failed';
  return state === 'suspicious' ? 'broken' : '';
}

function tree(details: Details): string {
  const tops = directoriesOf(details);
  if (tops.every(({ directories }) => directories.length === 0)) return '';
  let left = DIRECTORIES;
  const render = (one: Directory, open: boolean): string => {
    if (left-- <= 0) return '';
    const line = `${markup(one.name)} <span class="soft">${countsText(one.counts)}</span>`;
    if (one.directories.length === 0) return `<p class="leaf">${line}</p>`;
    return `<details${open ? ' open' : ''}><summary>${line}</summary>
${one.directories.map((below) => render(below, false)).join('')}</details>`;
  };
  return `<div class="tree">${tops.map((top, index) => render(top, index === 0)).join('\n')}</div>`;
}

function table(objects: ReturnType<typeof worstObjects>): string {
  const rows = objects.map(
    ({ file, object: { name, state, reason, critical, owner, age } }) =>
      `<tr><td class="${DIFFERENT.has(state) && age === undefined ? 'error' : 'warning'}">${state}${critical ? ' (critical)' : ''}${age === undefined ? '' : ` (${age})`}</td><th scope="row">${markup(name)}</th>
<td class="wide">${markup(`${file.step} ${file.file}`)}</td><td>${markup(reason)}${owner === undefined ? '' : ` <span class="soft">${markup(owner)}</span>`}</td></tr>`,
  );
  return `<div class="scroll" role="region" aria-label="table of histograms" tabindex="0">
<table>
<thead><tr><th scope="col">State</th><th scope="col">Histogram</th><th scope="col" class="wide">File</th><th scope="col">What differs</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</div>`;
}
