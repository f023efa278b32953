import type { Spread } from '../../history/line.ts';
import type { NightTrend } from '../../history/trend.ts';

/** Height of a plot in its own units. Its width is one unit for each night. */
export const HEIGHT = 40;
/** Room above and below the values. */
const MARGIN = 4;

export interface StagePaths {
  /** Areas between the quartiles, and lines through the medians. Nights without a value interrupt both. */
  band: string;
  line: string;
  /** The distance of a value from the top. */
  y: (value: number) => number;
}

/** The drawing of the values of a stage; undefined if it has none. */
export function stagePaths(values: readonly (Spread | undefined)[]): StagePaths | undefined {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return undefined;
  const least = Math.min(...known.map(({ low }) => low));
  const most = Math.max(...known.map(({ high }) => high));
  const range = most - least || most || 1;
  const y = (value: number): number => round(HEIGHT - MARGIN - ((value - least) / range) * (HEIGHT - 2 * MARGIN));
  const parts = partsOf(values);
  return {
    band: parts.map((part) => bandOf(part, y)).join(''),
    // A line of length 0 appears as a dot.
    line: parts
      .map(
        (part) => `M${part.map(({ x, value }) => `${x} ${y(value.median)}`).join('L')}${part.length === 1 ? 'h0' : ''}`,
      )
      .join(''),
    y,
  };
}

interface Place {
  x: number;
  value: Spread;
}

/** Groups of consecutive nights that have a value. */
function partsOf(values: readonly (Spread | undefined)[]): Place[][] {
  const parts: Place[][] = [];
  let current: Place[] | undefined;
  for (const [n, value] of values.entries()) {
    if (!value) {
      current = undefined;
      continue;
    }
    if (!current) {
      current = [];
      parts.push(current);
    }
    current.push({ x: n + 0.5, value });
  }
  return parts;
}

function bandOf(part: readonly Place[], y: (value: number) => number): string {
  if (part.length === 1) {
    const [{ x, value }] = part as [Place];
    return `M${x - 0.2} ${y(value.high)}h0.4V${y(value.low)}h-0.4Z`;
  }
  const above = part.map(({ x, value }) => `${x} ${y(value.high)}`);
  const below = part.toReversed().map(({ x, value }) => `${x} ${y(value.low)}`);
  return `M${[...above, ...below].join('L')}Z`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Groups of consecutive nights with the same release. The first night of a group has the label. */
export interface ReleaseSpan {
  from: number;
  nights: number;
  release: string;
}

export function releaseSpans(nights: readonly Pick<NightTrend, 'release'>[]): ReleaseSpan[] {
  const spans: ReleaseSpan[] = [];
  for (const [n, { release = '' }] of nights.entries()) {
    const last = spans.at(-1);
    if (last?.release === release) last.nights++;
    else spans.push({ from: n, nights: 1, release });
  }
  return spans;
}

/** The places that can have a label without touching the label before. @param apart smallest distance of two labels */
export function labelled<Label extends { from: number }>(places: readonly Label[], apart: number): Label[] {
  const chosen: Label[] = [];
  for (const place of places) {
    const before = chosen.at(-1);
    if (!before || place.from - before.from >= apart) chosen.push(place);
  }
  return chosen;
}

/** The part of a release that differs from others: without the package if all have the same package. */
export function shortReleases(nights: readonly Pick<NightTrend, 'release'>[]): (release: string) => string {
  const packages = new Set(nights.flatMap(({ release }) => (release?.includes('::') ? [release.split('::')[0]] : [])));
  return (release) => (packages.size === 1 ? release.replace(/^[^:]*::/, '') : release);
}
