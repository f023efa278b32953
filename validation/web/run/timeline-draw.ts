import { BY_URGENCY } from '../../graph/states.ts';
import { formatDuration } from '../../units/time.ts';
import { type Bar, marksOf, type TimelineLayout } from './timeline-layout.ts';

/** What is seen of a timeline: times in ms since 1970, everything else in pixels. */
export interface Window {
  from: number;
  to: number;
  /** Pixels that are scrolled away at the top. */
  scroll: number;
  rowHeight: number;
  width: number;
  height: number;
}

/** Height of the axis, px. */
export const AXIS = 24;

/** Draws what is seen. @param now where bars end that have not ended @param origin time that the axis counts from */
export function drawTimeline(
  context: CanvasRenderingContext2D,
  { rows, groups }: TimelineLayout,
  window: Window,
  now: number,
  origin: number,
): void {
  const colour = coloursOf();
  const { from, to, scroll, rowHeight, width, height } = window;
  const x = (time: number): number => ((time - from) / (to - from)) * width;
  context.clearRect(0, 0, width, height);
  context.font = '11px system-ui, sans-serif';
  context.textBaseline = 'middle';
  const { times } = marksOf(from, to, origin, Math.max(2, width / 90));
  context.fillStyle = colour('--edge');
  for (const time of times) context.fillRect(Math.round(x(time)), AXIS - 4, 1, height);
  const first = Math.max(0, Math.floor(scroll / rowHeight));
  const last = Math.min(rows.length, Math.ceil((scroll + height - AXIS) / rowHeight));
  const tall = Math.max(1, rowHeight - (rowHeight > 6 ? 3 : rowHeight > 2 ? 1 : 0));
  // What needs attention is drawn last: where many rows share a pixel it is what is seen.
  for (const wanted of BY_URGENCY.toReversed()) {
    for (let row = first; row < last; row++) {
      const y = AXIS + row * rowHeight - scroll;
      for (const bar of rows[row] ?? []) {
        if (bar.state === wanted)
          drawBar(context, bar, { y, tall, x, width, now, waits: rows[row]?.length === 1 }, colour);
      }
    }
  }
  let free = AXIS;
  for (const { name, row } of groups) {
    const y = AXIS + row * rowHeight - scroll;
    // Names that would lie on each other are left out: closer they are all there.
    if (y < free - 6 || y > height) continue;
    label(context, name, 4, y + 7, colour);
    free = y + 15;
  }
  context.fillStyle = colour('--page');
  context.fillRect(0, 0, width, AXIS - 4);
  context.fillStyle = colour('--soft');
  for (const time of times)
    context.fillText(time === origin ? '0' : `+${formatDuration((time - origin) / 1000)}`, x(time) + 3, 9);
}

interface Place {
  y: number;
  tall: number;
  x: (time: number) => number;
  width: number;
  now: number;
  /** Its waiting is drawn too: it has a row of its own. */
  waits: boolean;
}

/** Waiting is a thin line at half the height, running a full bar: told apart without colours. */
function drawBar(context: CanvasRenderingContext2D, bar: Bar, place: Place, colour: (name: string) => string): void {
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
  if (tall < 8 || state === 'succeeded') return;
  // What did not succeed has stripes of the background.
  context.fillStyle = colour('--page');
  const gap = state === 'running' ? 12 : state === 'failed' ? 4 : 7;
  for (let stripe = left + gap; stripe < right - 1; stripe += gap) context.fillRect(stripe, y + 2, 1, tall - 4);
}

/** Text on a patch of the background, so that it is legible over bars. */
function label(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  colour: (name: string) => string,
): void {
  context.fillStyle = colour('--page');
  context.globalAlpha = 0.85;
  context.fillRect(x - 2, y - 7, context.measureText(text).width + 4, 14);
  context.globalAlpha = 1;
  context.fillStyle = colour('--text');
  context.fillText(text, x, y);
}

/** The page's colours as they are now: a canvas knows no style sheet. */
function coloursOf(): (name: string) => string {
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
