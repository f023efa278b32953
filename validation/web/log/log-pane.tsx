import { useSignalEffect } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Finding } from '../../report/model.ts';
import { formatCount } from '../../units/count.ts';
import { formatSize } from '../../units/size.ts';
import { Failed, Loading } from '../parts/notice.tsx';
import { Viewport, type ViewportHandle } from '../parts/viewport.tsx';
import { matcherOf, type Query } from './highlight.ts';
import type { LineRange } from './line-range.ts';
import { LogRow } from './log-row.tsx';
import { type LogName, LogSource } from './log-source.ts';
import { stamp, stamps } from './stamps.ts';

/** Pixels, as in the style sheet. */
const ROW = 18;

/** What the toolbar and the keys do in a pane. */
export interface PaneHandle extends ViewportHandle {
  /** The first line that is seen. */
  line: () => number;
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
  /** The match that was gone to. */
  current?: number | undefined;
  /** It has not begun, or nothing was written yet. */
  waiting: boolean;
  onScroll?: (top: number) => void;
  /** Lines have other numbers than before. */
  onRenumbered?: () => void;
  /** Its lines are there. */
  onLoaded?: () => void;
  handle: { current: PaneHandle | undefined };
}

/** One log, of any length. */
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

  // What is asked for goes to the viewport as it is then: it makes its functions anew in each rendering.
  props.handle.current = {
    show: (row) => view.current?.show(row),
    goTo: (row) => view.current?.goTo(row),
    toEnd: () => view.current?.toEnd(),
    pageBy: (pages) => view.current?.pageBy(pages),
    focus: () => view.current?.focus(),
    top: () => view.current?.top() ?? 0,
    line: () => Math.floor(view.current?.top() ?? 0) + 1,
  };
  // A link to a line leads there, also when it is changed by hand.
  useEffect(() => {
    if (isLoaded && range && !follow) view.current?.show(range.from - 1);
  }, [isLoaded, range?.from, follow]);
  useEffect(() => {
    if (isLoaded) props.onLoaded?.();
  }, [isLoaded]);

  const error = source.error.value;
  if (!isLoaded) {
    if (error && !(props.waiting && error.status === 404)) return <Failed error={error} />;
    if (props.waiting) {
      return (
        <p class="notice soft" role="status">
          Nothing has been written yet. What comes appears here by itself.
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
          {stamps.value !== 'none' && total > 0 && !source.lines.timed && '; nobody knows when its lines came'}
        </span>
      </p>
      {total === 0 ? (
        <p class="notice soft" role="status">
          {source.complete.value
            ? 'This log is empty.'
            : 'Nothing has been written yet. What comes appears here by itself.'}
        </p>
      ) : (
        <Viewport
          rows={total}
          rowHeight={ROW}
          wrap={wrap}
          follow={follow}
          label={`${props.title}, ${formatCount(total)} lines`}
          className="log"
          handle={view}
          onRange={(from, to) => source.ensure(from + 1, to)}
          onScroll={(at, atEnd) => {
            props.onFollow(atEnd);
            props.onScroll?.(at);
          }}
          render={(row) => (
            <LogRow
              key={row}
              row={row}
              digits={digits}
              text={source.lines.get(row + 1)}
              leftOut={source.leftOut?.line === row + 1 ? source.leftOut.bytes : undefined}
              numbered={source.isNumbered(row + 1)}
              time={source.lines.timed ? stamp(source.lines.timeOf(row + 1), source.start) : undefined}
              finding={bySeverity.get(row + 1)}
              matcher={matcher}
              selected={range !== undefined && row + 1 >= range.from && row + 1 <= range.to}
              current={props.current === row + 1}
              onPick={props.onRange}
            />
          )}
        />
      )}
    </section>
  );
}
