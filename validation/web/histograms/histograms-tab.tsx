// biome-ignore-all lint/a11y/useSemanticElements: a table of elements cannot leave out rows that are not seen
// biome-ignore-all lint/a11y/useFocusableInteractive: the links in the rows can be focused
import { useMemo, useRef } from 'preact/hooks';
import type { Details } from '../../histograms/check/details.ts';
import { describeKnown, describeReferences, totalCounts } from '../../histograms/show/summary.ts';
import type { Report } from '../../report/model.ts';
import { printable } from '../../report/printable.ts';
import type { RunDetail } from '../../server/api.ts';
import { counted } from '../../units/count.ts';
import { Empty, Failed, Loading } from '../parts/notice.tsx';
import { Viewport, type ViewportHandle } from '../parts/viewport.tsx';
import { apiPath, pathOf } from '../routes.ts';
import { useKeys } from '../state/keys.ts';
import { query, setQuery } from '../state/place.ts';
import { useResource } from '../state/server.ts';
import { Directories } from './directories.tsx';
import { filterItems, histogramsOf, type Item, itemsOf, kindOf } from './items.ts';
import { ObjectView } from './object-view.tsx';

const ROW = 28;
const VIEW = 'histograms';

/** The histograms of a run by directory and state, and the chosen one. */
export function HistogramsTab({ detail }: { detail: RunDetail }) {
  const path = detail.hasReport ? apiPath(['runs', detail.id, 'report'], { format: 'json' }) : undefined;
  const { data: report, error, reload } = useResource<Report>(path);
  const details = useMemo(() => report && histogramsOf(report), [report]);
  if (error && !report) return <Failed error={error} retry={reload} />;
  if (!report) return <Loading what="histograms" />;
  if (!details) return <Empty title="This release of relval cannot show these results: another one made them." />;
  return <Histograms run={detail.id} details={details} />;
}

function Histograms({ run, details }: { run: string; details: Details }) {
  const { search = '', state = '', directory = '', object = '' } = Object.fromEntries(query.value);
  const all = useMemo(() => itemsOf(details), [details]);
  const shown = useMemo(() => filterItems(all, { search, state, directory }), [all, search, state, directory]);
  const view = useRef<ViewportHandle | undefined>(undefined);
  const field = useRef<HTMLInputElement>(null);
  const set = (change: Record<string, string | undefined>): void => setQuery({ view: VIEW, ...change });
  const chosen = all.find(({ key }) => key === object) ?? shown[0];
  const step = (by: number): void => {
    const next = shown[Math.max(0, Math.min(shown.length - 1, (chosen ? shown.indexOf(chosen) : -1) + by))];
    if (!next) return;
    set({ object: next.key });
    view.current?.show(shown.indexOf(next));
  };
  useKeys([
    { key: '/', what: 'search histograms', act: () => field.current?.focus() },
    { key: 'j', what: 'next histogram', act: () => step(1) },
    { key: 'k', what: 'histogram before', act: () => step(-1) },
  ]);
  const skipped = details.files.filter((one) => one.state === 'not compared' || one.state === 'not readable');
  return (
    <section aria-label="Histograms">
      <p class="soft">{printable(`${describeReferences(details)}${describeKnown(details)}`)}</p>
      <ul class="components" aria-label="States">
        {totalCounts(details).map(([name, n]) => (
          <li key={name}>
            <button
              type="button"
              class={`s-${kindOf(name)}`}
              aria-pressed={name === state}
              onClick={() => set({ state: name === state ? undefined : name })}
            >
              <strong class="state">{n}</strong>
              {name}
            </button>
          </li>
        ))}
      </ul>
      {skipped.map((one) => (
        <p key={`${one.step} ${one.file}`}>
          {printable(`${one.step} ${one.file}`)}: <span class="warning">{one.state}</span>: {printable(one.reason)}
        </p>
      ))}
      {all.length > 0 && (
        <div class="histograms">
          <div style={{ '--rows': shown.length }}>
            <Directories details={details} current={directory} choose={(path) => set({ directory: path })} />
            <search class="filters">
              <input
                ref={field}
                type="search"
                placeholder="Search histogram  ( / )"
                aria-label="Search histograms"
                value={search}
                onInput={(event) => set({ search: event.currentTarget.value })}
              />
              <span class="soft" role="status">
                {shown.length < all.length ? `${shown.length} of ` : ''}
                {counted(all.length, 'histogram')}
              </span>
            </search>
            {shown.length === 0 && <Empty title="No histogram matches the filter." />}
            {shown.length > 0 && (
              <Viewport
                rows={shown.length}
                rowHeight={ROW}
                role="table"
                label={`Histograms, ${shown.length}`}
                className="objects"
                handle={view}
                render={(row) => {
                  const item = shown[row];
                  return item && <Row key={item.key} row={row} run={run} item={item} isChosen={item === chosen} />;
                }}
              />
            )}
          </div>
          {chosen && <ObjectView run={run} item={chosen} />}
        </div>
      )}
    </section>
  );
}

function Row({ row, run, item, isChosen }: { row: number; run: string; item: Item; isChosen: boolean }) {
  const { key, name, state, remark } = item;
  const { search, state: filter, directory } = Object.fromEntries(query.value);
  const href = pathOf(['runs', run], { view: VIEW, search, state: filter, directory, object: key });
  return (
    <div class={`object-row${isChosen ? ' here' : ''}`} role="row" data-row={row} aria-rowindex={row + 1}>
      <span
        role="cell"
        class={`s-${remark.startsWith('known') || remark.startsWith('fixed') ? 'waiting' : kindOf(state)}`}
      >
        <span class="state">{remark === '' ? state : `${state} (${remark})`}</span>
      </span>
      <span role="cell">
        <a href={href} aria-current={isChosen ? 'true' : undefined} title={printable(name)}>
          {printable(name)}
        </a>
      </span>
    </div>
  );
}
