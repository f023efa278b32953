// biome-ignore-all lint/a11y/noNoninteractiveTabindex: an element that scrolls must be reachable by keyboard
import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type Extent, lastTop, scrolled, scrollOf, spacerOf, walk } from './scroll.ts';

/** The functions of a viewport for its owner. */
export interface ViewportHandle {
  /** Scrolls a row into the middle, unless it is visible. */
  show: (row: number) => void;
  /** Scrolls a row to the top. */
  goTo: (top: number) => void;
  toEnd: () => void;
  pageBy: (pages: number) => void;
  /** The first visible row, and the hidden share of it. */
  top: () => number;
  focus: () => void;
}

interface Props {
  rows: number;
  rowHeight: number;
  /** Rows may be taller than `rowHeight`. */
  wrap?: boolean;
  /** Width of the widest row, px, if it is wider than the view. */
  width?: string | undefined;
  label: string;
  className?: string;
  role?: 'table' | 'region';
  head?: VNode;
  render: (row: number) => ComponentChildren;
  /** Called with the visible rows, and some rows around them. */
  onRange?: (from: number, to: number) => void;
  /** Called when the user has scrolled. */
  onScroll?: (top: number, atEnd: boolean) => void;
  handle: { current: ViewportHandle | undefined };
  /** Whether it stays at the end when rows are added. */
  follow?: boolean;
}

/** The number of rows beyond each edge that are in the document, so that a short movement shows them at once. */
const OVERSCAN = 12;

/** A list of any length. Only its visible rows are in the document. */
export function Viewport(props: Props) {
  const { rows, rowHeight, wrap = false, follow = false } = props;
  const box = useRef<HTMLDivElement>(null);
  const layer = useRef<HTMLDivElement>(null);
  const spacer = useRef<HTMLDivElement>(null);
  const heights = useRef(new Map<number, number>());
  const scroll = useRef(0);
  const settle = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const [height, setHeight] = useState(0);
  const [{ top, atEnd }, setPosition] = useState({ top: 0, atEnd: follow });
  const head = props.head ? rowHeight : 0;
  const extent: Extent = { rows, rowHeight, viewport: Math.max(0, height - head) };
  const heightOf = (row: number): number => (wrap ? (heights.current.get(row) ?? rowHeight) : rowHeight);
  const shownTop = atEnd ? lastTop(extent) : Math.min(top, lastTop(extent));
  const from = Math.max(0, Math.floor(shownTop) - OVERSCAN);
  const to = Math.min(rows, Math.ceil(shownTop + extent.viewport / rowHeight) + OVERSCAN);

  const setBar = (position: number): void => {
    if (!box.current) return;
    box.current.scrollTop = position;
    scroll.current = box.current.scrollTop;
  };
  const goTo = (wanted: number): void => {
    clearTimeout(settle.current); // it would move the scroll bar back
    const end = wanted >= lastTop(extent);
    const next = Math.max(0, Math.min(wanted, lastTop(extent)));
    setPosition({ top: next, atEnd: end });
    setBar(scrollOf(extent, next));
    props.onScroll?.(next, end);
  };
  /** The current first row. At the end of wrapped rows it is computed from the last row. */
  const currentTop = (): number => (atEnd && wrap ? walk(rows, -extent.viewport, rows, heightOf) : shownTop);

  props.handle.current = {
    goTo,
    show: (row) => {
      const seen = row >= shownTop && row + 1 <= shownTop + extent.viewport / rowHeight;
      const wanted = row - extent.viewport / rowHeight / 2 + 0.5;
      if (!seen || wrap) goTo(wanted);
      const first = !seen || wrap ? Math.max(0, Math.min(wanted, lastTop(extent))) : shownTop;
      bringIntoWindow(box.current, head + (row - first) * rowHeight);
    },
    toEnd: () => goTo(rows),
    pageBy: (pages) => goTo(walk(currentTop(), pages * (extent.viewport - rowHeight), rows, heightOf)),
    top: currentTop,
    focus: () => box.current?.focus(),
  };

  const onScroll = (): void => {
    const element = box.current;
    if (!element || Math.abs(element.scrollTop - scroll.current) < 1) return;
    const movement = { from: scroll.current, to: element.scrollTop };
    scroll.current = element.scrollTop;
    const next = scrolled(extent, currentTop(), movement, heightOf, !wrap);
    const end = movement.to > movement.from && next >= lastTop(extent) - 0.01;
    setPosition({ top: next, atEnd: end });
    props.onScroll?.(next, end);
    // While rows move pixel by pixel, the scroll bar drifts from its row. It is corrected when the movement stops.
    clearTimeout(settle.current);
    settle.current = setTimeout(() => setBar(scrollOf(extent, next)), 200);
  };

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = (): void => {
      heights.current.clear();
      setHeight(element.clientHeight);
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => {
      observer.disconnect();
      clearTimeout(settle.current);
    };
  }, []);

  // Measured heights belong to one layout.
  useLayoutEffect(() => heights.current.clear(), [wrap]);
  useLayoutEffect(() => {
    if (follow) setPosition((before) => ({ ...before, atEnd: true }));
  }, [follow]);

  useLayoutEffect(() => {
    if (!layer.current || !spacer.current || !box.current) return;
    spacer.current.style.height = `${spacerOf(extent)}px`;
    layer.current.style.minWidth = props.width ?? '';
    if (wrap) {
      for (const child of layer.current.children) {
        if (child instanceof HTMLElement) heights.current.set(Number(child.dataset.row), child.offsetHeight);
      }
    }
    let above = 0;
    if (atEnd && wrap) {
      let all = 0;
      for (let row = from; row < to; row++) all += heightOf(row);
      above = Math.max(0, all - extent.viewport);
    } else {
      const first = Math.floor(shownTop);
      for (let row = from; row < first; row++) above += heightOf(row);
      above += (shownTop - first) * heightOf(first);
    }
    layer.current.style.transform = `translateY(${head - above}px)`;
    if (atEnd) setBar(scrollOf(extent, lastTop(extent)));
  });

  // Called when other rows become visible.
  useEffect(() => props.onRange?.(from, to), [from, to]);

  const shown = [];
  for (let row = from; row < to; row++) shown.push(row);
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: the role is always a role that supports a label
    <div
      ref={box}
      class={`viewport ${wrap ? 'wrap' : ''} ${props.className ?? ''}`}
      onScroll={onScroll}
      tabIndex={0}
      role={props.role ?? 'region'}
      aria-label={props.label}
      {...(props.role === 'table' && { 'aria-rowcount': rows + 1 })}
    >
      <div class="spacer" ref={spacer} role="presentation">
        <div class="window" role="presentation">
          {props.head}
          <div class="layer" ref={layer} role="presentation">
            {shown.map((row) => props.render(row))}
          </div>
        </div>
      </div>
    </div>
  );
}

/** On a small screen the list is longer than the window: scrolls the page until a place of the list is in the window. */
function bringIntoWindow(list: HTMLElement | null, below: number): void {
  if (!list) return;
  const place = list.getBoundingClientRect().top + below;
  if (place < 0 || place > innerHeight * 0.9) scrollBy({ top: place - innerHeight / 2 });
}
