import { useSignalEffect } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { LogGroup } from '../../logs/log-groups.ts';
import type { Finding } from '../../report/model.ts';
import { formatCount } from '../../units/count.ts';
import { formatSize } from '../../units/size.ts';
import { Failed, Loading } from '../parts/notice.tsx';
import { Viewport, type ViewportHandle } from '../parts/viewport.tsx';
import { FoldRow } from './fold-row.tsx';
import { FoldedRows } from './folded-rows.ts';
import { matcherOf, type Query } from './highlight.ts';
import type { LineRange } from './line-range.ts';
import { LogRow } from './log-row.tsx';
import { type LogName, LogSource } from './log-source.ts';
import { stamp, stamps } from './stamps.ts';

/** Pixels, as in the style sheet. */
const ROW = 18;

/** The actions of the toolbar and the keys in a pane. */
export interface PaneHandle extends ViewportHandle {
  /** The first visible line. */
  line: () => number;
  /** Scrolls down by this number of rows. */
  stepBy: (rows: number) => void;
}

interface Props {
  name: LogName;
  title: string;
  wrap: boolean;
  follow: boolean;
  onFollow: (follow: boolean) => void;
  range?: LineRange | undefined;
  onRange?: ((line: number, extend: boolean) => void) | undefined;
  findings: readonly Finding[];
  query?: Query | undefined;
  /** The groups of lines to fold, if known. */
  groups?: readonly LogGroup[];
  /** The current match of the search. */
  current?: number | undefined;
  /** The attempt has not started, or its log is still empty. */
  waiting: boolean;
  onScroll?: (top: number) => void;
  /** Called when lines have new numbers. */
  onRenumbered?: () => void;
  /** Called when its lines are loaded. */
  onLoaded?: () => void;
  handle: { current: PaneHandle | undefined };
}

/** One log of any length. */
export function LogPane(props: Props) {
  const { name, wrap, follow, range, query } = props;
  const first = useRef(range?.from);
  const { run, step, attempt, stream } = name;
  const source = useMemo(
    () => new LogSource({ run, step, attempt, stream }, first.current, () => props.onRenumbered?.()),
    [run, step, attempt, stream],
  );
  useEffect(() => () => source.close(), [source]);
  const view = useRef<ViewportHandle | undefined>(undefined);
  const [, redraw] = useState(0);
  useSignalEffect(() => redraw(source.version.value));
  const bySeverity = useMemo(() => new Map(props.findings.map((finding) => [finding.line, finding])), [props.findings]);
  const matcher = useMemo(() => (query ? matcherOf(query) : undefined), [query]);
  const total = source.lines.total;
  const isLoaded = source.loaded.value;
  const [opened, setOpened] = useState<readonly number[]>([]);
  const rows = useMemo(() => {
    const groups = source.complete.value && !source.estimated.value ? (props.groups ?? []) : [];
    const found = props.findings.map(({ line = 0 }) => line);
    const chosen = range ? [range.from, range.to] : [];
    return new FoldedRows(total, groups, [...found, ...chosen, ...opened, ...(props.current ? [props.current] : [])]);
  }, [total, props.groups, props.findings, range?.from, range?.to, props.current, opened, source.complete.value]);

  // Requests go to the current functions of the viewport, because it makes new ones in each rendering.
  props.handle.current = {
    show: (line) => view.current?.show(rows.rowOf(line + 1)),
    goTo: (line) => view.current?.goTo(rows.rowOf(line + 1)),
    toEnd: () => view.current?.toEnd(),
    pageBy: (pages) => view.current?.pageBy(pages),
    focus: () => view.current?.focus(),
    top: () => view.current?.top() ?? 0,
    line: () => rows.at(Math.floor(view.current?.top() ?? 0)).line,
    stepBy: (count) => view.current?.goTo(Math.floor(view.current.top()) + count),
  };
  // The pane goes to the line in the address, also when the user edits the address.
  useEffect(() => {
    if (isLoaded && range && !follow) view.current?.show(rows.rowOf(range.from));
  }, [isLoaded, range?.from, follow, props.groups]);
  // The match may have been inside a fold.
  useEffect(() => {
    if (props.current) view.current?.show(rows.rowOf(props.current));
  }, [props.current]);
  useEffect(() => {
    if (isLoaded) props.onLoaded?.();
  }, [isLoaded]);

  // Folded lines are not loaded, so visible rows may be far apart in the log.
  const seen = useRef({ from: 0, to: 0 });
  const fetchSeen = (): void => {
    const run = { from: 0, to: -1 };
    for (let row = Math.max(0, seen.current.from); row < Math.min(rows.rows, seen.current.to); row++) {
      const { line, fold } = rows.at(row);
      if (fold || (run.to >= run.from && line !== run.to + 1)) {
        if (run.to >= run.from && source.lines.missing(run.from, run.to)) break;
        run.to = run.from - 1;
      }
      if (fold) continue;
      if (run.to < run.from) run.from = line;
      run.to = line;
    }
    if (run.to >= run.from) source.ensure(run.from, run.to);
  };
  useEffect(fetchSeen, [rows, source.version.value]);

  const error = source.error.value;
  if (!isLoaded) {
    if (error && !(props.waiting && error.status === 404)) return <Failed error={error} />;
    if (props.waiting) {
      return (
        <p class="notice soft" role="status">
          The log is still empty. New lines appear here automatically.
        </p>
      );
    }
    return <Loading what={`${stream} of ${step}`} />;
  }
  const digits = String(total).length;
  return (
    <section class="pane" aria-label={props.title}>
      <p class="pane-head">
        <strong>{props.title}</strong>{' '}
        <span class="soft">
          {source.estimated.value ? 'about ' : ''}
          {formatCount(total)} lines, {formatSize(source.size)}
          {source.leftOut && `, ${formatSize(source.leftOut.bytes)} left out`}
          {source.complete.value ? '' : ', still written'}
          {range && range.from > total && !source.estimated.value && `; there is no line ${formatCount(range.from)}`}
          {stamps.value !== 'none' && total > 0 && !source.lines.timed && '; the times of its lines are not known'}
        </span>
      </p>
      {total === 0 ? (
        <p class="notice soft" role="status">
          {source.complete.value
            ? 'This log is empty.'
            : 'The log is still empty. New lines appear here automatically.'}
        </p>
      ) : (
        <Viewport
          rows={rows.rows}
          rowHeight={ROW}
          wrap={wrap}
          follow={follow}
          label={`${props.title}, ${formatCount(total)} lines`}
          className="log"
          handle={view}
          onRange={(from, to) => {
            seen.current = { from, to };
            fetchSeen();
          }}
          onScroll={(at, atEnd) => {
            props.onFollow(atEnd);
            props.onScroll?.(at);
          }}
          render={(row) => {
            const { line, fold } = rows.at(row);
            if (fold) {
              return <FoldRow key={row} row={row} fold={fold} onOpen={() => setOpened([...opened, fold.from])} />;
            }
            return (
              <LogRow
                key={row}
                row={row}
                line={line}
                digits={digits}
                text={source.lines.get(line)}
                leftOut={source.leftOut?.line === line ? source.leftOut.bytes : undefined}
                numbered={source.isNumbered(line)}
                time={source.lines.timed ? stamp(source.lines.timeOf(line), source.start) : undefined}
                finding={bySeverity.get(line)}
                matcher={matcher}
                selected={range !== undefined && line >= range.from && line <= range.to}
                current={props.current === line}
                onPick={props.onRange}
              />
            );
          }}
        />
      )}
    </section>
  );
}
