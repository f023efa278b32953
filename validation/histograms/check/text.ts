import { printable } from '../../report/printable.ts';
import { describeKnown, describeReferences, totalCounts, worstObjects } from '../show/summary.ts';
import type { Details } from './details.ts';

/** The default number of objects that are listed: report.json has more. */
const WORST = 10;
/** The largest number of characters of a reason: two lines of a terminal. */
const REASON = 160;

/** The text for a terminal: counts, files that were not compared, and the `most` worst objects. */
export function renderText(details: Details, most: number = WORST): string[] {
  const numbers = totalCounts(details).map(([state, n]) => `${n} ${state}`);
  const heading = `Histograms: ${numbers.length > 0 ? numbers.join(', ') : details.references.length > 0 ? 'none compared' : 'no reference'}${describeKnown(details)}`;
  const objects = worstObjects(details);
  return [
    heading,
    `  ${printable(describeReferences(details))}`,
    ...details.files
      .filter(({ state }) => state === 'not readable' || state === 'not compared')
      .map(({ step, file, state, reason }) => `  ${printable(`${step} ${file}: ${state}: ${reason}`)}`),
    ...objects
      .slice(0, most)
      .flatMap(({ file, object: { name, state, reason, age } }) => [
        `  ${age === undefined ? state : `${state} (${age})`} ${printable(`${file.step} ${file.file} ${name}`)}`,
        `    ${printable(cut(reason))}`,
      ]),
    ...(objects.length > most ? [`  and ${objects.length - most} more, see report.json`] : []),
  ];
}

function cut(text: string): string {
  const characters = [...text];
  return characters.length > REASON ? `${characters.slice(0, REASON).join('')}…` : text;
}
