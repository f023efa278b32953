import { useEffect, useRef, useState } from 'preact/hooks';
import { printable } from '../../report/printable.ts';
import type { RunStatus } from '../../runs/store/record.ts';
import type { RunSummary } from '../../server/api.ts';
import { counted } from '../../units/count.ts';
import { formatDuration } from '../../units/time.ts';
import { RunBadge } from '../parts/badge.tsx';
import { listKeys } from '../parts/list-keys.ts';
import { Empty, Failed, Loading } from '../parts/notice.tsx';
import { TableHead } from '../parts/table-head.tsx';
import { Ago, Took } from '../parts/time.tsx';
import { pathOf, runPath } from '../routes.ts';
import { useKeys } from '../state/keys.ts';
import { go, query, setQuery } from '../state/place.ts';
import { useTitle } from '../state/title.ts';
import { isActive } from '../words.ts';
import { HistoryStrips } from './history.tsx';
import { useRuns } from './list.ts';
import { StartButton } from './start.tsx';

const STATUSES: RunStatus[] = ['running', 'passed', 'failed', 'broken', 'interrupted', 'preparing', 'judging'];

/** The first view: the last runs of each workflow, then all runs, newest first. */
export function RunsView() {
  const { status = '', workflow = '', search = '' } = Object.fromEntries(query.value);
  const runs = useRuns({ status, workflow, search });
  const field = useRef<HTMLInputElement>(null);
  const table = useRef<HTMLTableElement>(null);
  const [marked, setMarked] = useState<readonly string[]>([]);
  useTitle(`${search === '' ? 'Runs' : `${search}: runs`}`);
  const compare = (): void => {
    // The older run comes first, so that "new" means new in the newer run.
    const [b, a] = runs.list.filter(({ id }) => marked.includes(id)).map(({ id }) => id);
    if (a && b) go(pathOf(['compare', a, b]));
  };
  useKeys([
    { key: '/', what: 'search runs', act: () => field.current?.focus() },
    ...listKeys(() => table.current),
    {
      key: 'x',
      what: 'mark the row for a comparison',
      act: () => toggle((document.activeElement as HTMLElement).dataset.rowLink),
    },
    { key: 'd', what: 'compare the two marked runs', act: compare },
  ]);
  const toggle = (id: string | undefined): void => {
    if (id)
      setMarked((before) => (before.includes(id) ? before.filter((one) => one !== id) : [...before, id].slice(-2)));
  };
  const filtered = status !== '' || workflow !== '' || search !== '';
  return (
    <>
      <h1 class="visually-hidden">Runs</h1>
      <HistoryStrips changed={runs.changed} />
      <search class="filters">
        <input
          ref={field}
          type="search"
          placeholder="Search name, release, id  ( / )"
          aria-label="Search runs"
          value={search}
          onInput={(event) => setQuery({ search: event.currentTarget.value })}
        />
        <select
          aria-label="Status"
          value={status}
          onChange={(event) => setQuery({ status: event.currentTarget.value })}
        >
          <option value="">any status</option>
          {STATUSES.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
        {workflow !== '' && (
          <button type="button" onClick={() => setQuery({ workflow: undefined })} title="Show all workflows">
            workflow {workflow} <span aria-hidden="true">×</span>
          </button>
        )}
        <button
          type="button"
          class="wide"
          disabled={marked.length !== 2}
          onClick={compare}
          title="Mark two runs in the list (x), then compare them (d)"
        >
          Compare two
        </button>
        <StartButton onDone={runs.reload} />
        <span class="soft" role="status">
          {runs.total === undefined ? '' : counted(runs.total, 'run')}
        </span>
      </search>
      {runs.error && <Failed error={runs.error} retry={runs.reload} />}
      {runs.total === undefined && !runs.error && <Loading what="runs" />}
      {runs.total === 0 &&
        (filtered ? (
          <Empty title="No run matches the filter.">
            <p>
              <a href={pathOf([])}>Show all runs</a>
            </p>
          </Empty>
        ) : (
          <Empty title="There are no runs yet.">
            <p>
              Start one: <code>relval run FILE.jdl --local</code>. It appears here automatically.
            </p>
          </Empty>
        ))}
      {runs.list.length > 0 && (
        <table class="runs" ref={table}>
          <TableHead
            columns={[
              { text: 'Compare', wide: true, unseen: true },
              'Verdict',
              'Run',
              { text: 'Release', wide: true },
              { text: 'Workflow', wide: true },
              'Findings',
              { text: 'Age', number: true },
              { text: 'Took', number: true, wide: true },
            ]}
          />
          <tbody>
            {runs.list.map((run) => (
              <Row key={run.id} run={run} marked={marked.includes(run.id)} toggle={toggle} />
            ))}
          </tbody>
        </table>
      )}
      {runs.more && <More load={runs.more} />}
      {runs.unreadable && (
        <details class="soft">
          <summary>{counted(runs.unreadable.length, 'run')} cannot be read</summary>
          <ul>
            {runs.unreadable.map(({ id, reason }) => (
              <li key={id}>{printable(`${id}: ${reason}`)}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function Row({ run, marked, toggle }: { run: RunSummary; marked: boolean; toggle: (id: string) => void }) {
  return (
    <tr>
      <td class="wide">
        <input type="checkbox" checked={marked} onChange={() => toggle(run.id)} aria-label={`Compare ${run.id}`} />
      </td>
      <td>
        <RunBadge status={run.status} />
      </td>
      <th scope="row">
        <a href={runPath(run.id)} data-row-link={run.id}>
          {run.id}
        </a>
        {run.accepted && (
          <span class="soft" title={`by ${run.accepted.by}: ${run.accepted.note}`}>
            {' '}
            accepted
          </span>
        )}
        {run.reason && run.status !== 'passed' && (
          <div class="soft clip" title={run.reason}>
            {run.reason}
          </div>
        )}
      </th>
      <td class="wide">{run.release}</td>
      <td class="wide">
        <a href={pathOf([], { workflow: run.workflow })}>{run.workflow}</a>
      </td>
      <td>
        <News run={run} />
      </td>
      <td class="number">
        <Ago ms={run.created} />
      </td>
      <td class="number wide">
        {isActive(run.status) ? (
          <Took start={run.created} />
        ) : (
          run.ended && formatDuration((run.ended - run.created) / 1000)
        )}
      </td>
    </tr>
  );
}

/** The result of a run: its progress while it goes on, then its new findings. */
function News({ run }: { run: RunSummary }) {
  const { steps, succeeded, failed, broken } = run.totals;
  if (isActive(run.status)) {
    const ended = succeeded + failed + broken;
    return (
      <>
        <progress max={Math.max(1, steps)} value={ended} aria-label="Steps that have ended" /> {ended}/{steps}
        {failed > 0 && <span class="bad">, {failed} failed</span>}
      </>
    );
  }
  if (run.newErrors) return <strong class="bad">{counted(run.newErrors, 'new error')}</strong>;
  if (run.errors)
    return (
      <>
        {counted(run.errors, 'error')}
        {run.newErrors === 0 ? ', none new' : ''}
      </>
    );
  if (run.warnings) return <span class="soft">{counted(run.warnings, 'warning')}</span>;
  return <span class="soft">{run.fixed ? `${run.fixed} fixed` : ''}</span>;
}

/** Loads the next page when it becomes visible, or at a click. */
function More({ load }: { load: () => void }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && load(), {
      rootMargin: '600px',
    });
    if (button.current) observer.observe(button.current);
    return () => observer.disconnect();
  }, [load]);
  return (
    <p>
      <button type="button" ref={button} onClick={load}>
        Show older runs
      </button>
    </p>
  );
}
