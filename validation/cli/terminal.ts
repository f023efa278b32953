import { createInterface } from 'node:readline/promises';
import { LogText, logLine } from '../report/log-text.ts';
import { inColour, terminalLine } from '../report/paint.ts';

/**
 * stdout or stderr. All that the commands print goes through here, so that no text of a log, a file name, a reason or a
 * host reaches a terminal as a command to it. Nothing else writes to the two (`test/layout.test.ts`).
 */
export class Terminal {
  readonly #stream: NodeJS.WriteStream;
  readonly #print: (text: string) => void;

  constructor(stream: NodeJS.WriteStream, print: (text: string) => void) {
    this.#stream = stream;
    this.#print = print;
  }

  /** Somebody looks at it: it is neither a pipe nor a file. */
  get isTerminal(): boolean {
    return this.#stream.isTTY;
  }

  /** Prints lines. A line feed within one is shown as `\x0a`. */
  say(...lines: readonly string[]): void {
    this.#print(lines.map(terminalLine).join('\n'));
  }

  /** Prints a text of several lines, in which each text from elsewhere has been made one line. */
  sayText(text: string): void {
    this.#print(text.replace(/\n$/, '').split('\n').map(terminalLine).join('\n'));
  }

  /** Prints JSON, in which what a terminal would obey is written as `\u001b`. @param indent blanks; 0: all in one line */
  sayJson(value: unknown, indent = 2): void {
    const text = JSON.stringify(value, null, indent);
    this.#print(text.replace(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, escapedInJson));
  }

  /**
   * Prints lines of a log, each behind words of our own: fit for a terminal, or as they are where they go to a pipe or a
   * file, or are wanted `raw`. Resolves when they are written.
   */
  async sayLogLines(lines: readonly { before: string; text: string }[], raw: boolean): Promise<void> {
    const asIs = raw || !this.isTerminal;
    const shown = lines.map(({ before, text }) => `${terminalLine(before)}${asIs ? text : logLine(text, inColour)}\n`);
    await new LogOutput(this.#stream, undefined).write(Buffer.from(shown.join('')));
  }

  /** Takes the bytes of a log, or another file, as they come. */
  log(raw: boolean): LogOutput {
    return new LogOutput(this.#stream, raw || !this.isTerminal ? undefined : new LogText(inColour));
  }

  /** Begins again at the top of an empty screen. */
  clear(): void {
    if (this.isTerminal) this.#stream.write('\x1b[H\x1b[2J');
  }

  /**
   * Lines that are drawn again and again; undefined where they cannot be: some CI systems tell no size of their terminal.
   * @param create what draws: loaded by who needs it
   */
  drawing(create: (stream: NodeJS.WriteStream) => Drawing<string>): Drawing<readonly string[]> | undefined {
    if (!this.isTerminal || !(this.#stream.rows > 0)) return undefined;
    const update = create(this.#stream);
    return Object.assign((lines: readonly string[]) => update(`${lines.map(terminalLine).join('\n')}\n`), {
      clear: () => update.clear(),
      done: () => update.done(),
    });
  }

  /** Asks whoever sits at the terminal. */
  async ask(question: string): Promise<string> {
    const terminal = createInterface({ input: process.stdin, output: this.#stream });
    const answer = await terminal.question(terminalLine(question));
    terminal.close();
    return answer;
  }

  /** Ends a line that the bytes of a log have left unfinished. */
  endLine(): void {
    this.#stream.write('\n');
  }

  /** A reader that has seen enough does not end the command. @param callback called when it has gone */
  onGone(callback: () => void): void {
    this.#stream.removeAllListeners('error').on('error', callback);
  }
}

/** What log-update makes: draws something over what it has drawn before. */
interface Drawing<Picture> {
  (picture: Picture): void;
  clear(): void;
  done(): void;
}

/** Bytes of a log on their way to stdout or stderr. */
export class LogOutput {
  readonly #stream: NodeJS.WriteStream;
  readonly #text: LogText | undefined;

  /** @param text what makes them fit for a terminal; undefined: they stay as they are */
  constructor(stream: NodeJS.WriteStream, text: LogText | undefined) {
    this.#stream = stream;
    this.#text = text;
  }

  /** Resolves when they are written: waits for a slow reader rather than to hold all for it. */
  async write(chunk: Buffer): Promise<void> {
    await this.#put(this.#text?.push(chunk) ?? chunk);
  }

  /** Writes a whole log. */
  async all(chunks: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<void> {
    for await (const chunk of chunks) await this.write(chunk);
    await this.end();
  }

  /** Writes what was held back, and ends the colours of the log. More may follow. */
  async end(): Promise<void> {
    await this.#put(this.#text?.end() ?? '');
  }

  async #put(piece: string | Buffer): Promise<void> {
    if (piece.length > 0) await new Promise<void>((resolve) => this.#stream.write(piece, () => resolve()));
  }
}

function escapedInJson(character: string): string {
  return Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
    .map((code) => `\\u${code.toString(16).padStart(4, '0')}`)
    .join('');
}

export const out = new Terminal(process.stdout, console.log);
export const err = new Terminal(process.stderr, console.error);

/** Columns of text for `--help`. */
export const helpWidth = Math.min(120, process.stdout.columns ?? 100);

/** Says on stderr why a command does not go on. Lines after the first stand further in: no text can pass for another message. */
export function sayError(name: string, messages: readonly string[]): void {
  const lines = messages.flatMap((message) => {
    const [first = '', ...others] = message.split('\n');
    return [first, ...others.map((line) => (line === '' || line.startsWith(' ') ? line : `  ${line}`))];
  });
  err.say(`${name}: ${lines[0] ?? ''}`, ...lines.slice(1));
}

/** A reader that has seen enough (`relval logs … | head`) is no error. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}
