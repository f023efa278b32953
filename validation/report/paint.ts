import { randomInt } from 'node:crypto';
import pc from 'picocolors';
import { printable } from './printable.ts';

/**
 * A number of this process that nobody outside can know. Our own colours carry it until they are written to the terminal,
 * so that a colour within a name or a message can be told from one of ours.
 */
const KEY = Array.from({ length: 8 }, () => randomInt(1000, 10_000)).join(';');

/** One of our own colours, or anything that a terminal would obey or not show. A tab is left as it is. */
const OBEYED = new RegExp(`\\u001b\\[${KEY};(\\d+)m|(?!\\t)[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]`, 'gu');

type Style = (text: string) => string;

/** The looks of our own words, with the codes (SGR) that begin and end each. */
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
    // A style that ends within another of the same kind must not end that too.
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

/**
 * One line as it may be written to a terminal. Only the colours that `paint` has made are obeyed. All else that a terminal
 * would obey, line feeds included, and what cannot be seen is shown as `\x1b` or `\u202e`.
 */
export function terminalLine(text: string): string {
  return text.replace(OBEYED, (found, code: string | undefined) =>
    code === undefined ? printable(found) : `\x1b[${code}m`,
  );
}

function mark(code: number): string {
  return `\x1b[${KEY};${code}m`;
}
