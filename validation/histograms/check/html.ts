import { markup } from '../../report/printable.ts';
import { DIFFERENT } from '../result.ts';
import { type Details, describeReferences, type ObjectDetails, totalCounts, worstObjects } from './details.ts';
import { pictureSvg } from './picture-svg.ts';

/** Rows of the table: report.json has more. */
const ROWS = 200;

/** The section of the report: counts by state, what is not compatible, and pictures of the worst. */
export function renderHtml(details: Details): string {
  const numbers = totalCounts(details).map(([state, n]) => `<li><b>${n}</b> ${state}</li>`);
  const skipped = details.files.filter(({ state }) => state === 'not readable' || state === 'not compared');
  const objects = worstObjects(details);
  const pictures = objects.flatMap(({ file, object }) => figure(`${file.step} ${file.file} ${object.name}`, object));
  const rest = objects.length - ROWS;
  return `<section aria-labelledby="histograms">
<h2 id="histograms">Histograms</h2>
<p>${markup(describeReferences(details))}</p>
${numbers.length > 0 ? `<ul class="answer">${numbers.join('')}</ul>` : ''}
${skipped.length > 0 ? `<ul>${skipped.map(({ step, file, state, reason }) => `<li>${markup(`${step} ${file}`)}: <span class="warning">${state}</span>: ${markup(reason)}</li>`).join('\n')}</ul>` : ''}
${objects.length > 0 ? table(objects.slice(0, ROWS)) : ''}
${rest > 0 ? `<p>And ${rest} more, see <a href="report.json">report.json</a>.</p>` : ''}
${pictures.join('\n')}
</section>`;
}

function table(objects: ReturnType<typeof worstObjects>): string {
  const rows = objects.map(
    ({ file, object: { name, state, reason, critical, owner } }) =>
      `<tr><td class="${DIFFERENT.has(state) ? 'error' : 'warning'}">${state}${critical ? ' (critical)' : ''}</td><th scope="row">${markup(name)}</th>
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

function figure(place: string, { title, reason, picture }: ObjectDetails): string[] {
  if (!picture) return [];
  return [
    `<figure class="histogram"><figcaption>${markup(place)}${title === '' ? '' : `: ${markup(title)}`} <span class="soft">${markup(reason)}</span></figcaption>
${pictureSvg(picture)}</figure>`,
  ];
}
