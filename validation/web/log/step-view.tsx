import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { isFinal } from '../../report/step-states.ts';
import type { StepDetail } from '../../server/api.ts';
import { counted } from '../../units/count.ts';
import { formatMemory } from '../../units/size.ts';
import { formatDuration } from '../../units/time.ts';
import { StepBadge } from '../parts/badge.tsx';
import { Failed, Loading } from '../parts/notice.tsx';
import { Took } from '../parts/time.tsx';
import { apiPath, pathOf, runPath, stepPath } from '../routes.ts';
import { useKeys } from '../state/keys.ts';
import { go, place, query, setQuery } from '../state/place.ts';
import { useResource } from '../state/server.ts';
import { useTitle } from '../state/title.ts';
import { Choices, findingsIn } from './choices.tsx';
import { Found } from './found.tsx';
import type { Query } from './highlight.ts';
import { landingOf } from './landing.ts';
import { formatRange, parseRange, rangeOf } from './line-range.ts';
import { LogPane, type PaneHandle } from './log-pane.tsx';
import { type LogName, logPath } from './log-source.ts';
import { useScrollTogether } from './scroll-together.ts';
import { LogSearch, nextMatch } from './search.ts';
import { SearchBar } from './search-bar.tsx';
import { stamps, switchStamps } from './stamps.ts';

const TIMES = { none: 'Show times', clock: 'Times: clock', since: 'Times: since start' } as const;

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
    if (landing) go(stepPath(run, step, landing), 'replace');
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

function Logs({ run, detail }: { run: string; detail: StepDetail }) {
  const step = detail.id;
  const wanted = query.value;
  const attempt = Number(wanted.get('attempt')) || detail.attempts.at(-1)?.number || Math.max(1, detail.attempt);
  const about = detail.attempts.find(({ number }) => number === attempt);
  const streams = about?.logs.map(({ stream }) => stream) ?? [];
  const stream =
    wanted.get('stream') ?? (streams.includes('stdout') || streams.length === 0 ? 'stdout' : (streams[0] ?? 'stdout'));
  const range = parseRange(place.value.hash);
  const wrap = wanted.get('wrap') === '1';
  const [follow, setFollow] = useState(range === undefined);
  const [current, setCurrent] = useState<number>();
  const main = useRef<PaneHandle | undefined>(undefined);
  const other = useRef<PaneHandle | undefined>(undefined);
  const search = useMemo(() => new LogSearch(), []);
  useEffect(() => () => search.stop(), [search]);
  const field = useRef<HTMLInputElement>(null);
  const name: LogName = { run, step, attempt, stream };
  const beside = besideOf(wanted.get('beside'), detail, name);
  const together = useScrollTogether(main, other, beside ? logPath(beside) : '');
  const findings = findingsIn(detail, attempt, stream);
  const lines = [...new Set(findings.map(({ line }) => line ?? 0))].sort((a, b) => a - b);
  const found = search.state.value;
  const chosen =
    findings.find(({ line = 0 }) => range && line >= range.from && line <= range.to) ??
    (lines.length === 0 ? detail.findings.find((one) => !one.file && one.attempt === attempt) : undefined);

  const show = (line: number | undefined): void => {
    if (line === undefined) return;
    setFollow(false);
    setCurrent(line);
    main.current?.show(line - 1);
  };
  const toMatch = (forward: boolean): void => {
    if (found)
      show(
        nextMatch(
          found.lines,
          current ?? (forward ? (main.current?.line() ?? 1) - 1 : (main.current?.line() ?? 1)),
          forward,
        ),
      );
  };
  const toFinding = (forward: boolean): void => {
    const line = nextMatch(lines, range?.from ?? 0, forward);
    if (line === undefined) return;
    setFollow(false);
    go(`${location.pathname}${location.search}${formatRange({ from: line, to: line })}`, 'replace');
  };
  const start = (next: Query): void => {
    setCurrent(undefined);
    if (next.text === '') search.clear();
    else void search.start(name, next);
  };
  // A link to a line that is followed, pasted or gone back to.
  useEffect(() => {
    if (range) setFollow(false);
  }, [range?.from, range?.to]);
  // The first match is shown as soon as it is found.
  const firstFound = found?.lines[0];
  useEffect(() => {
    if (firstFound !== undefined && current === undefined) toMatch(true);
  }, [firstFound]);
  // Another log, another search
  useEffect(() => search.clear(), [attempt, stream]);
  const pick = (line: number, extend: boolean): void => {
    const next = extend && range ? rangeOf(range.from, line) : rangeOf(line, line);
    setFollow(false);
    if (next) go(`${location.pathname}${location.search}${formatRange(next)}`, 'replace');
  };
  const toggleWrap = (): void => setQuery({ wrap: wrap ? undefined : '1' });
  const stay = (): void => {
    setFollow(true);
    main.current?.toEnd();
  };
  useKeys([
    { key: '/', what: 'search the log', act: () => field.current?.focus() },
    { key: 'n', what: 'next match', act: () => toMatch(true) },
    { key: 'N', what: 'previous match', act: () => toMatch(false) },
    { key: 'e', what: 'next finding', act: () => toFinding(true) },
    { key: 'E', what: 'previous finding', act: () => toFinding(false) },
    { key: 'j', what: 'one line down', act: () => main.current?.goTo((main.current?.line() ?? 1) + 0) },
    { key: 'k', what: 'one line up', act: () => main.current?.goTo((main.current?.line() ?? 1) - 2) },
    { key: ' ', what: 'one page down', act: () => main.current?.pageBy(1) },
    { key: 'g', what: 'first line', act: () => main.current?.goTo(0) },
    { key: 'G', what: 'last line, and follow', act: stay },
    { key: 'w', what: 'wrap long lines', act: toggleWrap },
    { key: 'i', what: 'times of lines: clock, since the start, none', act: switchStamps },
    ...(beside ? [{ key: 's', what: 'scroll both logs together', act: together.toggle }] : []),
  ]);

  const waiting = !isFinal(detail.state);
  return (
    <>
      <div class="log-bar">
        <Choices run={run} detail={detail} about={about} attempt={attempt} stream={stream} />
        <SearchBar field={field} state={found} onStart={start} onMove={toMatch} current={current} />
        <span class="buttons">
          {lines.length > 0 && (
            <button type="button" onClick={() => toFinding(true)} title="Next finding (e)">
              <span aria-hidden="true">✗</span> {counted(lines.length, 'finding')}
            </button>
          )}
          <button
            type="button"
            aria-pressed={follow}
            onClick={() => (follow ? setFollow(false) : stay())}
            title="Show the newest lines as they come (G)"
          >
            {waiting ? 'Follow' : 'Go to the end'}
          </button>
          <button type="button" aria-pressed={wrap} onClick={toggleWrap} title="Wrap long lines (w)">
            Wrap lines
          </button>
          <button
            type="button"
            aria-pressed={stamps.value !== 'none'}
            onClick={switchStamps}
            title="Time of each line: clock time, time since the attempt began, or none (i)"
          >
            {TIMES[stamps.value]}
          </button>
          {beside && (
            <button
              type="button"
              aria-pressed={together.isOn}
              onClick={together.toggle}
              title="Scroll both logs together (s)"
            >
              Scroll together
            </button>
          )}
          <select
            aria-label="Compare with"
            value={beside ? (wanted.get('beside') ?? '') : ''}
            onChange={(event) => setQuery({ beside: event.currentTarget.value })}
          >
            <option value="">Compare with …</option>
            {detail.lastGood && <option value="good">the last good run</option>}
            {detail.attempts
              .filter(({ number }) => number !== attempt)
              .map(({ number }) => (
                <option key={number} value={String(number)}>
                  attempt {number}
                </option>
              ))}
          </select>
          <a href={logPath(name)} target="_blank" rel="noreferrer">
            Raw
          </a>
          <a href={logPath(name, { download: 1 })} download={`${step}-${attempt}-${stream.replaceAll('/', '-')}`}>
            Download
          </a>
        </span>
      </div>
      {chosen && <Found run={run} detail={detail} finding={chosen} />}
      <div class={beside ? 'panes two' : 'panes'}>
        <LogPane
          key={`${attempt}/${stream}`}
          name={name}
          title={beside ? `${stream}, attempt ${attempt}` : stream}
          wrap={wrap}
          follow={follow}
          onFollow={setFollow}
          range={range}
          onRange={pick}
          findings={findings}
          query={found?.query}
          current={current}
          waiting={waiting}
          onScroll={together.onMain}
          onRenumbered={() => {
            if (!search.state.value) return;
            setCurrent(0); // no line: the match that was gone to has another number, and the reader stays where he is
            void search.start(name, search.state.value.query);
          }}
          handle={main}
        />
        {beside && (
          <Beside
            name={beside}
            title={beside.run === run ? `attempt ${beside.attempt}` : `last good run ${beside.run}`}
            wrap={wrap}
            query={found?.query}
            onScroll={together.onOther}
            onLoaded={() => together.join(follow)}
            handle={other}
          />
        )}
      </div>
    </>
  );
}

function besideOf(wanted: string | null, detail: StepDetail, name: LogName): LogName | undefined {
  if (wanted === 'good' && detail.lastGood) return { ...name, ...detail.lastGood };
  const attempt = Number(wanted);
  return detail.attempts.some(({ number }) => number === attempt) ? { ...name, attempt } : undefined;
}

function Beside(props: {
  name: LogName;
  title: string;
  wrap: boolean;
  query: Query | undefined;
  onScroll: (top: number) => void;
  onLoaded: () => void;
  handle: { current: PaneHandle | undefined };
}) {
  const [follow, setFollow] = useState(true);
  return (
    <LogPane
      key={`${props.name.run}/${props.name.attempt}/${props.name.stream}`}
      {...props}
      follow={follow}
      onFollow={setFollow}
      findings={[]}
      waiting={false}
    />
  );
}
