import { BY_URGENCY } from '../../graph/states.ts';
import { formatCount } from '../../units/count.ts';
import { zoneAt } from '../../units/time.ts';
import { zone } from '../state/zone.ts';
import { clockMarks, clockOf } from './clock-marks.ts';
import type { Density } from './timeline-density.ts';
import type { Bar, TimelineLayout } from './timeline-layout.ts';

/** The visible part of a timeline: times in ms since 1970, everything else in px. */
export interface Window {
  from: number;
  to: number;
  /** The part above the view, px. */
  scroll: number;
  rowHeight: number;
  width: number;
  height: number;
}

/** Height of the axis, px. */
export const AXIS = 24;
/** Space for the name of a stage above its density, px. */
const BAND_HEAD = 22;
const FONT = '11px system-ui, sans-serif';

type Colour = (name: string) => string;

/**
 * Draws the visible steps, with their names if there is space.
 * @param now the end of bars whose step still runs
 * @param critical steps of the critical path, which get a border
 */
export function drawTimeline(
  context: CanvasRenderingContext2D,
  { rows, groups }: TimelineLayout,
  window: Window,
  now: number,
  critical: ReadonlySet<string>,
): void {
  const colour = coloursOf();
  const { from, to, scroll, rowHeight, width, height } = window;
  const x = (time: number): number => ((time - from) / (to - from)) * width;
  context.clearRect(0, 0, width, height);
  context.font = FONT;
  context.textBaseline = 'middle';
  drawMarks(context, window, colour);
  const first = Math.max(0, Math.floor(scroll / rowHeight));
  const last = Math.min(rows.length, Math.ceil((scroll + height - AXIS) / rowHeight));
  const tall = Math.max(1, rowHeight - (rowHeight > 6 ? 3 : rowHeight > 2 ? 1 : 0));
  // Steps that need attention are drawn last, so that they are on top if many rows share a pixel.
  for (const wanted of BY_URGENCY.toReversed()) {
    for (let row = first; row < last; row++) {
      const y = AXIS + row * rowHeight - scroll;
      for (const bar of rows[row] ?? []) {
        if (bar.state === wanted)
          drawBar(
            context,
            bar,
            { y, tall, x, width, now, waits: rows[row]?.length === 1 },
            colour,
            critical.has(bar.id),
          );
      }
    }
  }
  let free = AXIS;
  for (const { name, row } of groups) {
    const y = AXIS + row * rowHeight - scroll;
    // Names that would overlap are left out. They appear when the user zooms in.
    if (y < free - 6 || y > height) continue;
    label(context, name, 4, y + 7, colour);
    free = y + 15;
  }
  drawAxis(context, window, colour);
}

/** Draws the number of running steps of each stage over time, if there are too many steps for one row each. */
export function drawDensity(context: CanvasRenderingContext2D, densities: readonly Density[], window: Window): void {
  const colour = coloursOf();
  const { width, height } = window;
  context.clearRect(0, 0, width, height);
  context.font = FONT;
  context.textBaseline = 'middle';
  drawMarks(context, window, colour);
  const band = (height - AXIS) / Math.max(1, densities.length);
  for (const [n, { stage, states, most }] of densities.entries()) {
    const floor = AXIS + (n + 1) * band - 2;
    const scale = most > 0 ? (band - BAND_HEAD) / most : 0;
    const columns = states[0]?.running.length ?? 0;
    for (let column = 0; column < columns; column++) {
      let y = floor;
      // States that need attention are at the bottom, with at least a visible height.
      for (const { state, running } of states) {
        const value = running[column] as number;
        if (value === 0) continue;
        const tall = Math.max(state === 'succeeded' ? 0 : 2, value * scale);
        context.fillStyle = colour(`--${state}-line`);
        context.fillRect((column * width) / columns, y - tall, Math.ceil(width / columns), tall);
        y -= tall;
      }
    }
    context.fillStyle = colour('--edge');
    context.fillRect(0, floor + 1, width, 1);
    label(context, `${stage}: at most ${formatCount(Math.round(most))} at a time`, 4, floor - band + 11, colour);
  }
  drawAxis(context, window, colour);
}

function drawMarks(context: CanvasRenderingContext2D, { from, to, width, height }: Window, colour: Colour): void {
  context.fillStyle = colour('--edge');
  for (const time of clockMarks(from, to, width, zone.value))
    context.fillRect(Math.round(((time - from) / (to - from)) * width), AXIS - 4, 1, height);
}

/** Draws the clock times, with their zone. */
function drawAxis(context: CanvasRenderingContext2D, { from, to, width }: Window, colour: Colour): void {
  context.fillStyle = colour('--page');
  context.fillRect(0, 0, width, AXIS - 4);
  context.fillStyle = colour('--soft');
  const times = clockMarks(from, to, width, zone.value);
  const fine = times.some((time) => time % 60_000 !== 0);
  const free = width - context.measureText(zoneAt(from, zone.value)).width - 6;
  for (const time of times) {
    const text = clockOf(time, fine, zone.value);
    const x = ((time - from) / (to - from)) * width + 3;
    if (x + context.measureText(text).width < free) context.fillText(text, x, 9);
  }
  context.fillText(zoneAt(from, zone.value), free + 2, 9);
}

interface Place {
  y: number;
  tall: number;
  x: (time: number) => number;
  width: number;
  now: number;
  /** Whether its waiting is drawn too: only if it has its own row. */
  waits: boolean;
}

/** Waiting is a thin line at half the height, running is a full bar, so that they differ without colours. */
function drawBar(context: CanvasRenderingContext2D, bar: Bar, place: Place, colour: Colour, critical: boolean): void {
  const { submitted, started, ended, state } = bar;
  const { y, tall, x, width, now, waits } = place;
  const end = ended ?? now;
  if (submitted !== undefined && waits) {
    const left = Math.max(0, x(submitted));
    const wait = Math.min(width, x(started ?? end)) - left;
    context.fillStyle = colour('--submitted-line');
    if (wait > 0) context.fillRect(left, y + tall / 2 - 0.5, wait, Math.max(1, tall / 6));
  }
  if (started === undefined) return;
  const left = Math.max(-1, x(started));
  const right = Math.min(width + 1, x(end));
  if (right < 0 || left > width) return;
  context.fillStyle = colour(`--${state}-line`);
  context.fillRect(left, y, Math.max(1.5, right - left), tall);
  if (tall >= 8 && state !== 'succeeded') {
    // Steps that did not succeed have stripes in the colour of the background.
    context.fillStyle = colour('--page');
    const gap = state === 'running' ? 12 : state === 'failed' ? 4 : 7;
    for (let stripe = left + gap; stripe < right - 1; stripe += gap) context.fillRect(stripe, y + 2, 1, tall - 4);
  }
  if (critical) {
    context.strokeStyle = colour('--text');
    context.lineWidth = 2;
    context.strokeRect(left + 1, y, Math.max(2, right - left - 2), tall);
  }
  if (tall < 11) return;
  // The name is after the bar, or before it at the end of the drawing. In a row with several bars it is inside the bar.
  const wide = context.measureText(bar.id).width;
  const room = waits || wide + 6 < right - left;
  if (!room) return;
  const inside = wide + 6 < right - left;
  const at = inside ? Math.max(0, left) + 4 : right + wide + 6 < width ? right + 4 : left - wide - 6;
  if (inside) label(context, bar.id, at, y + tall / 2, colour);
  else {
    context.fillStyle = colour('--text');
    context.fillText(bar.id, at, y + tall / 2);
  }
}

/** Draws text with a background, so that it can be read over bars. */
function label(context: CanvasRenderingContext2D, text: string, x: number, y: number, colour: Colour): void {
  context.fillStyle = colour('--page');
  context.globalAlpha = 0.85;
  context.fillRect(x - 2, y - 7, context.measureText(text).width + 4, 14);
  context.globalAlpha = 1;
  context.fillStyle = colour('--text');
  context.fillText(text, x, y);
}

/** The current colours of the page. A canvas does not use the style sheet. */
function coloursOf(): Colour {
  const style = getComputedStyle(document.documentElement);
  const known = new Map<string, string>();
  return (name) => {
    let value = known.get(name);
    if (value === undefined) {
      value = style.getPropertyValue(name);
      known.set(name, value);
    }
    return value;
  };
}
