import { useEffect, useMemo, useState } from 'preact/hooks';
import { type FindingPlace, findingHtml } from '../../report/finding-html.ts';
import { describeFindings, type FindingGroup, groupFindings, placeOf } from '../../report/groups.ts';
import type { Finding, Report } from '../../report/model.ts';
import type { RunDetail } from '../../server/api.ts';
import { counted } from '../../units/count.ts';
import { streamOf } from '../log/streams.ts';
import { Empty, Failed, Loading } from '../parts/notice.tsx';
import { apiPath, pathOf, runPath, stepPath } from '../routes.ts';
import { query, setQuery } from '../state/place.ts';
import { useResource } from '../state/server.ts';
import { isActive } from '../words.ts';

/** Groups shown at first, and places of each: what is more is asked for. */
const GROUPS = 50;
const PLACES = 8;

/** What was found: new, known and fixed apart, within them by who must look. */
export function Findings({ detail }: { detail: RunDetail }) {
  const path = detail.hasReport ? apiPath(['runs', detail.id, 'report'], { format: 'json' }) : undefined;
  const { data: report, error, reload } = useResource<Report>(path);
  useEffect(reload, [detail.ended]);
  if (!path) {
    return isActive(detail.status) ? (
      <Empty title="Findings are made when all steps have ended.">
        <p>
          Until then: <a href={runPath(detail.id, 'steps')}>the steps</a>, those that failed among them.
        </p>
      </Empty>
    ) : (
      <Empty title="This run has no report.">
        <p>{detail.reason ?? 'It ended before it was judged.'}</p>
      </Empty>
    );
  }
  if (error && !report) return <Failed error={error} retry={reload} />;
  if (!report) return <Loading what="findings" />;
  return <Sections report={report} />;
}

function Sections({ report }: { report: Report }) {
  const component = query.value.get('component') ?? '';
  const fits = (finding: Finding): boolean => component === '' || finding.component === component;
  const { reference } = report;
  const all = report.findings.filter((finding) => finding.severity !== 'info' && fits(finding));
  const excused = report.findings.filter((finding) => finding.severity === 'info' && fits(finding));
  const fixed = (report.fixed ?? []).filter(fits);
  const of = (age: Finding['age']): Finding[] => all.filter((finding) => finding.age === age);
  if (report.findings.length === 0 && fixed.length === 0) return <Empty title={nothingIn(report)} />;
  return (
    <>
      {reference && (
        <p class="soft">
          Compared with <a href={runPath(reference.run)}>{reference.run}</a> (
          <a href={pathOf(['compare', reference.run, report.run])}>both side by side</a>).
        </p>
      )}
      <Components report={report} current={component} />
      {reference ? (
        <>
          <Section title="New" findings={of('new')} run={report.run} />
          <Section title="Known from before" findings={[...of('known'), ...of(undefined)]} run={report.run} />
        </>
      ) : (
        <Section title="Found" findings={all} run={report.run} />
      )}
      <Section title="Fixed" findings={fixed} run={report.run} gone={reference?.run} />
      <Section title="Excused and notes" findings={excused} run={report.run} folded />
    </>
  );
}

/** Of what did not run nothing is known. */
function nothingIn({ totals }: Report): string {
  const looked = totals.succeeded + totals.failed;
  if (looked === 0) return 'No step came to its end: there was nothing to look at.';
  return looked < totals.steps
    ? `Nothing was found in the ${counted(looked, 'step')} that ended.`
    : 'Nothing was found.';
}

function Components({ report, current }: { report: Report; current: string }) {
  if (!report.components || report.components.length === 0) return null;
  return (
    <ul class="components" aria-label="Components">
      {report.components.map(({ name, contacts, errors, newErrors, warnings }) => (
        <li key={name}>
          <button
            type="button"
            aria-pressed={name === current}
            onClick={() => setQuery({ component: name === current ? undefined : name })}
          >
            {name}
            {newErrors > 0 && <strong class="bad"> {newErrors} new</strong>}
            <span class="soft">
              {' '}
              {counted(errors, 'error')}
              {warnings > 0 && `, ${counted(warnings, 'warning')}`}
            </span>
          </button>
          <span class="soft"> {contacts.join(', ')}</span>
        </li>
      ))}
    </ul>
  );
}

function Section(props: {
  title: string;
  findings: Finding[];
  run: string;
  folded?: boolean;
  gone?: string | undefined;
}) {
  const { title, findings, run, folded = false, gone } = props;
  const [most, setMost] = useState(GROUPS);
  const groups = useMemo(() => groupFindings(findings), [findings]);
  if (groups.length === 0) return null;
  const byComponent = new Map<string, FindingGroup[]>();
  for (const group of groups.slice(0, most)) {
    const name = group.first.component ?? '';
    byComponent.set(name, [...(byComponent.get(name) ?? []), group]);
  }
  return (
    <details class="findings" open={!folded}>
      <summary>
        <h2>
          {title} <span class="soft">{describeFindings(findings)}</span>
        </h2>
      </summary>
      {[...byComponent].map(([name, list]) => (
        <div key={name}>
          {(name !== '' || byComponent.size > 1) && <h3>{name === '' ? 'No component' : name}</h3>}
          {list.map((group) => (
            <Group
              key={`${group.first.severity} ${group.first.fingerprint ?? placeOf(group.first)} ${group.first.step}`}
              run={run}
              group={group}
              gone={gone}
            />
          ))}
        </div>
      ))}
      {groups.length > most && (
        <button type="button" onClick={() => setMost(most + 200)}>
          Show more of {groups.length}
        </button>
      )}
    </details>
  );
}

function Group({ run, group, gone }: { run: string; group: FindingGroup; gone?: string | undefined }) {
  const [places, setPlaces] = useState(PLACES);
  const html = useMemo(
    () => findingHtml(group, { link: (place) => addressOf(gone ?? run, place), places, gone }),
    [run, group, places, gone],
  );
  const rest = group.all.length - places;
  return (
    <>
      {/* The same HTML as in the report file; all text in it is escaped there. */}
      <div dangerouslySetInnerHTML={{ __html: html }} />
      {rest > 0 && (
        <button type="button" class="quiet" onClick={() => setPlaces(places + 200)}>
          Show {rest} more places
        </button>
      )}
    </>
  );
}

function addressOf(run: string, { step, attempt, file, line }: FindingPlace): string {
  return stepPath(run, step, file ? { stream: streamOf(file), attempt, ...(line && { line }) } : { attempt });
}
