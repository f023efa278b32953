import { useEffect, useMemo, useState } from 'preact/hooks';
import { type FindingView, findingHtml } from '../../report/finding-html.ts';
import { describeFindings, type FindingGroup, groupFindings, placeOf } from '../../report/groups.ts';
import type { Finding, Report } from '../../report/model.ts';
import { sinceIn } from '../../report/since.ts';
import type { RunDetail, ServerInfo } from '../../server/api.ts';
import { counted } from '../../units/count.ts';
import { Empty, Failed, Loading } from '../parts/notice.tsx';
import { apiPath, pathOf, runPath } from '../routes.ts';
import { query, setQuery } from '../state/place.ts';
import { useResource } from '../state/server.ts';
import { isActive } from '../words.ts';
import { Except } from './except.tsx';
import { addressOf } from './finding-address.ts';
import { nightLinks } from './night-links.ts';

/** Groups shown at first: what is more is asked for. Of each group so many places are shown, and so many more unfold. */
const GROUPS = 50;
const PLACES = 8;
const MORE = 1000;

/** What was found: new, known and fixed apart, within them by who must look. */
export function Findings({ detail }: { detail: RunDetail }) {
  const path = detail.hasReport ? apiPath(['runs', detail.id, 'report'], { format: 'json' }) : undefined;
  const { data: report, error, reload } = useResource<Report>(path);
  const { data: server } = useResource<ServerInfo>(apiPath(['server']));
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
  return <Sections report={report} server={server} />;
}

function Sections({ report, server }: { report: Report; server: ServerInfo | undefined }) {
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
          <Section title="New" report={report} server={server} findings={of('new')} />
          <Section
            title="Known from before"
            report={report}
            server={server}
            findings={[...of('known'), ...of(undefined)]}
          />
        </>
      ) : (
        <Section title="Found" report={report} server={server} findings={all} />
      )}
      <Section title="Fixed" report={report} findings={fixed} gone={reference?.run} />
      <Section title="Excused and notes" report={report} findings={excused} folded />
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
  report: Report;
  /** Without it the findings cannot be excused. */
  server?: ServerInfo | undefined;
  findings: Finding[];
  folded?: boolean;
  gone?: string | undefined;
}) {
  const { title, report, server, findings, folded = false, gone } = props;
  const { run } = report;
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
          {(name !== '' || byComponent.size > 1) && (
            <h3>
              {name === '' ? 'No component' : name} <span class="soft">{contactsOf(report, name).join(', ')}</span>
            </h3>
          )}
          {list.map((group) => (
            <Group
              since={gone === undefined ? sinceIn(report, group.first) : undefined}
              key={`${group.first.severity} ${group.first.fingerprint ?? placeOf(group.first)} ${group.first.step}`}
              run={run}
              group={group}
              gone={gone}
              server={server}
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

function contactsOf({ components = [] }: Report, name: string): string[] {
  return components.find((one) => one.name === name)?.contacts ?? [];
}

interface GroupProps {
  run: string;
  group: FindingGroup;
  gone?: string | undefined;
  server?: ServerInfo | undefined;
  since: FindingView['since'];
}

function Group({ run, group, gone, server, since }: GroupProps) {
  const html = useMemo(
    () =>
      findingHtml(group, {
        link: (place) => addressOf(gone ?? run, place),
        places: PLACES,
        more: MORE,
        level: 4,
        gone,
        since,
        nightLinks,
      }),
    [run, group, gone, since?.of],
  );
  // The same HTML as in the report file; all text in it is escaped there.
  return (
    <div class="card">
      <div dangerouslySetInnerHTML={{ __html: html }} />
      {server && group.first.fingerprint && <Except run={run} finding={group.first} server={server} />}
    </div>
  );
}
