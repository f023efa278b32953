import { randomInt } from 'node:crypto';
import pc from 'picocolors';
import { printable } from './printable.ts';

/**
 * A secret number of this process. The colours of relval carry it until they are written to the terminal, so that relval can
 * distinguish them from colours in a name or a message.
 */
const KEY = Array.from({ length: 8 }, () => randomInt(1000, 10_000)).join(';');

/** A colour of relval, or a character that a terminal would obey or not show, except a tab. */
const OBEYED = new RegExp(`\\u001b\\[${KEY};(\\d+)m|(?!\\t)[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]`, 'gu');

const PLAIN = /^[ -~]*$/;

type Style = (text: string) => string;

/** The styles of relval's own text, with the SGR codes that start and end each. */
const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const;

export type Paint = Readonly<Record<keyof typeof CODES, Style>>;

/** @param colour false: texts stay as they are */
export function paintIn(colour: boolean): Paint {
  const style = ([on, off]: readonly [number, number]): Style => {
    const [begin, end] = [mark(on), mark(off)];
    // If a style ends inside of another one of the same kind, the outer style must go on.
    return (text) => (colour ? begin + text.replaceAll(end, end + begin) + end : text);
  };
  const { bold, dim, red, green, yellow, magenta, cyan } = CODES;
  return {
    bold: style(bold),
    dim: style(dim),
    red: style(red),
    green: style(green),
    yellow: style(yellow),
    magenta: style(magenta),
    cyan: style(cyan),
  };
}

/** Whether texts are shown in colour: on a terminal, or as `NO_COLOR` and `FORCE_COLOR` say. */
export const inColour = pc.isColorSupported;

/** Colours for this terminal, if it shows any. */
export const paint = paintIn(inColour);

/** Whether a text has only characters that a terminal shows as they are, one in each place. Most texts have no others. */
export function isPlain(text: string): boolean {
  return PLAIN.test(text);
}

/**
 * Makes one line safe for a terminal. Colours from `paint` stay. Other characters that a terminal would obey, including line
 * feeds, and invisible characters are shown as `\x1b` or `\u202e`.
 */
export function terminalLine(text: string): string {
  if (isPlain(text)) return text;
  return text.replace(OBEYED, (found, code: string | undefined) =>
    code === undefined ? printable(found) : `\x1b[${code}m`,
  );
}

function mark(code: number): string {
  return `\x1b[${KEY};${code}m`;
}
