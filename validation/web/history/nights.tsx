import type { ComponentChildren, TargetedFocusEvent, TargetedPointerEvent } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { SYMBOL } from '../../graph/states.ts';
import type { Spread } from '../../history/line.ts';
import { dayOf, QUANTITY } from '../../history/show/words.ts';
import type { NightTrend } from '../../history/trend.ts';
import { printable } from '../../report/printable.ts';
import type { Trend } from '../../server/api.ts';
import { counted } from '../../units/count.ts';
import { formatDuration } from '../../units/time.ts';
import { RunBadge } from '../parts/badge.tsx';
import { runPath } from '../routes.ts';
import { setQuery } from '../state/place.ts';
import { LOOK } from '../words.ts';
import { HEIGHT, labelled, releaseSpans, shortReleases, stagePaths } from './plot-paths.ts';

type Quantity = keyof typeof QUANTITY;

/** Components that have a row of their own; the lists below name the others. */
const COMPONENTS = 8;

/** All nights along one axis, a row for each thing that is followed. The night under the pointer is told in words. */
export function Nights({
  trend,
  quantity,
  quantities,
}: {
  trend: Trend;
  quantity: Quantity;
  quantities: readonly Quantity[];
}) {
  const { nights } = trend;
  const [at, setAt] = useState(nights.length - 1);
  const scroll = useRef<HTMLElement>(null);
  // The newest nights are looked for first.
  useLayoutEffect(() => {
    if (scroll.current) scroll.current.scrollLeft = scroll.current.scrollWidth;
  }, [nights.length]);
  const shown = nights[at] ?? nights.at(-1);
  const point = (event: TargetedPointerEvent<HTMLElement>): void => {
    const plot = (event.target as Element).closest('.plot')?.getBoundingClientRect();
    if (plot)
      setAt(
        Math.max(
          0,
          Math.min(nights.length - 1, Math.floor(((event.clientX - plot.left) / plot.width) * nights.length)),
        ),
      );
  };
  const focus = (event: TargetedFocusEvent<HTMLElement>): void => {
    const night = (event.target as HTMLElement).closest('[data-night]')?.getAttribute('data-night');
    if (night) setAt(Number(night));
  };
  const style = { '--nights': nights.length, '--at': Math.min(at, nights.length - 1) };
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reachable by keyboard */}
      <section ref={scroll} class="nights-scroll" tabIndex={0} aria-label="Nights, oldest at the left">
        <div class="nights" style={style} onPointerMove={point} onFocusCapture={focus}>
          <Dates nights={nights} />
          <Row name="Verdict" value={<RunBadge status={nights.at(-1)?.verdict ?? 'interrupted'} />}>
            <Verdicts nights={nights} />
          </Row>
          <Row name="Steps" value={stepsText(nights.at(-1))}>
            <Steps nights={nights} />
          </Row>
          <Stages trend={trend} quantity={quantity} quantities={quantities} />
          <Findings nights={nights} />
        </div>
      </section>
      {shown && <Told night={shown} quantity={quantity} />}
    </>
  );
}

function Row({
  name,
  value,
  children,
}: {
  name: ComponentChildren;
  value?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <div class="night-row">
      <div class="night-name">{name}</div>
      <div class="plot">{children}</div>
      <div class="night-value">{value}</div>
    </div>
  );
}

/** Days above, releases below: a release has a line where it begins. */
function Dates({ nights }: { nights: readonly NightTrend[] }) {
  const short = shortReleases(nights);
  const days = nights.map((night, from) => ({ from, text: dayOf(night).slice(5) }));
  const releases = releaseSpans(nights).map(({ from, release }) => ({ from, text: short(release) }));
  return (
    <>
      <Row name={<span class="soft">Night (UTC)</span>}>
        <Labels places={days} count={nights.length} />
      </Row>
      <Row name="Release" value={<span class="soft">newest</span>}>
        <Labels places={releases} count={nights.length} ticks />
      </Row>
    </>
  );
}

function Labels({
  places,
  count,
  ticks,
}: {
  places: readonly { from: number; text: string }[];
  count: number;
  ticks?: true;
}) {
  const width = Math.max(...places.map(({ text }) => text.length), 1);
  // Of a wide plot some 110 characters fit in a row, of a narrow one some 45; of one that scrolls more than one for each night.
  const wide = new Set(labelled(places, (count * (width + 2)) / Math.max(110, count)));
  const narrow = new Set(labelled(places, (count * (width + 2)) / Math.max(45, count)));
  return (
    <div class={ticks ? 'labels ticks' : 'labels'}>
      {places.map((place) => (
        <span
          key={place.from}
          class={narrow.has(place) ? '' : wide.has(place) ? 'only-wide' : 'tick'}
          style={{ '--from': place.from }}
        >
          {wide.has(place) ? printable(place.text) : ''}
        </span>
      ))}
    </div>
  );
}

function Verdicts({ nights }: { nights: readonly NightTrend[] }) {
  return (
    <ol class="verdicts" aria-label="Verdicts">
      {nights.map((night, n) => {
        const look = LOOK[night.verdict];
        const words = `${dayOf(night)}: ${night.verdict}${night.accepted ? ', accepted' : ''}`;
        const inside = (
          <>
            <span aria-hidden="true">{SYMBOL[look]}</span>
            <span class="visually-hidden">{words}</span>
          </>
        );
        return (
          <li key={night.run} data-night={n}>
            {night.removed ? (
              <span class={`cell removed s-${look}`} title={`${words}; the run was removed`}>
                {inside}
              </span>
            ) : (
              <a class={`cell s-${look}`} href={runPath(night.run)} title={words}>
                {inside}
              </a>
            )}
          </li>
        );
      })}
    </ol>
  );
}

/** Of each night a column: the share of steps that succeeded below, what failed, is broken, or did not run above. */
function Steps({ nights }: { nights: readonly NightTrend[] }) {
  return (
    <Drawing count={nights.length}>
      {nights.flatMap(({ run, totals }, n) => {
        const parts = [
          ['succeeded', totals.succeeded],
          ['failed', totals.failed],
          ['broken', totals.broken],
          ['aborted', totals.notRun],
        ] as const;
        let bottom = HEIGHT;
        return parts.map(([state, count]) => {
          const height = totals.steps === 0 ? 0 : (count / totals.steps) * HEIGHT;
          bottom -= height;
          return height === 0 ? null : (
            <rect
              key={`${run} ${state}`}
              class={`part s-${state}`}
              x={n + 0.08}
              y={bottom}
              width="0.84"
              height={height}
            />
          );
        });
      })}
    </Drawing>
  );
}

function stepsText(night: NightTrend | undefined): string {
  return night ? `${night.totals.succeeded}/${night.totals.steps}` : '';
}

function Stages({
  trend: { nights, drifts },
  quantity,
  quantities,
}: {
  trend: Trend;
  quantity: Quantity;
  quantities: readonly Quantity[];
}) {
  const names = [...new Set(nights.flatMap(({ stages }) => stages.map(({ name }) => name)))];
  const places = new Map(nights.map(({ run }, n) => [run, n + 0.5]));
  const { format } = QUANTITY[quantity];
  if (names.length === 0) return null;
  return (
    <>
      <div class="night-row night-head">
        <h2>Stages</h2>
        <div class="buttons">
          {quantities.map((one) => (
            <button key={one} type="button" aria-pressed={one === quantity} onClick={() => setQuery({ of: one })}>
              {QUANTITY[one].name}
            </button>
          ))}
          <span class="soft only-wide">line: median of the steps; band: the middle half of them</span>
        </div>
      </div>
      {names.map((name) => {
        const values = nights.map(({ stages }) => stages.find((stage) => stage.name === name)?.[quantity]);
        const paths = stagePaths(values);
        if (!paths) return null;
        const drift = drifts.find((one) => one.stage === name && one.quantity === quantity);
        const latest = values.findLast((value) => value !== undefined)?.median ?? 0;
        const [from, to] = [places.get(drift?.from.run ?? '') ?? 0.5, places.get(drift?.to.run ?? '') ?? 0.5];
        return (
          <Row
            key={name}
            name={printable(name)}
            value={
              <>
                <span>
                  {format(latest)} <span class="soft range">{rangeText(values, format)}</span>
                </span>
                {drift && (
                  <a class="warning" href="#drift">
                    {drift.kind === 'jump' ? 'jump' : 'drift'}{' '}
                    <span aria-hidden="true">{drift.after > drift.before ? '▲' : '▼'}</span>
                  </a>
                )}
              </>
            }
          >
            <Drawing count={nights.length}>
              <path class="band" d={paths.band} />
              {drift?.kind === 'drift' && (
                <line class="drift" x1={from} x2={to} y1={paths.y(drift.before)} y2={paths.y(drift.after)} />
              )}
              <path class="median" d={paths.line} />
            </Drawing>
          </Row>
        );
      })}
    </>
  );
}

/** From the least to the most of the medians: what the drawing reaches over. */
function rangeText(values: readonly (Spread | undefined)[], format: (value: number) => string): string {
  const medians = values.flatMap((value) => (value ? [value.median] : []));
  return `${format(Math.min(...medians))} to ${format(Math.max(...medians))}`;
}

interface Found {
  errors: number;
  warnings: number;
}

/** Errors and warnings by component, and histograms: a column a night. */
function Findings({ nights }: { nights: readonly NightTrend[] }) {
  const sums = new Map<string, number>();
  for (const { components } of nights)
    for (const [name, { errors, warnings }] of Object.entries(components))
      sums.set(name, (sums.get(name) ?? 0) + errors * nights.length + warnings);
  const names = [...sums].sort(([, a], [, b]) => b - a).slice(0, COMPONENTS);
  const hasHistograms = nights.some(({ histograms }) => histograms > 0);
  if (names.length === 0 && !hasHistograms) return null;
  const none = { errors: 0, warnings: 0 };
  return (
    <>
      <div class="night-row night-head">
        <h2>Findings by component</h2>
      </div>
      {names.map(([name]) => (
        <Columns
          key={name}
          name={name === '' ? 'no component' : printable(name)}
          counts={nights.map(({ components, judged }) => (judged ? (components[name] ?? none) : undefined))}
        />
      ))}
      {hasHistograms && (
        <Columns
          name="Histograms changed"
          counts={nights.map(({ histograms, judged }) => (judged ? { errors: histograms, warnings: 0 } : undefined))}
        />
      )}
    </>
  );
}

/** Errors below, warnings above them. */
function Columns({ name, counts }: { name: string; counts: readonly (Found | undefined)[] }) {
  const most = Math.max(1, ...counts.map((found) => (found ? found.errors + found.warnings : 0)));
  const latest = counts.at(-1);
  const height = (count: number): number => (count / most) * HEIGHT;
  return (
    <Row name={name} value={latest ? String(latest.errors + latest.warnings) : <span class="soft">unknown</span>}>
      <Drawing count={counts.length} low>
        <line class="base" x1="0" x2={counts.length} y1={HEIGHT - 1} y2={HEIGHT - 1} />
        {counts.map((found, n) => {
          if (!found || found.errors + found.warnings === 0) return null;
          const [errors, warnings] = [height(found.errors), height(found.warnings)];
          return (
            <g key={n}>
              <rect class="found" x={n + 0.15} width="0.7" y={HEIGHT - errors} height={errors} />
              <rect class="found warn" x={n + 0.15} width="0.7" y={HEIGHT - errors - warnings} height={warnings} />
            </g>
          );
        })}
      </Drawing>
    </Row>
  );
}

function Drawing({ count, low, children }: { count: number; low?: true; children: ComponentChildren }) {
  return (
    <svg
      class={low ? 'drawn low' : 'drawn'}
      viewBox={`0 0 ${count} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

/** One night in words: what the drawings have of it. */
function Told({ night, quantity }: { night: NightTrend; quantity: Quantity }) {
  const { run, verdict, release, totals, errors, warnings, histograms, accepted, removed, created, ended, stages } =
    night;
  const { name, format } = QUANTITY[quantity];
  const found = [
    errors > 0 ? counted(errors, 'error') : '',
    warnings > 0 ? counted(warnings, 'warning') : '',
    histograms > 0 ? `${counted(histograms, 'histogram')} changed` : '',
  ].filter((text) => text !== '');
  const values = stages.flatMap((stage) => {
    const value = stage[quantity];
    return value ? [`${stage.name} ${format(value.median)}`] : [];
  });
  return (
    <div class="told">
      <p>
        <strong>{dayOf(night)}</strong> <RunBadge status={verdict} />{' '}
        {removed ? <span class="soft">{run}, removed</span> : <a href={runPath(run)}>{run}</a>}{' '}
        {release && <span>{printable(release)}</span>}
      </p>
      <p class="facts">
        <span>
          {totals.succeeded} of {counted(totals.steps, 'step')} succeeded
        </span>
        {ended !== undefined && <span>took {formatDuration((ended - created) / 1000)}</span>}
        <span>{found.length > 0 ? found.join(', ') : 'nothing found'}</span>
        {accepted && <span>accepted</span>}
        {values.length > 0 && (
          <span>
            {name}: {printable(values.slice(0, 6).join(', '))}
          </span>
        )}
      </p>
    </div>
  );
}
