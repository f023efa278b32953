// biome-ignore-all lint/a11y/noNoninteractiveTabindex: an element that scrolls must be reachable by keyboard
// biome-ignore-all lint/a11y/useSemanticElements: the region scrolls and has no heading of its own
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { SYMBOL } from '../../graph/states.ts';
import { stateWord } from '../../report/step-states.ts';
import type { CriticalPath, RunDetail, Timeline } from '../../server/api.ts';
import { counted } from '../../units/count.ts';
import { formatDuration, zoneAt } from '../../units/time.ts';
import { Empty, Failed, Loading } from '../parts/notice.tsx';
import { apiPath, runPath, stepPath } from '../routes.ts';
import { now } from '../state/clock.ts';
import { useKeys } from '../state/keys.ts';
import { go, query, setQuery } from '../state/place.ts';
import { useResource } from '../state/server.ts';
import { theme } from '../state/theme.ts';
import { zone } from '../state/zone.ts';
import { isActive } from '../words.ts';
import { clockOf } from './clock-marks.ts';
import { densityOf } from './timeline-density.ts';
import { AXIS, drawDensity, drawTimeline } from './timeline-draw.ts';
import { type Bar, type By, layOutTimeline, within } from './timeline-layout.ts';
import { Critical, Legend } from './timeline-parts.tsx';

/** The height of a row, px: if the whole time is shown, rows shrink to fit; if the user zooms in, they stay readable. */
const HEIGHTS = { step: { most: 16, least: 3 }, worker: { most: 18, least: 6 } } as const;

/** If rows would be lower than this, the density is drawn instead, px. */
const LEGIBLE = 0.5;
/** The shortest movement of the pointer that chooses a time, px. */
const DRAGGED = 5;
const POINT = 'Point at a bar to see its details. Click it to open its log. Drag to choose a time.';
const DENSE =
  'There are too many steps for one row each. The height is the number of running steps. Drag to choose a time.';
const NONE: CriticalPath['steps'] = [];

/** The timeline: when and on which worker each step ran. */
export function TimelineTab({ detail, turn }: { detail: RunDetail; turn: number }) {
  const { data, error, reload } = useResource<Timeline>(apiPath(['runs', detail.id, 'timeline']));
  // While a run goes on, the critical path changes with every step that ends.
  const ended = !isActive(detail.status);
  const { data: path } = useResource<CriticalPath>(ended ? apiPath(['runs', detail.id, 'critical-path']) : undefined);
  const asked = useRef(Number.NEGATIVE_INFINITY);
  // The data are requested again after events, but not too often.
  useEffect(() => {
    const timer = setTimeout(
      () => {
        asked.current = performance.now();
        if (turn > 1) reload();
      },
      Math.max(0, asked.current + 2000 - performance.now()),
    );
    return () => clearTimeout(timer);
  }, [turn]);
  if (error && !data) return <Failed error={error} retry={reload} />;
  if (!data) return <Loading what="the timeline" />;
  if (!data.steps.submitted.some((time) => time >= 0)) return <Empty title="No step is ready to run yet." />;
  return <Drawing detail={detail} timeline={data} critical={path?.steps ?? NONE} />;
}

interface DrawingProps {
  detail: RunDetail;
  timeline: Timeline;
  critical: CriticalPath['steps'];
}

function Drawing({ detail, timeline, critical }: DrawingProps) {
  const by: By = query.value.get('by') === 'worker' ? 'worker' : 'step';
  const active = isActive(detail.status);
  const end = active ? Math.max(timeline.end, now.value) : timeline.end;
  const whole = { from: timeline.start, to: Math.max(end, timeline.start + 1000) };
  const [zoomed, setZoomed] = useState<{ from: number; to: number }>();
  const seen = zoomed ?? whole;
  const all = useMemo(() => layOutTimeline(timeline, by), [timeline, by]);
  const layout = useMemo(
    () => (zoomed ? within(all, zoomed.from, zoomed.to, timeline.end) : all),
    [all, zoomed, timeline.end],
  );
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [scroll, setScroll] = useState(0);
  const [hover, setHover] = useState<Bar>();
  /** The time that the user is choosing, px from the left. */
  const [drag, setDrag] = useState<{ from: number; to: number }>();
  const { most, least } = HEIGHTS[by];
  const room = Math.max(1, size.height - AXIS);
  const marked = useMemo(() => new Set(critical.map(({ id }) => id)), [critical]);
  const isDense = by === 'step' && size.height > 0 && layout.rows.length * LEGIBLE > room;
  const rowHeight = isDense
    ? 0
    : Math.min(most, Math.max(zoomed || by === 'worker' ? least : 0, room / Math.max(1, layout.rows.length)));

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context || !canvas.current || size.width === 0) return;
    const ratio = devicePixelRatio;
    canvas.current.width = size.width * ratio;
    canvas.current.height = size.height * ratio;
    canvas.current.style.width = `${size.width}px`;
    canvas.current.style.height = `${size.height}px`;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const window = { ...seen, ...size, scroll, rowHeight };
    const until = active ? end : timeline.end;
    if (isDense) {
      const columns = Math.floor(size.width);
      drawDensity(context, densityOf(all.bars, timeline.stages, { ...seen, columns, now: until }), window);
    } else drawTimeline(context, layout, window, until, marked);
  }, [layout, seen.from, seen.to, size, scroll, rowHeight, end, active, marked, isDense, theme.value, zone.value]);

  const zoom = (factor: number, at = 0.5): void => {
    const span = (seen.to - seen.from) * factor;
    if (span >= whole.to - whole.from) {
      setZoomed(undefined);
      return;
    }
    const centre = seen.from + (seen.to - seen.from) * at;
    const from = Math.min(Math.max(whole.from, centre - span * at), whole.to - span);
    if (span > 20) setZoomed({ from, to: from + span });
  };
  const pan = (share: number): void => {
    const span = seen.to - seen.from;
    const from = Math.min(Math.max(whole.from, seen.from + share * span), whole.to - span);
    if (zoomed) setZoomed({ from, to: from + span });
  };
  useKeys([
    { key: '+', what: 'look closer', act: () => zoom(0.5) },
    { key: '-', what: 'look from further', act: () => zoom(2) },
    { key: '0', what: 'the whole time', act: () => setZoomed(undefined) },
    { key: 'ArrowLeft', what: 'earlier', act: () => pan(-0.2) },
    { key: 'ArrowRight', what: 'later', act: () => pan(0.2) },
  ]);
  // `onWheel` is passive in some browsers, so the browser would zoom the page too.
  useEffect(() => {
    const element = box.current;
    const onWheel = (event: WheelEvent): void => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(event.deltaY > 0 ? 1.25 : 0.8, event.offsetX / Math.max(1, size.width));
    };
    element?.addEventListener('wheel', onWheel, { passive: false });
    return () => element?.removeEventListener('wheel', onWheel);
  });

  const timeAt = (x: number): number => seen.from + (x / size.width) * (seen.to - seen.from);
  const barAt = (event: MouseEvent): Bar | undefined => {
    if (isDense) return undefined;
    const time = timeAt(event.offsetX);
    const row = layout.rows[Math.floor((event.offsetY - AXIS + scroll) / rowHeight)];
    if (row?.length === 1) return row[0];
    return row?.find((bar) => (bar.started ?? 0) <= time && (bar.ended ?? end) >= time);
  };
  const ran = all.bars.filter(({ started }) => started !== undefined).length;
  return (
    <section aria-label="Timeline">
      <p class="filters">
        {(['step', 'worker'] as const).map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={by === one}
            onClick={() => setQuery({ view: 'timeline', by: one })}
          >
            by {one}
          </button>
        ))}
        <button type="button" onClick={() => zoom(0.5)} aria-label="Closer" title="Closer (+, or Ctrl and wheel)">
          +
        </button>
        <button type="button" onClick={() => zoom(2)} aria-label="Further" title="Further (-)">
          −
        </button>
        <button type="button" onClick={() => setZoomed(undefined)} disabled={!zoomed} title="The whole time (0)">
          all
        </button>
      </p>
      <Legend />
      <Critical run={detail.id} path={critical} />
      <div
        class="timeline"
        ref={box}
        tabIndex={0}
        role="region"
        aria-label="Timeline, can be scrolled"
        onScroll={(event) => setScroll(event.currentTarget.scrollTop)}
      >
        <div ref={(element) => setHeightOf(element, layout.rows.length * rowHeight + AXIS)}>
          <canvas
            ref={canvas}
            role="img"
            aria-label={`${ran} steps on ${counted(timeline.workers.length, 'worker')} in ${formatDuration((whole.to - whole.from) / 1000)}; the table of steps has the same data as text`}
            onMouseDown={(event) => {
              if (event.button === 0) setDrag({ from: event.offsetX, to: event.offsetX });
            }}
            onMouseMove={(event) => {
              if (drag) setDrag({ ...drag, to: event.offsetX });
              setHover(barAt(event));
            }}
            onMouseLeave={() => {
              setDrag(undefined);
              setHover(undefined);
            }}
            onMouseUp={(event) => {
              const [left, right] = [
                Math.min(drag?.from ?? 0, event.offsetX),
                Math.max(drag?.from ?? 0, event.offsetX),
              ];
              const isChosen = drag !== undefined && right - left >= DRAGGED;
              setDrag(undefined);
              if (isChosen) {
                if (timeAt(right) - timeAt(left) > 20) setZoomed({ from: timeAt(left), to: timeAt(right) });
                return;
              }
              const bar = barAt(event);
              if (bar) go(stepPath(detail.id, bar.id));
            }}
          />
          {drag && Math.abs(drag.to - drag.from) >= DRAGGED && (
            <div
              class="chosen"
              style={{ '--left': `${Math.min(drag.from, drag.to)}px`, '--width': `${Math.abs(drag.to - drag.from)}px` }}
            />
          )}
        </div>
      </div>
      <p class="hover soft" role="status">
        {hover ? describe(hover, timeline, end) : isDense ? DENSE : POINT}{' '}
        {!hover && <a href={runPath(detail.id, 'steps')}>Show as a table</a>}
      </p>
    </section>
  );
}

function setHeightOf(element: HTMLElement | null, height: number): void {
  if (element) element.style.height = `${height}px`;
}

function describe({ id, state, submitted, started, ended, worker }: Bar, timeline: Timeline, now: number): string {
  const parts = [`${SYMBOL[state]} ${id} ${stateWord(state)}`];
  const seconds = (from: number, to: number): string => formatDuration((to - from) / 1000);
  if (submitted !== undefined) parts.push(`waited ${seconds(submitted, started ?? ended ?? now)}`);
  if (started !== undefined)
    parts.push(
      `ran ${seconds(started, ended ?? now)} from ${clockOf(started, true, zone.value)} ${zoneAt(started, zone.value)}`,
    );
  const name = timeline.workers[worker];
  if (name !== undefined) parts.push(`on ${name}`);
  return parts.join(', ');
}
