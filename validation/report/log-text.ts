import { StringDecoder } from 'node:string_decoder';
import { printable } from './printable.ts';

/** Selects the look of what follows (ECMA-48, SGR); any other control sequence; a line's end; all that is not shown as it is. */
const FOUND = new RegExp(
  [
    '\\u001b\\[([\\d;:]{0,100})m',
    '\\u001b\\[[0-?]{0,100}[ -/]{0,9}[@-~]',
    '(\\r?\\n|\\r)',
    '(?!\\t)[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]',
  ].join('|'),
  'gu',
);

/** The beginning of a sequence, or of a line's end, that the next piece may complete. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const UNFINISHED = /(?:\r|\u001b(?:\[[0-?]{0,100}[ -/]{0,9})?)$/;

/** Blinking, and text that is not shown. */
const REFUSED = new Set([5, 6, 8]);

const RESET = '\x1b[0m';

/**
 * The text of a log as it may be written to a terminal, piece by piece. Colours and weights stay where the terminal shows
 * any. Other control sequences hold no text and are left out. A carriage return begins a new line, so that it hides
 * nothing. What else a terminal would obey is shown as `\x1b`.
 */
export class LogText {
  readonly #colour: boolean;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #isColoured = false;

  constructor(colour: boolean) {
    this.#colour = colour;
  }

  push(bytes: Buffer): string {
    const text = this.#rest + this.#decoder.write(bytes);
    this.#rest = UNFINISHED.exec(text)?.[0] ?? '';
    return this.#shown(text.slice(0, text.length - this.#rest.length));
  }

  /** What is left when no more comes, without the colours of the log. */
  end(): string {
    const text = this.#rest + this.#decoder.end();
    this.#rest = '';
    return this.#shown(text) + this.plain();
  }

  /** What is to be written before words that are not of the log. */
  plain(): string {
    const reset = this.#isColoured ? RESET : '';
    this.#isColoured = false;
    return reset;
  }

  #shown(text: string): string {
    return text.replace(FOUND, (found, look: string | undefined, lineEnd: string | undefined) => {
      if (look !== undefined) {
        if (!this.#colour || !isHarmless(look)) return '';
        this.#isColoured = true;
        return found;
      }
      if (lineEnd !== undefined) return '\n';
      return found.length > 2 ? '' : printable(found);
    });
  }
}

/** One line of a log as it may be written to a terminal, alone or behind words of our own. */
export function logLine(text: string, colour: boolean): string {
  const shown = new LogText(colour);
  return shown.push(Buffer.from(text.replace(/[\r\n]/g, printable))) + shown.end();
}

/** @param parameters of SGR: `1;31`, `38;5;8` */
function isHarmless(parameters: string): boolean {
  const codes = parameters.split(/[;:]/).map(Number);
  for (let n = 0; n < codes.length; n++) {
    const code = codes[n] ?? 0;
    if (REFUSED.has(code)) return false;
    // Another colour is a number of 256, or three for red, green and blue.
    if (code === 38 || code === 48 || code === 58) n += codes[n + 1] === 5 ? 2 : 4;
  }
  return true;
}
