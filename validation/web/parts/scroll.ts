/**
 * Scrolling over more rows than a browser can show in one element: the largest height is 33.5 million px in Chromium and 17.9
 * million px in Firefox. Beyond `TALLEST` the position of the scroll bar is a share of the rows. Small movements (wheel, finger,
 * arrow keys) still move pixel by pixel.
 */
export const TALLEST = 8_000_000;

export interface Extent {
  rows: number;
  /** Height of a row, px; the smallest one if rows differ. */
  rowHeight: number;
  /** Height of the visible part, px. */
  viewport: number;
}

/** Height of the scrolled element, px. */
export function spacerOf({ rows, rowHeight }: Extent): number {
  return Math.min(rows * rowHeight, TALLEST);
}

/** The largest first row, as a fraction of rows: the rows from there on fill the view. */
export function lastTop({ rows, rowHeight, viewport }: Extent): number {
  return Math.max(0, rows - viewport / rowHeight);
}

/** The first row for a position of the scroll bar. */
export function topOf(extent: Extent, scroll: number): number {
  const room = spacerOf(extent) - extent.viewport;
  return room <= 0 ? 0 : Math.min(1, Math.max(0, scroll / room)) * lastTop(extent);
}

/** The position of the scroll bar for a first row. */
export function scrollOf(extent: Extent, top: number): number {
  const last = lastTop(extent);
  return last === 0 ? 0 : (Math.min(top, last) / last) * Math.max(0, spacerOf(extent) - extent.viewport);
}

/** Moves a position by pixels over rows of different heights. It stops at the first row, and returns `rows` after the last one. */
export function walk(top: number, pixels: number, rows: number, heightOf: (row: number) => number): number {
  let row = Math.floor(top);
  let offset = (top - row) * heightOf(row) + pixels;
  while (offset < 0 && row > 0) offset += heightOf(--row);
  if (offset < 0) return 0;
  while (row < rows && offset >= heightOf(row)) offset -= heightOf(row++);
  return row >= rows ? rows : row + offset / heightOf(row);
}

/** The new first row after the user moved the scroll bar. @param exact whether all rows have the same height */
export function scrolled(
  extent: Extent,
  top: number,
  scroll: { from: number; to: number },
  heightOf: (row: number) => number,
  exact: boolean,
): number {
  const bottom = spacerOf(extent) - extent.viewport;
  const byBar = topOf(extent, scroll.to);
  const near = Math.abs(scroll.to - scroll.from) <= extent.viewport;
  const atEdge = scroll.to <= 0 || scroll.to >= bottom - 1;
  const whole = extent.rows * extent.rowHeight <= TALLEST;
  if (!near || atEdge || (exact && whole)) return byBar;
  return Math.min(lastTop(extent), walk(top, scroll.to - scroll.from, extent.rows, heightOf));
}
