import { countDistinct, describeFindings, groupFindings, placeOf } from '../../report/groups.ts';
import type { Finding } from '../../report/model.ts';
import { printable } from '../../report/printable.ts';
import type { Diff, RunSummary } from '../../server/api.ts';
import { counted } from '../../units/count.ts';
import { formatDuration } from '../../units/time.ts';
import { streamOf } from '../log/streams.ts';
import { RunBadge, StepBadge } from '../parts/badge.tsx';
import { Empty, Failed, Loading } from '../parts/notice.tsx';
import { TableHead } from '../parts/table-head.tsx';
import { Ago } from '../parts/time.tsx';
import { apiPath, pathOf, runPath, stepPath } from '../routes.ts';
import { useKeys } from '../state/keys.ts';
import { go } from '../state/place.ts';
import { useResource } from '../state/server.ts';
import { useTitle } from '../state/title.ts';
import { isActive } from '../words.ts';
import { changedSteps } from './changed-steps.ts';

const MOST = 200;

/** The comparison of two runs: findings that only the second has, and findings that only the first has. */
export function CompareView({ a, b }: { a: string; b: string }) {
  const { data, error, reload } = useResource<Diff>(apiPath(['diff'], { a, b }));
  useTitle(`${a} and ${b}`);
  useKeys([{ key: 's', what: 'swap the two', act: () => go(pathOf(['compare', b, a]), 'replace') }]);
  return (
    <>
      <h1>Comparison of two runs</h1>
      {error && !data && <Failed error={error} retry={reload} />}
      {!data && !error && <Loading what="both runs" />}
      {data && <Both diff={data} />}
    </>
  );
}

function Both({ diff }: { diff: Diff }) {
  const steps = changedSteps(diff.steps);
  return (
    <>
      <div class="both">
        <Side run={diff.a} part="before" />
        <Side run={diff.b} part="after" />
        <a class="swap" href={pathOf(['compare', diff.b.id, diff.a.id])} title="Swap the two (s)">
          Swap
        </a>
      </div>
      <p class="news">
        <strong class={diff.new.length > 0 ? 'bad' : ''}>{counted(countDistinct(diff.new), 'new finding')}</strong>
        <span>{countDistinct(diff.known)} known</span>
        <span>{countDistinct(diff.fixed)} fixed</span>
        <span>{counted(steps.length, 'step')} changed</span>
      </p>
      <Part title="New" findings={diff.new} run={diff.b.id} />
      <Part title="Fixed" findings={diff.fixed} run={diff.a.id} />
      <Part title="In both" findings={diff.known} run={diff.b.id} />
      <h2>
        Steps that changed <span class="soft">{steps.length}</span>
      </h2>
      {steps.length === 0 ? (
        <Empty title="All steps have the same state and about the same duration." />
      ) : (
        <table>
          <TableHead
            columns={[
              'Step',
              'before',
              'after',
              { text: 'took before', number: true, wide: true },
              { text: 'took after', number: true },
            ]}
          />
          <tbody>
            {steps.slice(0, MOST).map(({ id, stateA, stateB, secondsA, secondsB }) => (
              <tr key={id}>
                <th scope="row">
                  <a href={stepPath(stateB ? diff.b.id : diff.a.id, id)}>{id}</a>
                </th>
                <td>
                  {stateA ? (
                    <StepBadge state={stateA} runEnded={!isActive(diff.a.status)} />
                  ) : (
                    <span class="soft">no such step</span>
                  )}
                </td>
                <td>
                  {stateB ? (
                    <StepBadge state={stateB} runEnded={!isActive(diff.b.status)} />
                  ) : (
                    <span class="soft">no such step</span>
                  )}
                </td>
                <td class="number wide">{secondsA === undefined ? '' : formatDuration(secondsA)}</td>
                <td class="number">{secondsB === undefined ? '' : formatDuration(secondsB)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {steps.length > MOST && <p class="soft">And {steps.length - MOST} more.</p>}
    </>
  );
}

function Side({ run, part }: { run: RunSummary; part: string }) {
  return (
    <div>
      <span class="soft side">{part}</span> <RunBadge status={run.status} /> <a href={runPath(run.id)}>{run.id}</a>{' '}
      <span class="soft">
        <Ago ms={run.created} />
        {run.release && `, ${run.release}`}
      </span>
    </div>
  );
}

function Part({ title, findings, run }: { title: string; findings: Finding[]; run: string }) {
  const groups = groupFindings(findings);
  if (groups.length === 0) return null;
  return (
    <details class="findings" open={title !== 'In both'}>
      <summary>
        <h2>
          {title} <span class="soft">{describeFindings(findings)}</span>
        </h2>
      </summary>
      {groups.slice(0, MOST).map(({ first, steps }, n) => (
        <article key={n} class="finding">
          <h3>
            <span class={first.severity}>{first.severity}</span> {first.rule}{' '}
            <span class="soft">{steps.length > 1 ? `${steps.length} steps` : ''}</span>
          </h3>
          <pre>{printable(first.message)}</pre>
          <p>
            <a
              href={stepPath(run, first.step, {
                attempt: first.attempt,
                ...(first.file && { stream: streamOf(first.file) }),
                ...(first.line && { line: first.line }),
              })}
            >
              {first.step} {placeOf(first)}
            </a>
          </p>
        </article>
      ))}
    </details>
  );
}
