/**
 * Scrolling over more rows than a browser can lay out below each other: elements end at 33.5 million px in Chromium and
 * at 17.9 million in Firefox. Beyond `TALLEST` the scroll bar stands for a share of the rows, and small movements (wheel,
 * finger, arrow keys) are still taken pixel by pixel.
 */
export const TALLEST = 8_000_000;

export interface Extent {
  rows: number;
  /** Pixels of a row; the least where rows differ. */
  rowHeight: number;
  /** Pixels that are seen. */
  viewport: number;
}

/** Pixels of the element that is scrolled. */
export function spacerOf({ rows, rowHeight }: Extent): number {
  return Math.min(rows * rowHeight, TALLEST);
}

/** The largest first row, in rows and parts of one: what is below fills the view. */
export function lastTop({ rows, rowHeight, viewport }: Extent): number {
  return Math.max(0, rows - viewport / rowHeight);
}

/** The first row that a position of the scroll bar stands for. */
export function topOf(extent: Extent, scroll: number): number {
  const room = spacerOf(extent) - extent.viewport;
  return room <= 0 ? 0 : Math.min(1, Math.max(0, scroll / room)) * lastTop(extent);
}

/** The position of the scroll bar for a first row. */
export function scrollOf(extent: Extent, top: number): number {
  const last = lastTop(extent);
  return last === 0 ? 0 : (Math.min(top, last) / last) * Math.max(0, spacerOf(extent) - extent.viewport);
}

/** Moves a position by pixels over rows of different heights. Not above the first row; `rows` where it would pass the last. */
export function walk(top: number, pixels: number, rows: number, heightOf: (row: number) => number): number {
  let row = Math.floor(top);
  let offset = (top - row) * heightOf(row) + pixels;
  while (offset < 0 && row > 0) offset += heightOf(--row);
  if (offset < 0) return 0;
  while (row < rows && offset >= heightOf(row)) offset -= heightOf(row++);
  return row >= rows ? rows : row + offset / heightOf(row);
}

/** Where the user's movement of the scroll bar leads. @param exact all rows are of one height */
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
