import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { CONTEXT, type DiffPart } from '../../log-diff/answer.ts';
import type { LogLines } from '../../server/api.ts';
import { counted, formatCount } from '../../units/count.ts';
import { Failed } from '../parts/notice.tsx';
import { stepPath } from '../routes.ts';
import { useKeys } from '../state/keys.ts';
import { query, setQuery } from '../state/place.ts';
import { getJson, ServerError } from '../state/server.ts';
import { DiffLine } from './diff-line.tsx';
import { DiffSource } from './diff-source.ts';
import { type LogName, logPath } from './log-source.ts';

/** The number of equal lines that one click unfolds. */
const UNFOLD = 200;

interface Both {
  own: LogName;
  other: LogName;
}

/** Two logs line by line: side by side, or one below the other on a narrow screen. */
export function DiffView({ own, other, title }: Both & { title: string }) {
  const only = query.value.get('only') === '1';
  const exact = query.value.get('exact') === '1';
  const { run, step, attempt, stream } = own;
  const source = useMemo(
    () => new DiffSource(own, other, exact),
    [run, step, attempt, stream, other.run, other.step, other.attempt, exact],
  );
  useEffect(() => () => source.close(), [source]);
  const { parts, lines, busy, more, error } = source.state.value;
  const changes = parts.filter(({ same }) => !same).length;
  const box = useRef<HTMLElement>(null);
  const toChange = (forward: boolean): void => {
    const all = [...(box.current?.querySelectorAll<HTMLElement>('.part.changed') ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const next = all[at < 0 ? (forward ? 0 : all.length - 1) : at + (forward ? 1 : -1)];
    next?.focus();
    next?.scrollIntoView({ block: 'center' });
  };
  useKeys([
    { key: 'n', what: 'next difference', act: () => toChange(true) },
    { key: 'N', what: 'previous difference', act: () => toChange(false) },
    { key: 'o', what: 'only what differs', act: () => setQuery({ only: only ? undefined : '1' }) },
  ]);
  return (
    <section class="diff" aria-label={`Differences from ${title}`} ref={box}>
      <p class="diff-head">
        <button
          type="button"
          aria-pressed={only}
          onClick={() => setQuery({ only: only ? undefined : '1' })}
          title="Hide all equal lines (o)"
        >
          Only differences
        </button>{' '}
        <button
          type="button"
          aria-pressed={exact}
          onClick={() => setQuery({ exact: exact ? undefined : '1' })}
          title="Lines differ even if only their times, numbers, addresses, hosts or directories differ"
        >
          Compare times and numbers
        </button>{' '}
        <span class="soft" role="status">
          {busy
            ? `${counted(changes, 'difference')} in ${formatCount(lines)} lines, comparing…`
            : changes === 0 && !error
              ? `No line differs in ${counted(lines, 'line')}.`
              : `${counted(changes, 'difference')} in ${more ? 'the first ' : ''}${counted(lines, 'line')}`}
        </span>
      </p>
      {error !== undefined && <Failed error={new ServerError(422, error)} />}
      <p class="diff-titles">
        <span class="a">− {title}</span>
        <span class="b">+ this log</span>
      </p>
      {parts.map((part) =>
        part.same ? (
          <Same key={`${only} ${part.a} ${part.b}`} part={part} own={own} other={other} only={only} />
        ) : (
          <Changed key={`${part.a} ${part.b}`} part={part} own={own} other={other} />
        ),
      )}
      {more && !busy && (
        <button type="button" onClick={() => void source.go()}>
          Continue from line {formatCount(lines + 1)}
        </button>
      )}
    </section>
  );
}

function addressOf({ run, step, attempt, stream }: LogName, line: number): string {
  return stepPath(run, step, { stream, attempt, line });
}

function Changed({ part, own, other }: Both & { part: DiffPart }) {
  const { a, b, countA, countB, linesA, linesB } = part;
  const paired = countA === countB;
  const words = `${counted(countA, 'line')} removed, ${countB} added`;
  return (
    <section class="part changed" tabIndex={-1} aria-label={words}>
      {linesA.map((text, n) => (
        <DiffLine
          key={`a${n}`}
          side="a"
          row={n}
          line={a + n}
          href={addressOf(other, a + n)}
          text={text}
          than={paired ? linesB[n] : undefined}
        />
      ))}
      <Rest side="a" shown={linesA.length} count={countA} href={addressOf(other, a + linesA.length)} />
      {linesB.map((text, n) => (
        <DiffLine
          key={`b${n}`}
          side="b"
          row={n}
          line={b + n}
          href={addressOf(own, b + n)}
          text={text}
          than={paired ? linesA[n] : undefined}
        />
      ))}
      <Rest side="b" shown={linesB.length} count={countB} href={addressOf(own, b + linesB.length)} />
    </section>
  );
}

function Rest({ side, shown, count, href }: { side: 'a' | 'b'; shown: number; count: number; href: string }) {
  if (count <= shown) return null;
  return (
    <p class={`line ${side}`} style={{ '--row': shown + 1 }}>
      <a href={href}>{counted(count - shown, 'more line')} in the log</a>
    </p>
  );
}

/** Equal lines: the first and the last ones, and between them a fold that the user can open. */
function Same({ part, own, other, only }: Both & { part: DiffPart; only: boolean }) {
  const { a, b, countB, linesA, linesB } = part;
  const [opened, setOpened] = useState<{ a: string[]; b: string[] }>({ a: [], b: [] });
  const isFolded = linesB.length < countB;
  // Without context all lines are folded, and they unfold from the first line on.
  const head = only ? 0 : isFolded ? CONTEXT : countB;
  const tail = only || !isFolded ? 0 : CONTEXT;
  const hidden = countB - head - tail - opened.b.length;
  const unfold = async (): Promise<void> => {
    const from = head + opened.b.length;
    const ask = (name: LogName, first: number): Promise<LogLines> =>
      getJson<LogLines>(logPath(name, { line: first + from, lines: Math.min(UNFOLD, hidden) }));
    const [left, right] = await Promise.all([ask(other, a), ask(own, b)]);
    setOpened({ a: [...opened.a, ...left.lines], b: [...opened.b, ...right.lines] });
  };
  const texts = (lines: readonly string[], more: readonly string[]): string[] => [...lines.slice(0, head), ...more];
  const [shownA, shownB] = [texts(linesA, opened.a), texts(linesB, opened.b)];
  const last = countB - tail;
  return (
    <>
      <Pairs a={shownA} b={shownB} fromA={a} fromB={b} own={own} other={other} />
      {hidden > 0 && (
        <button type="button" class="fold" onClick={() => void unfold()}>
          <span aria-hidden="true">▸</span> {counted(hidden, 'equal line')}
        </button>
      )}
      {tail > 0 && (
        <Pairs
          a={linesA.slice(-tail)}
          b={linesB.slice(-tail)}
          fromA={a + last}
          fromB={b + last}
          own={own}
          other={other}
        />
      )}
    </>
  );
}

function Pairs(props: Both & { a: readonly string[]; b: readonly string[]; fromA: number; fromB: number }) {
  const { a, b, fromA, fromB, own, other } = props;
  if (b.length === 0) return null;
  return (
    <div class="part same">
      {b.map((text, n) => (
        <>
          <DiffLine
            key={`a${n}`}
            side="a"
            row={n}
            line={fromA + n}
            href={addressOf(other, fromA + n)}
            text={a[n] ?? ''}
            same
          />
          <DiffLine key={`b${n}`} side="b" row={n} line={fromB + n} href={addressOf(own, fromB + n)} text={text} same />
        </>
      ))}
    </div>
  );
}
