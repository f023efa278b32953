import { markup } from '../../report/printable.ts';
import { plainTitle } from '../show/latex.ts';
import { binsOf, canBeLog, drawLine } from '../show/line.ts';
import { drawMap, PANELS } from '../show/map.ts';
import { isMap, type Picture } from '../show/picture.ts';
import { toSvg } from '../show/shapes.ts';
import type { ObjectDetails } from './details.ts';

/** At these widths the text is readable on a screen and on a phone, which shrinks the picture a little. */
const LINE_WIDTH = 440;
const MAP_WIDTH = 260;

/**
 * An object with its picture, for the page without scripts. A checkbox switches between the linear and the logarithmic scale.
 * @param id unique in the page
 */
export function figure(id: string, place: string, { name, title, reason, picture }: ObjectDetails): string {
  if (!picture) return '';
  const heading = title === '' || title === name ? '' : `: ${markup(plainTitle(title))}`;
  return `<figure class="histogram"><figcaption><strong>${markup(name)}</strong>${heading} <span class="soft">${markup(place)}</span><br>${markup(reason)}</figcaption>
${drawn(id, picture)}</figure>`;
}

function drawn(id: string, picture: Picture): string {
  if (isMap(picture)) {
    return `<div class="maps">${PANELS.map((panel) => toSvg(drawMap(picture, panel, MAP_WIDTH))).join('')}</div>`;
  }
  const linear = toSvg(drawLine(picture, { width: LINE_WIDTH, log: false }));
  if (!canBeLog(binsOf(picture))) return linear;
  const log = toSvg(drawLine(picture, { width: LINE_WIDTH, log: true }));
  return `<input type="checkbox" id="${id}"><label for="${id}"> Logarithmic scale</label>
<div class="linear">${linear}</div><div class="log">${log}</div>`;
}
