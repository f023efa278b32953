import { useEffect, useRef, useState } from 'preact/hooks';
import { isFinal } from '../../report/step-states.ts';
import type { StepDetail } from '../../server/api.ts';
import { formatMemory } from '../../units/size.ts';
import { formatDuration } from '../../units/time.ts';
import { StepBadge } from '../parts/badge.tsx';
import { Failed, Loading } from '../parts/notice.tsx';
import { Took } from '../parts/time.tsx';
import { apiPath, pathOf, runPath } from '../routes.ts';
import { RetryStep } from '../run/actions.tsx';
import { useKeys } from '../state/keys.ts';
import { go, place, query } from '../state/place.ts';
import { useResource } from '../state/server.ts';
import { useTitle } from '../state/title.ts';
import { landingOf } from './landing.ts';
import { formatRange } from './line-range.ts';
import { Logs } from './logs.tsx';

/** A step: what became of it, and its logs. */
export function StepView({ run, step }: { run: string; step: string }) {
  const [ended, setEnded] = useState(false);
  const path = apiPath(['runs', run, 'steps', step]);
  const { data, error, reload } = useResource<StepDetail>(path, ended ? undefined : 2000);
  const state = data?.state;
  useEffect(() => setEnded(state !== undefined && isFinal(state)), [state]);
  // An address that names no log leads to the finding, once: who reads a log that is still written stays in it.
  const isLanded = useRef(false);
  const isLanding = data !== undefined && !isLanded.current && !query.value.has('stream') && place.value.hash === '';
  const landing = isLanding ? landingOf(data.findings, Number(query.value.get('attempt')) || undefined) : undefined;
  useEffect(() => {
    if (!data) return;
    isLanded.current = true;
    if (!landing) return;
    const { stream, attempt, line } = landing;
    const rest = Object.fromEntries(query.value);
    const path = pathOf(['runs', run, 'steps', step], { ...rest, stream, attempt });
    go(line === undefined ? path : `${path}${formatRange({ from: line, to: line })}`, 'replace');
  }, [data === undefined]);
  useTitle(`${state ? `${state}: ` : ''}${step}, ${run}`);
  useKeys([{ key: 'u', what: 'up to the run', act: () => go(runPath(run)) }]);
  return (
    <div class="fill">
      <header class="step-head">
        <p class="crumbs">
          <a href={pathOf([])}>Runs</a> / <a href={runPath(run)}>{run}</a> /
        </p>
        <h1>
          {step} {state && <StepBadge state={state} />}
        </h1>
        {data && <Facts step={data} />}
        {data && isFinal(data.state) && <RetryStep run={run} step={step} onDone={() => go(runPath(run))} />}
      </header>
      {error && !data && <Failed error={error} retry={reload} />}
      {!data && !error && <Loading what={step} />}
      {data && !landing && <Logs run={run} detail={data} />}
    </div>
  );
}

function Facts({ step }: { step: StepDetail }) {
  const running = step.state === 'running' && step.start !== undefined;
  return (
    <p class="facts">
      {step.message && <span class="bad">{step.message}</span>}
      <span>stage {step.stage}</span>
      {running ? (
        <span>
          for <Took start={step.start ?? 0} />
        </span>
      ) : (
        step.seconds !== undefined && <span>took {formatDuration(step.seconds)}</span>
      )}
      {(step.host ?? step.worker) && <span>on {step.host ?? step.worker}</span>}
      {step.cpuTime !== undefined && <span>CPU {formatDuration(step.cpuTime)}</span>}
      {step.peakMemory !== undefined && <span>memory {formatMemory(step.peakMemory)}</span>}
    </p>
  );
}
