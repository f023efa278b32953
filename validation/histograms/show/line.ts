import { plainTitle } from './latex.ts';
import type { LinePicture } from './picture.ts';
import { linearScale, logScale, numberText, type Scale } from './scale.ts';
import { cut, pixel, type Scene, type Shape, textAt } from './shapes.ts';

const LEFT = 52;
const RIGHT = 10;
const TOP = 26;
const GAP = 20;
const BOTTOM = 36;
const STRIP = 64;
/** Larger pulls are drawn at the edge, so that one bin that is far off does not hide the others. */
const MOST_PULL = 5;
/** Larger pulls are marked. */
const FAR_PULL = 3;
/** The largest number of characters of an axis title. */
const AXIS_TITLE = 40;
/** The approximate width of a character. */
const LETTER = 6.5;
/** A logarithmic axis begins at this share of the smallest content, so that the content is visible. */
const BELOW_LEAST = 0.5;

/** The values of one bin. */
export interface BinValues {
  place: string;
  own: number;
  ownError: number;
  reference: number;
  referenceError: number;
  /** In standard deviations. */
  pull: number;
}

/** The contents of the bins, and their differences. */
export function binsOf(picture: LinePicture): BinValues[] {
  const { labels, scale } = picture;
  const edges = edgesOf(picture);
  const unit = unitOf(picture);
  return picture.own.map((_, index) => {
    const [own, ownError] = [picture.own[index] ?? 0, errorOf(picture.own, picture.ownError, index)];
    const reference = scale * (picture.reference[index] ?? 0);
    const referenceError = scale * errorOf(picture.reference, picture.referenceError, index);
    const sigma = Math.hypot(ownError, referenceError);
    const [low = 0, high = 0] = [edges[index], edges[index + 1]];
    const behind = unit === '' ? '' : ` ${unit}`;
    return {
      place: labels?.[index] || `${numberText(low)} to ${numberText(high)}${behind}`,
      ...{ own, ownError, reference, referenceError },
      pull: sigma > 0 ? (own - reference) / sigma : 0,
    };
  });
}

function errorOf(contents: LinePicture['own'], errors: LinePicture['ownError'], index: number): number {
  return errors ? (errors[index] ?? 0) : Math.sqrt(Math.abs(contents[index] ?? 0));
}

/** The edges of all bins. */
function edgesOf({ edges, own }: LinePicture): number[] {
  if (edges.length !== 2) return edges;
  const [low = 0, high = 1] = edges;
  return Array.from({ length: own.length + 1 }, (_, index) => low + ((high - low) * index) / own.length);
}

/** `p_{T} (GeV/#it{c})` → `GeV/c`; also in square brackets. */
function unitOf({ title }: LinePicture): string {
  return /[([]([^()[\]]{1,20})[)\]]\s*$/.exec(plainTitle(title))?.[1]?.trim() ?? '';
}

/** `0.2 to 0.4 GeV/c: reference 120 ± 11, this run 160 ± 13, +2.4 σ` */
export function binText({ place, own, ownError, reference, referenceError, pull }: BinValues): string {
  const number = (content: number, error: number) => `${numberText(content)} ± ${numberText(error)}`;
  const sign = pull > 0 ? '+' : '';
  return `${place}: reference ${number(reference, referenceError)}, this run ${number(own, ownError)}, ${sign}${pull.toFixed(1)} σ`;
}

/** Whether a logarithmic scale is useful: no content is negative, and they differ by more than a factor of 50. */
export function canBeLog(bins: readonly BinValues[]): boolean {
  const filled = bins.flatMap(({ own, reference }) => [own, reference]).filter((value) => value !== 0);
  return filled.length > 0 && Math.min(...filled) > 0 && Math.max(...filled) / Math.min(...filled) > 50;
}

/**
 * Draws both histograms over each other: the reference as a filled line in steps, the run as points with errors. Below is the
 * difference of each bin in standard deviations.
 */
export function drawLine(picture: LinePicture, { width, log }: { width: number; log: boolean }): Scene {
  const bins = binsOf(picture);
  const plot = Math.round(Math.min(240, Math.max(150, width * 0.4)));
  const edges = edgesOf(picture);
  const bottom = TOP + plot;
  const middle = bottom + GAP + STRIP / 2;
  const height = bottom + GAP + STRIP + BOTTOM;
  const right = width - RIGHT;
  const x = linearScale(edges[0] ?? 0, edges.at(-1) ?? 1, LEFT, right, 80);
  const y = heightScale(bins, log, bottom);
  const edge = (index: number): number => pixel(x.at(edges[index] ?? 0));
  const shapes: Shape[] = [];
  const path = (className: string, d: string): void => {
    if (d !== '') shapes.push({ tag: 'path', attributes: { class: className, d } });
  };
  const text = (
    content: string,
    left: number,
    top: number,
    anchor: 'start' | 'end' | 'middle',
    className = '',
  ): void => {
    shapes.push(textAt(content, left, top, anchor, className));
  };
  path('grid', y.ticks.map((tick) => `M${LEFT} ${pixel(y.at(tick))}H${right}`).join(''));
  path('grid', [-FAR_PULL, FAR_PULL].map((pull) => `M${LEFT} ${pullAt(pull, middle)}H${right}`).join(''));
  for (const tick of y.ticks) text(numberText(tick), LEFT - 6, y.at(tick) + 4, 'end');
  const base = pixel(y.at(log ? 0 : Math.max(0, y.ticks[0] ?? 0)));
  const steps = bins.map(({ reference }, index) => `V${pixel(y.at(reference))}H${edge(index + 1)}`).join('');
  path('filled', `M${edge(0)} ${base}${steps}V${base}Z`);
  path('reference', `M${edge(0)} ${base}${steps}V${base}`);
  const points = bins.map(({ own, ownError }, index) => {
    if (own === 0 && ownError === 0) return '';
    if (log && own <= 0) return '';
    const at = pixel((edge(index) + edge(index + 1)) / 2);
    const level = pixel(y.at(own));
    return `M${at} ${pixel(y.at(own - ownError))}V${pixel(y.at(own + ownError))}M${edge(index)} ${level}H${edge(index + 1)}`;
  });
  path('own', points.join(''));
  for (const isFar of [false, true]) {
    const bars = bins.map(({ pull }, index) => {
      if (pull === 0 || Math.abs(pull) > FAR_PULL !== isFar) return '';
      const wide = Math.max(1, edge(index + 1) - edge(index));
      return `M${edge(index)} ${middle}V${pullAt(pull, middle)}h${pixel(wide)}V${middle}Z`;
    });
    path(isFar ? 'pull far' : 'pull', bars.join(''));
  }
  path('axis', `M${LEFT} ${TOP}V${bottom}H${right}M${LEFT} ${middle}H${right}`);
  for (const pull of [-FAR_PULL, 0, FAR_PULL]) {
    text(pull === 0 ? '0' : `${pull > 0 ? '+' : '−'}${FAR_PULL} σ`, LEFT - 6, pullAt(pull, middle) + 4, 'end');
  }
  const foot = height - BOTTOM + 14;
  for (const [tick, at] of axisTexts(picture.labels, edges, x, right)) text(tick, at, foot, 'middle');
  if (picture.title !== '') text(cut(plainTitle(picture.title), AXIS_TITLE), right, height - 6, 'end');
  text('■ reference', LEFT, 14, 'start', 'key-reference');
  text('┼ this run', LEFT + 90, 14, 'start', 'key-own');
  for (const [index, one] of bins.entries()) {
    const wide = pixel(edge(index + 1) - edge(index));
    const attributes = {
      class: 'bin',
      'data-bin': index,
      x: edge(index),
      y: TOP,
      width: Math.max(0.1, wide),
      height: height - BOTTOM - TOP,
    };
    shapes.push({ tag: 'rect', attributes, title: binText(one) });
  }
  const label = `The reference as a filled line, this run as crosses${log ? ', on a logarithmic scale' : ''}; below, the difference of each bin in standard deviations.`;
  return { width, height, shapes, label };
}

function heightScale(bins: readonly BinValues[], log: boolean, bottom: number): Scale {
  const high = Math.max(...bins.map(({ own, ownError, reference }) => Math.max(own + ownError, reference)));
  if (log) {
    const filled = bins.flatMap(({ own, reference }) => [own, reference]).filter((value) => value > 0);
    return logScale(Math.min(...filled) * BELOW_LEAST, Math.max(high, Math.min(...filled)) * 1.5, bottom, TOP);
  }
  const low = Math.min(0, ...bins.map(({ own, ownError, reference }) => Math.min(own - ownError, reference)));
  const span = high - low || 1;
  return linearScale(low < 0 ? low - span * 0.03 : 0, Math.max(high, low + span) + span * 0.05, bottom, TOP, 45);
}

function pullAt(pull: number, middle: number): number {
  const cut = Math.max(-MOST_PULL, Math.min(MOST_PULL, pull));
  return pixel(middle - (cut / MOST_PULL) * (STRIP / 2));
}

/** The texts below the axis: numbers, or as many names of bins as there is room for. */
function axisTexts(
  labels: LinePicture['labels'],
  edges: readonly number[],
  x: Scale,
  right: number,
): [string, number][] {
  if (!labels) return x.ticks.map((tick) => [numberText(tick), Math.min(x.at(tick), right - 8)]);
  const room = (right - LEFT) / labels.length;
  const longest = Math.max(...labels.map((one) => Math.min(one.length, 12)), 1);
  const every = Math.max(1, Math.ceil((longest * LETTER) / room));
  return labels.flatMap((one, index): [string, number][] => {
    if (index % every !== 0) return [];
    return [[cut(one, 12), (x.at(edges[index] ?? 0) + x.at(edges[index + 1] ?? 0)) / 2]];
  });
}
