import { useMemo } from 'preact/hooks';
import type { Cluster } from '../../server/api.ts';
import { counted } from '../../units/count.ts';
import { formatDuration, formatTime } from '../../units/time.ts';
import { Empty, Failed, Loading } from '../parts/notice.tsx';
import { TableHead } from '../parts/table-head.tsx';
import { Ago } from '../parts/time.tsx';
import { apiPath } from '../routes.ts';
import { useResource } from '../state/server.ts';
import { useTitle } from '../state/title.ts';
import { zone } from '../state/zone.ts';
import { Legend, PoolCharts } from './charts.tsx';
import { Demand, SOURCES } from './demand.tsx';
import { type PoolHour, type RecentHour, readRecent } from './recent.ts';
import { type FrameworkState, readState } from './state.ts';

const EVERY_MS = 2000;
const NOTHING: PoolHour = { name: '', waiting: [], busy: [], idle: [], starting: [] };
/** The largest number of rows in a table of workers: an operator does not read thousands. */
const MOST = 500;

/** The view of the cluster: the state of each framework, and why tasks wait. */
export function ClusterView() {
  const { data, error, reload } = useResource<Cluster>(apiPath(['cluster']), EVERY_MS);
  useTitle('Cluster');
  return (
    <>
      <h1>Cluster</h1>
      {error && !data && <Failed error={error} retry={reload} />}
      {!data && !error && <Loading what="the cluster" />}
      {data?.frameworks.length === 0 && (
        <Empty title="The server knows no framework.">
          <p>
            A run with <code>--local</code> shows its own framework while it runs. For a cluster, give{' '}
            <code>relval serve</code> the addresses of the frameworks (see <code>relval serve --help</code>).
          </p>
        </Empty>
      )}
      {data?.frameworks.map(({ url, reachable, error: problem, state, recent }) => (
        <section key={url} aria-label={`Framework ${url}`} class="framework">
          {reachable ? (
            <Framework url={url} raw={state} rawRecent={recent} />
          ) : (
            <div class="notice s-broken">
              <p class="strong">
                <span aria-hidden="true">!</span> The framework at {url} does not answer.
              </p>
              <p>{problem}</p>
            </div>
          )}
        </section>
      ))}
    </>
  );
}

function Framework({ url, raw, rawRecent }: { url: string; raw: unknown; rawRecent: unknown }) {
  const state = useMemo(() => readState(raw), [raw]);
  const recent = useMemo(() => readRecent(rawRecent), [rawRecent]);
  const look = state.subscribed ? 'succeeded' : 'broken';
  return (
    <>
      <h2>
        <span class={`badge s-${look}`}>
          <span aria-hidden="true">{state.subscribed ? '✓' : '!'}</span>{' '}
          {state.subscribed ? 'subscribed' : 'not subscribed'}
        </span>{' '}
        {url}
      </h2>
      <p class="facts">
        <span>master: {state.master}</span>
        {state.frameworkId !== '' && <span>framework {state.frameworkId}</span>}
        {state.startedAt > 0 && (
          <span>
            started <Ago ms={state.startedAt} />
          </span>
        )}
        <span>{counted(state.workers.length, 'worker')}</span>
        <span>{counted(state.offersHeld.length, 'offer')} held</span>
      </p>
      <Demand projects={state.projects} />
      <Pools state={state} recent={recent} />
      <Workers state={state} />
      <Happenings recent={recent} />
      <Counters state={state} />
    </>
  );
}

function Pools({ state, recent }: { state: FrameworkState; recent: RecentHour }) {
  const hourOf = (name: string) => recent.pools.find((one) => one.name === name);
  const unserved = hourOf('');
  return (
    <>
      <h3>Pools</h3>
      {recent.times.length > 0 && <Legend />}
      <table class="pools">
        <TableHead
          columns={[
            'Pool',
            { text: 'Projects', wide: true },
            'A worker',
            { text: 'Workers', number: true },
            { text: 'Minimum and maximum', number: true, wide: true },
            { text: 'Image', wide: true },
            { text: 'The last hour', wide: true },
          ]}
        />
        <tbody>
          {state.pools.map((pool) => (
            <tr key={pool.name}>
              <th scope="row">
                {pool.name}
                {state.poolBackoffs.includes(pool.name) && <span class="bad"> pausing</span>}
              </th>
              <td class="wide">
                {pool.projects === 'all' ? 'all' : <code>{pool.projects}</code>}
                {pool.source !== '' && <div class="soft">{SOURCES[pool.source] ?? pool.source}</div>}
              </td>
              <td>{pool.shape}</td>
              <td class="number">{state.workers.filter(({ pool: one }) => one === pool.name).length}</td>
              <td class="number wide">
                {pool.min} to {pool.max === undefined ? 'any number' : pool.max}
              </td>
              <td class="wide">{pool.image || <span class="soft">none</span>}</td>
              <td class="wide">
                <PoolCharts times={recent.times} pool={hourOf(pool.name) ?? NOTHING} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {unserved?.waiting.some((count) => count > 0) && (
        <>
          <h3>Projects that no pool serves</h3>
          <PoolCharts times={recent.times} pool={unserved} />
        </>
      )}
    </>
  );
}

function Workers({ state }: { state: FrameworkState }) {
  const { workers, offersHeld, now, agentBackoffs } = state;
  return (
    <>
      <h3>Workers</h3>
      {workers.length === 0 ? (
        <p class="soft">None now.</p>
      ) : (
        <table>
          <TableHead
            columns={[
              'Worker',
              'Phase',
              'Host',
              { text: 'Project', wide: true },
              { text: 'Tasks', number: true },
              { text: 'Size', number: true, wide: true },
              { text: 'Launched', number: true, wide: true },
            ]}
          />
          <tbody>
            {workers.slice(0, MOST).map((worker) => (
              <tr key={worker.id}>
                <th scope="row">{worker.id}</th>
                <td>{worker.phase}</td>
                <td>{worker.hostname}</td>
                <td class="wide">{worker.project}</td>
                <td class="number">{worker.tasksRunning}</td>
                <td class="number wide">{worker.size}</td>
                <td class="number wide">{worker.launchedAt > 0 && <Ago ms={worker.launchedAt} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {workers.length > MOST && <p class="soft">And {workers.length - MOST} more.</p>}
      <h3>Offers held</h3>
      {offersHeld.length === 0 ? (
        <p class="soft">None. The framework declined the offers that it did not need.</p>
      ) : (
        <ul>
          {offersHeld.slice(0, MOST).map(({ id, hostname, heldMs }) => (
            <li key={id}>
              {hostname} <span class="soft">for {formatDuration(heldMs / 1000)}</span>
            </li>
          ))}
        </ul>
      )}
      {agentBackoffs.length > 0 && <p>Agents that get no workers for some time: {agentBackoffs.join(', ')}</p>}
      {now > 0 && <p class="visually-hidden">As of {formatTime(now, zone.value)}</p>}
    </>
  );
}

/** The newest launches and ends of workers. */
function Happenings({ recent: { happenings } }: { recent: RecentHour }) {
  if (happenings.length === 0) return null;
  return (
    <details>
      <summary>Launches and ends: the last {happenings.length}</summary>
      <table>
        <TableHead
          columns={['When', 'What', 'Worker', { text: 'Host', wide: true }, { text: 'Project', wide: true }, 'Reason']}
        />
        <tbody>
          {[...happenings].reverse().map(({ time, what, worker, hostname, project, why }) => (
            <tr key={`${worker} ${what}`}>
              <td>
                <Ago ms={time} />
              </td>
              <td>{what}</td>
              <th scope="row">{worker}</th>
              <td class="wide">{hostname}</td>
              <td class="wide">{project}</td>
              <td>{why}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function Counters({ state }: { state: FrameworkState }) {
  const entries = Object.entries(state.counters);
  if (entries.length === 0) return null;
  return (
    <details>
      <summary>Counters since its start</summary>
      <dl class="counters">
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
