import { useRef } from 'preact/hooks';
import type { NamedHistory } from '../../history/nights.ts';
import { printable } from '../../report/printable.ts';
import { nameNight } from '../../report/since.ts';
import type { Workflows } from '../../server/api.ts';
import { counted } from '../../units/count.ts';
import { RunBadge } from '../parts/badge.tsx';
import { listKeys } from '../parts/list-keys.ts';
import { Empty, Failed, Loading } from '../parts/notice.tsx';
import { Strip } from '../parts/strip.tsx';
import { TableHead } from '../parts/table-head.tsx';
import { Ago } from '../parts/time.tsx';
import { apiPath, pathOf, workflowPath } from '../routes.ts';
import { useKeys } from '../state/keys.ts';
import { go } from '../state/place.ts';
import { useResource } from '../state/server.ts';
import { useTitle } from '../state/title.ts';

/** The list is requested again after this time, because runs end. */
const EVERY_MS = 60_000;
const NIGHTS = 30;

/** All workflows, a line each: the last nights, how many passed, the newest night and its release. */
export function WorkflowsView() {
  const { data, error, reload } = useResource<Workflows>(apiPath(['workflows'], { last: NIGHTS }), EVERY_MS);
  const table = useRef<HTMLTableElement>(null);
  useTitle('Workflows');
  useKeys([{ key: 'u', what: 'up to all runs', act: () => go(pathOf([])) }, ...listKeys(() => table.current)]);
  const workflows = data?.workflows ?? [];
  return (
    <>
      <h1>Workflows</h1>
      {error && !data && <Failed error={error} retry={reload} />}
      {!data && !error && <Loading what="the workflows" />}
      {data && workflows.length === 0 && (
        <Empty title="No run has ended yet.">
          <p>A workflow appears here when its first run has ended.</p>
        </Empty>
      )}
      {workflows.length > 0 && (
        <table class="workflows" ref={table}>
          <TableHead columns={['Workflow', `Last ${NIGHTS} nights`, 'Passed', 'Newest night', 'Release']} />
          <tbody>
            {workflows.map((one) => (
              <Row key={`${one.workflow} ${one.name}`} history={one} />
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

function Row({ history }: { history: NamedHistory }) {
  const { name, workflow, runs, nights, passRate, last, release, verdict } = history;
  return (
    <tr>
      <th scope="row">
        <a href={workflowPath(name)} data-row-link={name}>
          {printable(name)}
        </a>{' '}
        <span class="soft">
          {workflow !== name && `${printable(workflow)}, `}
          {counted(runs, 'night')}
        </span>
      </th>
      <td class="nights-cell">
        <Strip
          runs={nights.map((night) => ({
            run: night.run,
            status: night.verdict,
            words: `${nameNight(night)}: ${night.verdict}${night.removed ? ', run removed' : ''}`,
            removed: night.removed,
          }))}
        />
      </td>
      <td class="number">
        {passRate === undefined ? <span class="soft">none judged</span> : `${Math.round(100 * passRate)} %`}
        <span class="narrow soft"> passed</span>
      </td>
      <td class="verdict-cell">
        <RunBadge status={verdict} />{' '}
        <span class="soft">
          <Ago ms={last} />
        </span>
      </td>
      <td class="release-cell">{printable(release ?? '')}</td>
    </tr>
  );
}
