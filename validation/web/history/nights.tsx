import type { TargetedFocusEvent, TargetedPointerEvent } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { SYMBOL } from '../../graph/states.ts';
import type { QUANTITY } from '../../history/show/words.ts';
import type { NightTrend } from '../../history/trend.ts';
import { printable } from '../../report/printable.ts';
import { dayOf } from '../../report/since.ts';
import type { Trend } from '../../server/api.ts';
import { RunBadge } from '../parts/badge.tsx';
import { runPath } from '../routes.ts';
import { LOOK } from '../words.ts';
import { Findings } from './finding-rows.tsx';
import { HEIGHT, labelled, releaseSpans, shortReleases } from './plot-paths.ts';
import { Drawing, Row } from './row.tsx';
import { Stages } from './stage-rows.tsx';
import { Told } from './told.tsx';

type Quantity = keyof typeof QUANTITY;

/** All nights along one axis, with one row for each quantity. The night under the pointer is described in words. */
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
  // The view starts at the newest nights, at the right.
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

/** Days above, releases below. A line marks the first night of a release. */
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
  // About 110 characters fit in a row of a wide plot, and 45 in a narrow one. A plot that scrolls fits more than one for each night.
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

/** One column for each night: the share of succeeded steps below; failed, broken and not run steps above. */
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
