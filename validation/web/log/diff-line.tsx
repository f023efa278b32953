import { parseAnsi } from './ansi.ts';
import { differenceOf } from './diff-source.ts';

interface Props {
  side: 'a' | 'b';
  /** Its position in the part, from 0. */
  row: number;
  line: number;
  href: string;
  text: string;
  /** The line beside it in the other log, if that differs. */
  than?: string | undefined;
  same?: boolean;
}

/** A line of one of two logs. Its text only goes into text nodes. */
export function DiffLine({ side, row, line, href, text, than, same = false }: Props) {
  const plain = plainOf(text);
  return (
    <p class={`line ${side}`} style={{ '--row': row + 1 }}>
      <a class="ln" href={href} tabIndex={-1} aria-label={`Line ${line}`}>
        {line}
      </a>
      <span class="sign">{same ? ' ' : side === 'a' ? '−' : '+'}</span>
      <span class="text">{than === undefined ? plain : <Marked side={side} text={plain} than={plainOf(than)} />}</span>
    </p>
  );
}

function plainOf(text: string): string {
  return parseAnsi(text)
    .spans.map((span) => span.text)
    .join('');
}

function Marked({ side, text, than }: { side: 'a' | 'b'; text: string; than: string }) {
  const { from, toA, toB } = side === 'a' ? differenceOf(text, than) : differenceOf(than, text);
  const to = side === 'a' ? toA : toB;
  return (
    <>
      {text.slice(0, from)}
      <b>{text.slice(from, to)}</b>
      {text.slice(to)}
    </>
  );
}
