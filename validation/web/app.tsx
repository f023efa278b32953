import { useEffect, useState } from 'preact/hooks';
import { ClusterView } from './cluster/cluster-view.tsx';
import { CompareView } from './compare/compare-view.tsx';
import { HistoryView } from './history/history-view.tsx';
import { WorkflowsView } from './history/workflows-view.tsx';
import { StepView } from './log/step-view.tsx';
import { Help } from './parts/help.tsx';
import { pathOf } from './routes.ts';
import { RunView } from './run/run-view.tsx';
import { RunsView } from './runs/runs-view.tsx';
import { useKeys } from './state/keys.ts';
import { go, route } from './state/place.ts';
import { lost } from './state/socket.ts';
import { switchTheme, theme } from './state/theme.ts';
import { switchZone, zone } from './state/zone.ts';

export function App() {
  const [help, setHelp] = useState(false);
  useKeys([
    { key: '?', what: 'this overview', act: () => setHelp(true) },
    { key: 'h', what: 'all runs', act: () => go(pathOf([])) },
    { key: 'w', what: 'all workflows', act: () => go(pathOf(['workflows'])) },
    { key: 'c', what: 'the cluster', act: () => go(pathOf(['cluster'])) },
    { key: 't', what: 'dark, light, or as the system is', act: switchTheme },
    { key: 'z', what: 'times in UTC, or in the local time zone', act: switchZone },
  ]);
  const { view } = route.value;
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href={pathOf([])}>
          relval
        </a>
        <nav aria-label="Views">
          <a href={pathOf([])} aria-current={view === 'runs' ? 'page' : undefined}>
            Runs
          </a>
          <a
            href={pathOf(['workflows'])}
            aria-current={view === 'workflows' || view === 'workflow' ? 'page' : undefined}
          >
            Workflows
          </a>
          <a href={pathOf(['cluster'])} aria-current={view === 'cluster' ? 'page' : undefined}>
            Cluster
          </a>
        </nav>
        <span class="spring" />
        <Connection />
        <button type="button" class="quiet" onClick={switchZone} title="Times in UTC, or in the local time zone (z)">
          <span aria-hidden="true">◷</span>{' '}
          <span class={zone.value === 'utc' ? undefined : 'wide'}>{zone.value === 'utc' ? 'UTC' : 'local'}</span>
          <span class="visually-hidden"> time</span>
        </button>
        <button type="button" class="quiet" onClick={switchTheme} title="Dark, light, or as the system is (t)">
          <span aria-hidden="true">◐</span> <span class="wide">{theme.value}</span>
          <span class="visually-hidden"> colours</span>
        </button>
        <button type="button" class="quiet" onClick={() => setHelp(true)} aria-label="Keys" title="Keys (?)">
          ?
        </button>
      </header>
      <main id="main" tabIndex={-1}>
        <View />
      </main>
      <Help open={help} onClose={() => setHelp(false)} />
    </>
  );
}

function View() {
  const at = route.value;
  switch (at.view) {
    case 'runs':
      return <RunsView />;
    case 'run':
      return <RunView key={at.run} id={at.run} />;
    case 'step':
      return <StepView key={`${at.run}/${at.step}`} run={at.run} step={at.step} />;
    case 'compare':
      return <CompareView a={at.a} b={at.b} />;
    case 'workflows':
      return <WorkflowsView />;
    case 'workflow':
      return <HistoryView key={at.name} name={at.name} />;
    case 'cluster':
      return <ClusterView />;
    default:
      return (
        <>
          <h1>There is nothing at this address.</h1>
          <p>
            <a href={pathOf([])}>All runs</a>
          </p>
        </>
      );
  }
}

/** Silent while all is well; a lost connection is told after a moment, since most come back at once. */
function Connection() {
  const [shown, setShown] = useState(false);
  const isLost = lost.value > 0;
  useEffect(() => {
    if (!isLost) {
      setShown(false);
      return;
    }
    const timer = setTimeout(() => setShown(true), 1000);
    return () => clearTimeout(timer);
  }, [isLost]);
  return (
    <span class="connection" role="status">
      {shown && (
        <span class="badge s-aborted">
          <span aria-hidden="true">⚠</span> connection lost, trying again
        </span>
      )}
    </span>
  );
}
