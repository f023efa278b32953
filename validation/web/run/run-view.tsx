import { useEffect, useMemo } from 'preact/hooks';
import type { RunDetail } from '../../server/api.ts';
import { formatCount } from '../../units/count.ts';
import { HistogramsTab } from '../histograms/histograms-tab.tsx';
import { Failed, Loading } from '../parts/notice.tsx';
import { Tabs } from '../parts/tabs.tsx';
import { pathOf, runPath, workflowPath } from '../routes.ts';
import { useKeys } from '../state/keys.ts';
import { go, query } from '../state/place.ts';
import { useTitle } from '../state/title.ts';
import { isActive } from '../words.ts';
import { Answer } from './answer.tsx';
import { Findings } from './findings.tsx';
import { GraphTab } from './graph-tab.tsx';
import { LiveRun } from './live.ts';
import { Resources } from './resources.tsx';
import { Stages } from './stages.tsx';
import { StepTable } from './step-table.tsx';
import { TimelineTab } from './timeline-tab.tsx';

const VIEWS = ['findings', 'steps', 'timeline', 'graph', 'resources', 'histograms'] as const;
type View = (typeof VIEWS)[number];

/** A run: the verdict first, then the tabs with the details. */
export function RunView({ id }: { id: string }) {
  const asked = query.value.get('view');
  const run = useMemo(() => {
    const live = new LiveRun(id);
    // Steps are requested at once, not after the answer about the run, because they are the larger part.
    if (asked === 'steps' || asked === 'resources') live.wantSteps();
    return live;
  }, [id]);
  useEffect(() => () => run.close(), [run]);
  const detail = run.detail.value;
  const error = run.error.value;
  useTitle(detail ? titleOf(detail) : id);
  // The first tab: the progress while the run goes on, the findings afterwards. A tab that the user opened stays open.
  const first = useMemo<View>(() => (detail && isActive(detail.status) ? 'steps' : 'findings'), [detail === undefined]);
  // Most runs compare no histograms. Then the tab does not exist.
  const views = VIEWS.filter((one) => one !== 'histograms' || detail?.checks.includes('histograms'));
  const view = views.find((one) => one === asked) ?? first;
  useKeys([
    { key: 'u', what: 'up to all runs', act: () => go(pathOf([])) },
    ...views.map((one, n) => ({ key: String(n + 1), what: one, act: () => go(runPath(id, one), 'replace') })),
  ]);
  if (!detail) return error ? <Failed error={error} retry={() => run.reload()} /> : <Loading what={id} />;
  const tabs = views.map((one) => ({ id: one, text: textOf(one, detail), href: runPath(id, one) }));
  return (
    <>
      <p class="crumbs">
        <a href={pathOf([])}>Runs</a> / <a href={workflowPath(detail.name)}>{detail.name}</a> /
      </p>
      <Answer run={run} detail={detail} />
      <Stages detail={detail} />
      <Tabs label="Parts of the run" tabs={tabs} current={view} />
      {view === 'findings' && <Findings detail={detail} />}
      {view === 'steps' && <StepTable run={run} />}
      {view === 'timeline' && <TimelineTab detail={detail} turn={run.turn.value} />}
      {view === 'graph' && <GraphTab detail={detail} turn={run.turn.value} />}
      {view === 'histograms' && <HistogramsTab detail={detail} />}
      {view === 'resources' && <Resources run={run} detail={detail} />}
    </>
  );
}

/** The title for a row of browser tabs: `✗ failed: mc-nightly-…`, `▶ 12/40: mc-nightly-…`. */
function titleOf({ status, id, totals }: RunDetail): string {
  if (!isActive(status)) return `${status}: ${id}`;
  return `${totals.succeeded + totals.failed + totals.broken}/${totals.steps} ${status}: ${id}`;
}

function textOf(view: View, { totals, errors }: RunDetail): string {
  if (view === 'steps') return `Steps ${formatCount(totals.steps)}`;
  if (view === 'findings') return errors ? `Findings ${formatCount(errors)}` : 'Findings';
  return `${view.charAt(0).toUpperCase()}${view.slice(1)}`;
}
