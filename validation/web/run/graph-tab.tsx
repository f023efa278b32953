// biome-ignore-all lint/a11y/noNoninteractiveTabindex: an element that scrolls must be reachable by keyboard
// biome-ignore-all lint/a11y/useSemanticElements: the drawing comes from outside
import { useEffect, useRef, useState } from 'preact/hooks';
import type { RunDetail } from '../../server/api.ts';
import { Failed, Loading } from '../parts/notice.tsx';
import { apiPath, pathOf, stepPath } from '../routes.ts';
import { query, setQuery } from '../state/place.ts';
import { getText, ServerError } from '../state/server.ts';
import { isActive } from '../words.ts';
import { importSvg } from './svg.ts';

const COLLAPSE = [
  { id: 'auto', text: 'large stages together' },
  { id: 'stages', text: 'stages' },
  { id: 'none', text: 'every step' },
] as const;
/** A click unfolds a stage with at most this number of steps. A click on a larger stage opens the table of its steps. */
const UNFOLDS = 200;
/** The largest factor by which a small drawing is enlarged to use the width. */
const LARGER = 1.3;
/** A page of this width has room for a drawing from left to right. */
const WIDE = '(min-width: 60rem)';
/** The shortest time between two drawings of a run that goes on, ms, because a drawing costs the server time. */
const AGAIN = 3000;

/** The graph of the steps and their dependencies. Steps link to their logs. */
export function GraphTab({ detail, turn }: { detail: RunDetail; turn: number }) {
  const collapse = query.value.get('collapse') ?? 'auto';
  const open = query.value.get('open') ?? '';
  const place = useRef<HTMLDivElement>(null);
  const [error, setError] = useState<ServerError>();
  const [ready, setReady] = useState(false);
  const [zoom, setZoom] = useState<'fit' | 'full'>('fit');
  const drawn = useRef(Number.NEGATIVE_INFINITY);
  // The graph is drawn again after events.
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(
      async () => {
        try {
          const text = await getText(
            apiPath(['runs', detail.id, 'graph.svg'], { collapse, open, wide: matchMedia(WIDE).matches, bare: true }),
            abort.signal,
          );
          const svg = importSvg(text, ({ step, stage = '' }) =>
            step === undefined ? stageAddress(detail, stage, collapse, open) : stepPath(detail.id, step),
          );
          if (!svg) throw new ServerError(500, 'The server did not answer with a drawing.');
          // It contains links, so screen readers must not treat it as a single picture.
          svg.setAttribute('role', 'group');
          svg.style.setProperty('--largest', `${LARGER * Number.parseFloat(svg.getAttribute('width') ?? '0')}px`);
          const focused = focusedStage(place.current);
          place.current?.replaceChildren(svg);
          focusStage(svg, focused);
          drawn.current = performance.now();
          setError(undefined);
          setReady(true);
        } catch (problem) {
          if (!abort.signal.aborted)
            setError(problem instanceof ServerError ? problem : new ServerError(0, String(problem)));
        }
      },
      isActive(detail.status) ? Math.max(0, drawn.current + AGAIN - performance.now()) : 0,
    );
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [detail.id, collapse, open, detail.status, turn]);
  return (
    <section aria-label="Graph">
      <p class="filters">
        {COLLAPSE.map(({ id, text }) => (
          <button
            key={id}
            type="button"
            aria-pressed={collapse === id}
            onClick={() => setQuery({ view: 'graph', collapse: id, open: undefined })}
          >
            {text}
          </button>
        ))}
        {open !== '' && (
          <button type="button" onClick={() => setQuery({ open: undefined }, 'push')}>
            fold {open.replaceAll(',', ', ')}
          </button>
        )}
        <button type="button" aria-pressed={zoom === 'full'} onClick={() => setZoom(zoom === 'fit' ? 'full' : 'fit')}>
          full size
        </button>
      </p>
      {error && <Failed error={error} />}
      {!ready && !error && <Loading what="the graph" />}
      <div
        class={`graph ${zoom}`}
        ref={place}
        tabIndex={0}
        role="region"
        aria-label="Drawing of the steps"
        hidden={!ready}
      />
    </section>
  );
}

/** A click on a stage unfolds its steps, or opens their table. */
function stageAddress({ id, stages }: RunDetail, stage: string, collapse: string, open: string): string {
  const counts = stages.find(({ name }) => name === stage)?.counts;
  const steps = counts ? Object.values(counts).reduce((sum, count) => sum + count, 0) : 0;
  if (steps > UNFOLDS) return pathOf(['runs', id], { view: 'steps', stage });
  const all = [...open.split(','), stage].filter((name) => name !== '').join(',');
  return pathOf(['runs', id], { view: 'graph', collapse: collapse === 'auto' ? undefined : collapse, open: all });
}

/** The stage, and the step if it is one, of the link that has the focus. */
function focusedStage(place: HTMLElement | null): DOMStringMap | undefined {
  const link = document.activeElement?.closest('a');
  return link && place?.contains(link) ? link.querySelector<SVGElement>('[data-stage]')?.dataset : undefined;
}

/** A new drawing replaces the link that had the focus. The same step gets it, or the first one of the stage that unfolded. */
function focusStage(svg: SVGElement, focused: DOMStringMap | undefined): void {
  if (!focused) return;
  const all = [...svg.querySelectorAll<SVGElement>('[data-stage]')];
  const own = all.filter(({ dataset }) => dataset.stage === focused.stage);
  const node = own.find(({ dataset }) => dataset.step === focused.step) ?? own[0];
  node?.closest('a')?.focus();
}
