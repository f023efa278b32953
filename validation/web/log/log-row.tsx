import { useMemo, useState } from 'preact/hooks';
import type { Finding } from '../../report/model.ts';
import { formatSize } from '../../units/size.ts';
import { parseAnsi, type Span } from './ansi.ts';
import { highlight } from './highlight.ts';

/** The number of characters of a line that are shown at first, because a browser cannot show a screen of 64 kB lines. */
const CLIP = 4000;

interface Props {
  row: number;
  line: number;
  digits: number;
  text: string | undefined;
  /** The row stands for this number of bytes that were left out of the log. */
  leftOut: number | undefined;
  /** Its number will not change, so links to it stay valid. */
  numbered: boolean;
  /** Its arrival time: the visible text, and the text under the pointer. */
  time?: { text: string; title: string | undefined } | undefined;
  finding: Finding | undefined;
  matcher: RegExp | undefined;
  selected: boolean;
  current: boolean;
  onPick?: ((line: number, extend: boolean) => void) | undefined;
}

/** A line of a log. Its text only goes into text nodes. */
export function LogRow(props: Props) {
  const { row, line, digits, text, leftOut, numbered, time, finding, matcher, selected, current, onPick } = props;
  const [whole, setWhole] = useState(false);
  const clipped = text !== undefined && text.length > CLIP && !whole ? text.slice(0, CLIP) : text;
  const { spans, overwritten } = useMemo(() => parseAnsi(clipped ?? ''), [clipped]);
  const parts = useMemo(() => highlight(spans, matcher), [spans, matcher]);
  const look = [
    'row',
    selected ? 'selected' : '',
    current ? 'current' : '',
    finding ? `found ${finding.severity}` : '',
  ].join(' ');
  if (leftOut !== undefined) {
    return (
      <div class="row gap" data-row={row}>
        <span class="ln">{' '.repeat(digits)}</span>
        <span class="text" title="The log is longer than --log-limit: its beginning and its end are kept.">
          {formatSize(leftOut)} left out here
          {!numbered && '; what follows has its line numbers when the attempt has ended'}
        </span>
      </div>
    );
  }
  return (
    <div class={look} data-row={row}>
      {numbered ? (
        <LineNumber line={line} digits={digits} finding={finding} onPick={onPick} />
      ) : (
        <span class="ln">{' '.repeat(digits)}</span>
      )}
      {time && (
        <span class="time" title={time.title}>
          {time.text}
        </span>
      )}
      {text === undefined ? (
        <span class="text soft">…</span>
      ) : (
        <span class="text">
          {overwritten > 0 && (
            <span
              class="soft"
              title={`${overwritten} earlier texts of this line were overwritten; the raw log has them`}
            >
              ↩{' '}
            </span>
          )}
          {parts.length === 1 && isPlain(parts[0] as Span)
            ? parts[0]?.text
            : parts.map((part, n) => <Part key={n} {...part} />)}
          {clipped !== text && (
            <button type="button" class="quiet" onClick={() => setWhole(true)}>
              … {text.length - CLIP} more characters
            </button>
          )}
        </span>
      )}
    </div>
  );
}

function LineNumber({
  line,
  digits,
  finding,
  onPick,
}: Pick<Props, 'digits' | 'finding' | 'onPick'> & { line: number }) {
  return (
    <a
      class="ln"
      href={`#L${line}`}
      tabIndex={-1}
      aria-label={`Line ${line}${finding ? `, ${finding.severity}: ${finding.rule}` : ''}`}
      title={finding ? `${finding.severity}: ${finding.rule}` : 'Link to this line; with Shift to a range'}
      onClick={(event) => {
        if (!onPick) return;
        event.preventDefault();
        onPick(line, event.shiftKey);
      }}
    >
      {String(line).padStart(digits, '\u2007')}
    </a>
  );
}

function isPlain(span: Span & { hit?: true }): boolean {
  return Object.keys(span).length === 1;
}

function Part({ text, fg, bg, bold, dim, italic, underline, hit }: Span & { hit?: true }) {
  const names = [
    fg ? `fg-${fg}` : '',
    bg ? `bg-${bg}` : '',
    bold ? 'bold' : '',
    dim ? 'soft' : '',
    italic ? 'italic' : '',
    underline ? 'underline' : '',
  ].filter((name) => name !== '');
  const span = <span class={names.join(' ')}>{text}</span>;
  return hit ? <mark>{span}</mark> : span;
}
