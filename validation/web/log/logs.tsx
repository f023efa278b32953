import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { LogGroup } from '../../logs/log-groups.ts';
import { isFinal } from '../../report/step-states.ts';
import type { StepDetail } from '../../server/api.ts';
import { counted } from '../../units/count.ts';
import { useKeys } from '../state/keys.ts';
import { go, place, query, setQuery } from '../state/place.ts';
import { Beside, besideOf } from './beside.tsx';
import { Choices, findingsIn } from './choices.tsx';
import { CompareWith, LogSwitches, Switch } from './controls.tsx';
import { CopyButtons } from './copy-buttons.tsx';
import { DiffView } from './diff-view.tsx';
import { folding, switchFolding, useGroups } from './folding.ts';
import { Found } from './found.tsx';
import type { Query } from './highlight.ts';
import { formatRange, parseRange, rangeOf } from './line-range.ts';
import { LogPane, type PaneHandle } from './log-pane.tsx';
import { type LogName, logPath } from './log-source.ts';
import { useScrollTogether } from './scroll-together.ts';
import { LogSearch, nextMatch } from './search.ts';
import { SearchBar } from './search-bar.tsx';
import { switchStamps } from './stamps.ts';

/** No folded groups: logs that scroll together need one row for each line. */
const NONE: readonly LogGroup[] = [];

/** The logs of a step: the choice of a log, its toolbar, and its lines. */
export function Logs({ run, detail }: { run: string; detail: StepDetail }) {
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
  const differs = beside !== undefined && wanted.get('diff') === '1';
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
  // The user followed a link to a line, pasted one, or went back.
  useEffect(() => {
    if (range) setFollow(false);
  }, [range?.from, range?.to]);
  // The pane goes to the first match as soon as it is found.
  const firstFound = found?.lines[0];
  useEffect(() => {
    if (firstFound !== undefined && current === undefined) toMatch(true);
  }, [firstFound]);
  // A search belongs to one log.
  useEffect(() => search.clear(), [attempt, stream]);
  const pick = (line: number, extend: boolean): void => {
    const next = extend && range ? rangeOf(range.from, line) : rangeOf(line, line);
    setFollow(false);
    if (next) go(`${location.pathname}${location.search}${formatRange(next)}`, 'replace');
  };
  const groups = useGroups(name, folding.value && !differs && isFinal(detail.state));
  const toggleWrap = (): void => setQuery({ wrap: wrap ? undefined : '1' });
  const toggleDiff = (): void => setQuery({ diff: differs ? undefined : '1' });
  const stay = (): void => {
    setFollow(true);
    main.current?.toEnd();
  };
  useKeys([
    ...(differs
      ? []
      : [
          { key: '/', what: 'search the log', act: () => field.current?.focus() },
          { key: 'n', what: 'next match', act: () => toMatch(true) },
          { key: 'N', what: 'previous match', act: () => toMatch(false) },
          { key: 'e', what: 'next finding', act: () => toFinding(true) },
          { key: 'E', what: 'previous finding', act: () => toFinding(false) },
          { key: 'j', what: 'one line down', act: () => main.current?.stepBy(1) },
          { key: 'k', what: 'one line up', act: () => main.current?.stepBy(-1) },
          { key: ' ', what: 'one page down', act: () => main.current?.pageBy(1) },
          { key: 'g', what: 'first line', act: () => main.current?.goTo(0) },
          { key: 'G', what: 'last line, and follow', act: stay },
          { key: 'w', what: 'wrap long lines', act: toggleWrap },
          { key: 'f', what: 'fold groups of lines', act: switchFolding },
          { key: 'i', what: 'times of lines: clock, since the start, none', act: switchStamps },
        ]),
    ...(beside ? [{ key: 'd', what: 'the differences of both logs', act: toggleDiff }] : []),
    ...(beside && !differs ? [{ key: 's', what: 'scroll both logs together', act: together.toggle }] : []),
  ]);

  const waiting = !isFinal(detail.state);
  return (
    <>
      <div class="log-bar">
        <Choices run={run} detail={detail} about={about} attempt={attempt} stream={stream} />
        {!differs && <SearchBar field={field} state={found} onStart={start} onMove={toMatch} current={current} />}
        <span class="buttons">
          {!differs && lines.length > 0 && (
            <button type="button" onClick={() => toFinding(true)} title="Next finding (e)">
              <span aria-hidden="true">✗</span> {counted(lines.length, 'finding')}
            </button>
          )}
          {!differs && range && <CopyButtons name={name} range={range} />}
          {!differs && (
            <LogSwitches
              follow={follow}
              onFollow={() => (follow ? setFollow(false) : stay())}
              growing={waiting}
              wrap={wrap}
              onWrap={toggleWrap}
            />
          )}
          {beside && !differs && (
            <Switch on={together.isOn} act={together.toggle} title="Scroll both logs together (s)">
              Scroll together
            </Switch>
          )}
          <CompareWith detail={detail} attempt={attempt} chosen={beside ? (wanted.get('beside') ?? '') : ''} />
          {beside && (
            <Switch on={differs} act={toggleDiff} title="Show how both logs differ (d)">
              Differences
            </Switch>
          )}
          <a href={logPath(name)} target="_blank" rel="noreferrer">
            Raw
          </a>
          <a href={logPath(name, { download: 1 })} download={`${step}-${attempt}-${stream.replaceAll('/', '-')}`}>
            Download
          </a>
        </span>
      </div>
      {chosen && <Found run={run} detail={detail} finding={chosen} />}
      {beside && differs && <DiffView own={name} other={beside} title={besideTitle(beside, run)} />}
      {!differs && (
        <div class={beside ? 'panes two' : 'panes'}>
          <LogPane
            key={`${attempt}/${stream}`}
            name={name}
            title={beside ? `${stream}, attempt ${attempt}` : stream}
            wrap={wrap}
            follow={follow}
            onFollow={setFollow}
            range={range}
            groups={beside ? NONE : groups}
            onRange={pick}
            findings={findings}
            query={found?.query}
            current={current}
            waiting={waiting}
            onScroll={together.onMain}
            onRenumbered={() => {
              if (!search.state.value) return;
              setCurrent(0); // no current match: its line has a new number, and the view must not move
              void search.start(name, search.state.value.query);
            }}
            handle={main}
          />
          {beside && (
            <Beside
              name={beside}
              title={besideTitle(beside, run)}
              wrap={wrap}
              query={found?.query}
              onScroll={together.onOther}
              onLoaded={() => together.join(follow)}
              handle={other}
            />
          )}
        </div>
      )}
    </>
  );
}

function besideTitle(beside: LogName, run: string): string {
  return beside.run === run ? `attempt ${beside.attempt}` : `last good run ${beside.run}`;
}
