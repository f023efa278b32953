import { QUANTITY } from '../../history/show/words.ts';
import { printable } from '../../report/printable.ts';
import { dayOf } from '../../report/since.ts';
import type { Trend } from '../../server/api.ts';
import { counted } from '../../units/count.ts';
import { Empty, Failed, Loading } from '../parts/notice.tsx';
import { apiPath, pathOf, workflowPath } from '../routes.ts';
import { useKeys } from '../state/keys.ts';
import { go, query, setQuery } from '../state/place.ts';
import { useResource } from '../state/server.ts';
import { useTitle } from '../state/title.ts';
import { News } from './news.tsx';
import { Nights } from './nights.tsx';

/** The history is requested again after this time, because runs end. */
const EVERY_MS = 60_000;
const LENGTHS = ['30', '60', '120', '365'];
const QUANTITIES = Object.keys(QUANTITY) as (keyof typeof QUANTITY)[];

/** The history of a workflow: the changes over the nights, when they began, and with which release. */
export function HistoryView({ name }: { name: string }) {
  const { last = '30', release = '', of } = Object.fromEntries(query.value);
  const asked = { last, release };
  const { data, error, reload } = useResource<Trend>(apiPath(['workflows', name, 'history'], asked), EVERY_MS);
  const quantity = QUANTITIES.find((one) => one === of) ?? 'duration';
  useTitle(`${name}: history`);
  useKeys([
    { key: 'u', what: 'up to all workflows', act: () => go(pathOf(['workflows'])) },
    ...QUANTITIES.map((one, n) => ({
      key: String(n + 1),
      what: `${QUANTITY[one].name} of the stages`,
      act: () => setQuery({ of: one }),
    })),
  ]);
  const csv = apiPath(['workflows', name, 'history'], { ...asked, format: 'csv' });
  return (
    <>
      <p class="crumbs">
        <a href={pathOf(['workflows'])}>Workflows</a> /
      </p>
      <h1>{printable(name)}</h1>
      {data && <Summary trend={data} />}
      <search class="filters">
        <select
          aria-label="Number of nights"
          value={last}
          onChange={(event) => setQuery({ last: event.currentTarget.value })}
        >
          {[...new Set([...LENGTHS, last])].map((one) => (
            <option key={one} value={one}>
              last {one} nights
            </option>
          ))}
        </select>
        <input
          type="search"
          placeholder="Release, such as *v5-09*, then Enter"
          aria-label="Releases that match a pattern"
          value={release}
          onChange={(event) => setQuery({ release: event.currentTarget.value })}
        />
        <a href={csv} download={`${name}.csv`}>
          CSV
        </a>
        <a href={apiPath(['workflows', name, 'history'], asked)}>JSON</a>
      </search>
      {error && !data && <Failed error={error} retry={reload} />}
      {!data && !error && <Loading what="the history" />}
      {data && data.nights.length === 0 && (
        <Empty title="No night matches the filter.">
          <p>
            <a href={workflowPath(name)}>Show all releases</a>
          </p>
        </Empty>
      )}
      {data && data.nights.length > 0 && (
        <>
          <Nights trend={data} quantity={quantity} quantities={QUANTITIES} />
          <News trend={data} />
        </>
      )}
    </>
  );
}

/** The most important changes. Each one links to its list. */
function Summary({ trend: { nights, findings, steps, drifts, total } }: { trend: Trend }) {
  const [first, last] = [nights[0], nights.at(-1)];
  if (!first || !last) return null;
  const number = (course: string): number => findings.filter((one) => one.course === course).length;
  const parts = [
    { id: 'open', count: number('open'), text: 'appeared', bad: true },
    { id: 'drift', count: drifts.length, text: drifts.length === 1 ? 'stage changes' : 'stages change' },
    { id: 'flaky', count: number('flaky') + steps.length, text: 'flaky' },
    { id: 'always', count: number('always'), text: 'in every night' },
    { id: 'fixed', count: number('fixed'), text: 'fixed' },
  ].filter(({ count }) => count > 0);
  return (
    <>
      <p class="facts">
        <span>
          {counted(nights.length, 'night')}, {dayOf(first)} to {dayOf(last)}
          {total > nights.length && `, ${total - nights.length} older`}
        </span>
        {(['passed', 'failed', 'broken', 'interrupted'] as const).map((verdict) => {
          const count = nights.filter((night) => night.verdict === verdict).length;
          return count > 0 && <span key={verdict}>{`${count} ${verdict}`}</span>;
        })}
      </p>
      <p class="news">
        {parts.length === 0 && <span>Nothing changed in these nights.</span>}
        {parts.map(({ id, count, text, bad }) => (
          <a key={id} class={bad ? 'bad strong' : undefined} href={`#${id}`}>
            {count} {text}
          </a>
        ))}
      </p>
    </>
  );
}
