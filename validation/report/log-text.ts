import { StringDecoder } from 'node:string_decoder';
import { printable } from './printable.ts';

/** A sequence for colours and weights (ECMA-48, SGR); another control sequence; a line end; a character that must be escaped. */
const FOUND = new RegExp(
  [
    '\\u001b\\[([\\d;:]{0,100})m',
    '\\u001b\\[[0-?]{0,100}[ -/]{0,9}[@-~]',
    '(\\r?\\n|\\r)',
    '(?!\\t)[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]',
  ].join('|'),
  'gu',
);

/** The beginning of a sequence, or of a line end, that the next piece may complete. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the expression searches for control characters
const UNFINISHED = /(?:\r|\u001b(?:\[[0-?]{0,100}[ -/]{0,9})?)$/;

/** Codes for blinking and for hidden text. */
const REFUSED = new Set([5, 6, 8]);

const RESET = '\x1b[0m';

/**
 * Makes the text of a log safe for a terminal, piece by piece. It keeps colours and weights if the terminal shows colours. It
 * removes other control sequences, which contain no text. A carriage return starts a new line, so that it hides nothing.
 * Other characters that a terminal would obey are shown as `\x1b`.
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

  /** Ends the log: returns the rest of the text, and resets the colours. */
  end(): string {
    const text = this.#rest + this.#decoder.end();
    this.#rest = '';
    return this.#shown(text) + this.plain();
  }

  /** Resets the colours of the log, before text of relval follows. */
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

/** Makes one line of a log safe for a terminal. */
export function logLine(text: string, colour: boolean): string {
  const shown = new LogText(colour);
  return shown.push(Buffer.from(text.replace(/[\r\n]/g, printable))) + shown.end();
}

/** Whether a SGR sequence only sets colours and weights. @param parameters `1;31`, `38;5;8` */
function isHarmless(parameters: string): boolean {
  const codes = parameters.split(/[;:]/).map(Number);
  for (let n = 0; n < codes.length; n++) {
    const code = codes[n] ?? 0;
    if (REFUSED.has(code)) return false;
    // A colour follows: one number for one of 256 colours, or three numbers for red, green and blue.
    if (code === 38 || code === 48 || code === 58) n += codes[n + 1] === 5 ? 2 : 4;
  }
  return true;
}
