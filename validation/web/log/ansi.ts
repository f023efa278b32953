import { printable } from '../../report/printable.ts';

/** A part of a line with its style. Colours are the eight names of a terminal; the page decides how they look. */
export interface Span {
  text: string;
  fg?: Colour;
  bg?: Colour;
  bold?: true;
  dim?: true;
  italic?: true;
  underline?: true;
}

const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const;
export type Colour = (typeof COLOURS)[number];

export interface AnsiLine {
  spans: Span[];
  /** The number of texts of the line that a carriage return has overwritten, for example by a progress bar. */
  overwritten: number;
}

/**
 * ECMA-48: colours and weights (SGR), any other control sequence, an operating system command (titles, links), and the choice
 * of a character set. Only the first is used; the others are removed.
 */
const SEQUENCE = new RegExp(
  [
    '\\u001b\\[([\\d;:]*)m',
    '\\u001b\\[[0-?]*[ -/]*[@-~]',
    '\\u001b\\][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\)',
    '\\u001b[()][0-9A-Z]',
  ].join('|'),
  'g',
);

/**
 * A line as a terminal would show it, with colours and weights only. Other invisible characters are shown as `\x07`. Each line
 * begins without colours, because the lines above it may not have been read.
 */
export function parseAnsi(line: string): AnsiLine {
  const texts = line.split('\r').filter((text) => text !== '');
  const shown = texts.at(-1) ?? '';
  const overwritten = Math.max(0, texts.length - 1);
  if (!shown.includes('\u001b')) return { spans: shown === '' ? [] : [{ text: visible(shown) }], overwritten };
  const spans: Span[] = [];
  let look: Omit<Span, 'text'> = {};
  let at = 0;
  const push = (text: string): void => {
    if (text !== '') spans.push({ text: visible(text), ...look });
  };
  for (const match of shown.matchAll(SEQUENCE)) {
    push(shown.slice(at, match.index));
    at = match.index + match[0].length;
    if (match[1] !== undefined) look = changeLook(look, match[1]);
  }
  push(shown.slice(at));
  return { spans, overwritten };
}

/** Tabs are kept, because the page decides their width. */
function visible(text: string): string {
  return text.split('\t').map(printable).join('\t');
}

function changeLook(before: Omit<Span, 'text'>, parameters: string): Omit<Span, 'text'> {
  let look = { ...before };
  const codes = parameters.split(/[;:]/).map(Number);
  for (let n = 0; n < codes.length; n++) {
    const code = codes[n] ?? 0;
    if (code === 0) look = {};
    else if (code === 1) look.bold = true;
    else if (code === 2) look.dim = true;
    else if (code === 3) look.italic = true;
    else if (code === 4) look.underline = true;
    else if (code === 22) {
      delete look.bold;
      delete look.dim;
    } else if (code === 23) delete look.italic;
    else if (code === 24) delete look.underline;
    else if (code === 39) delete look.fg;
    else if (code === 49) delete look.bg;
    else if (code === 38 || code === 48) {
      const { colour, used } = extended(codes.slice(n + 1));
      n += used;
      if (colour) look[code === 38 ? 'fg' : 'bg'] = colour;
    } else {
      const colour = COLOURS[code % 10];
      if (colour === undefined || code % 10 > 7) continue;
      const tens = Math.floor(code / 10);
      if (tens === 3 || tens === 9) look.fg = colour;
      else if (tens === 4 || tens === 10) look.bg = colour;
    }
  }
  return look;
}

/** `5;N` of 256 colours and `2;R;G;B` become the nearest of eight colours, which can be read on both backgrounds. */
function extended([kind, a = 0, b = 0, c = 0]: readonly number[]): { colour?: Colour; used: number } {
  if (kind === 2) return { ...nearest(a, b, c), used: 4 };
  if (kind !== 5) return { used: 1 };
  const named = COLOURS[a % 8];
  if (a < 16) return { ...(named && { colour: named }), used: 2 };
  if (a >= 232) return { ...nearest((a - 232) * 11, (a - 232) * 11, (a - 232) * 11), used: 2 };
  const level = (value: number): number => (value % 6) * 51;
  const cube = a - 16;
  return { ...nearest(level(Math.floor(cube / 36)), level(Math.floor(cube / 6)), level(cube)), used: 2 };
}

function nearest(red: number, green: number, blue: number): { colour?: Colour } {
  const half = Math.max(red, green, blue) / 2;
  const bit = (value: number): number => (value > half && value > 40 ? 1 : 0);
  const colour = COLOURS[bit(red) + 2 * bit(green) + 4 * bit(blue)];
  return colour ? { colour } : {};
}
