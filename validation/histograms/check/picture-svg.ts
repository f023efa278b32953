import { markup } from '../../report/printable.ts';
import type { Picture } from './details.ts';

/** Sizes in the picture's own units; it is as wide as the page has room. */
const WIDTH = 640;
const LEFT = 64;
const RIGHT = 8;
const TOP = 10;
const PLOT = 190;
const GAP = 22;
const PULLS = 60;
const HEIGHT = TOP + PLOT + GAP + PULLS + 26;
/** Pulls beyond are drawn at the edge: one bin that is far off does not hide the others. */
const MOST_PULL = 5;

/**
 * Both histograms over each other, the reference as a line in steps and the run as points with errors, and below them the
 * distance of each bin in standard deviations. Its colours come from the style sheet of the report.
 */
export function pictureSvg({ unit, edges, own, ownError, reference, referenceError }: Picture): string {
  const value = (values: readonly (number | null)[], index: number): number => values[index] ?? 0;
  const bins = own.map((_, index) => {
    const [a, ea] = [value(own, index), value(ownError, index)];
    const [b, eb] = [value(reference, index), value(referenceError, index)];
    const sigma = Math.hypot(ea, eb);
    return { a, ea, b, eb, pull: sigma > 0 ? (a - b) / sigma : 0 };
  });
  const [low, high] = [edges[0] ?? 0, edges.at(-1) ?? 1];
  const most = Math.max(...bins.map(({ a, ea, b }) => Math.max(a + ea, b)));
  const least = Math.min(0, ...bins.map(({ a, ea, b }) => Math.min(a - ea, b)));
  const span = most - least || 1;
  const x = (at: number) => round(LEFT + ((at - low) / (high - low || 1)) * (WIDTH - LEFT - RIGHT));
  const y = (at: number) => round(TOP + (1 - (at - least) / (span * 1.05)) * PLOT);
  const middle = TOP + PLOT + GAP + PULLS / 2;
  const edge = (index: number) => x(edges[index] ?? high);
  const steps = bins
    .map(({ b }, index) => `${index === 0 ? 'M' : 'L'}${edge(index)} ${y(b)}H${edge(index + 1)}`)
    .join('');
  const marks = bins.map(({ a, ea }, index) => {
    if (a === 0 && ea === 0) return '';
    const at = round((edge(index) + edge(index + 1)) / 2);
    return `M${at} ${y(a - ea)}V${y(a + ea)}M${edge(index)} ${y(a)}H${edge(index + 1)}`;
  });
  const pulls = bins.map(({ pull }, index) => {
    const length = round((Math.min(Math.abs(pull), MOST_PULL) / MOST_PULL) * (PULLS / 2));
    if (length === 0) return '';
    const width = Math.max(0.5, round(edge(index + 1) - edge(index)));
    return `<rect x="${edge(index)}" y="${pull > 0 ? round(middle - length) : middle}" width="${width}" height="${length}"/>`;
  });
  const number = (at: number) => markup(Number(at.toPrecision(3)).toString());
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="the reference as a line, this run as crosses; below: the difference of each bin in standard deviations">
<path class="axis" d="M${LEFT} ${TOP}V${TOP + PLOT}H${WIDTH - RIGHT}M${LEFT} ${middle}H${WIDTH - RIGHT}"/>
<path class="reference" d="${steps}"/>
<path class="own" d="${marks.join('')}"/>
${pulls.join('')}
<text x="${LEFT - 6}" y="${TOP + 10}" text-anchor="end">${number(most)}</text><text x="${LEFT - 6}" y="${TOP + PLOT}" text-anchor="end">${number(least)}</text>
<text x="${LEFT - 6}" y="${middle - PULLS / 2 + 10}" text-anchor="end">+${MOST_PULL} σ</text><text x="${LEFT - 6}" y="${middle + PULLS / 2}" text-anchor="end">−${MOST_PULL} σ</text>
<text x="${LEFT}" y="${HEIGHT - 6}">${number(low)}</text><text x="${WIDTH - RIGHT}" y="${HEIGHT - 6}" text-anchor="end">${number(high)}${unit === '' ? '' : ` ${markup(unit)}`}</text>
<text x="${WIDTH - RIGHT}" y="${TOP + 10}" text-anchor="end">line: reference, crosses: this run</text>
</svg>
`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
