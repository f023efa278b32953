// biome-ignore-all lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type Extent, lastTop, scrolled, scrollOf, spacerOf, walk } from './scroll.ts';

/** What the owner of a viewport can ask of it. */
export interface ViewportHandle {
  /** Brings a row into the middle, unless it is seen already. */
  show: (row: number) => void;
  /** Puts a row to the top. */
  goTo: (top: number) => void;
  toEnd: () => void;
  pageBy: (pages: number) => void;
  /** The first row that is seen, and how much of it is above. */
  top: () => number;
  focus: () => void;
}

interface Props {
  rows: number;
  rowHeight: number;
  /** Rows may be taller than `rowHeight`. */
  wrap?: boolean;
  /** Pixels of the widest row, where it is wider than what is seen. */
  width?: string | undefined;
  label: string;
  className?: string;
  role?: 'table' | 'region';
  head?: VNode;
  render: (row: number) => ComponentChildren;
  /** Rows that are shown, and some around them. */
  onRange?: (from: number, to: number) => void;
  /** Where the user has scrolled. */
  onScroll?: (top: number, atEnd: boolean) => void;
  handle: { current: ViewportHandle | undefined };
  /** Stay at the end when rows are added. */
  follow?: boolean;
}

/** Rows made beyond each edge, so that a short movement finds them there. */
const OVERSCAN = 12;

/** A list of any length, of which only the rows that are seen are in the document. */
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
    clearTimeout(settle.current); // it would put the bar back to where it was
    const end = wanted >= lastTop(extent);
    const next = Math.max(0, Math.min(wanted, lastTop(extent)));
    setPosition({ top: next, atEnd: end });
    setBar(scrollOf(extent, next));
    props.onScroll?.(next, end);
  };
  /** The first row now; at the end of wrapped rows it is found from below. */
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
    // The bar drifts from what it stands for while it is taken pixel by pixel: it is put right when the hand rests.
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

  // Heights are of one way to lay out
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

  // Told when other rows are shown
  useEffect(() => props.onRange?.(from, to), [from, to]);

  const shown = [];
  for (let row = from; row < to; row++) shown.push(row);
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: the role is always one that has a label
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
