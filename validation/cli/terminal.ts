import { createInterface } from 'node:readline/promises';
import { LogText, logLine } from '../report/log-text.ts';
import { inColour, terminalLine } from '../report/paint.ts';

/**
 * stdout or stderr. All output of the commands goes through here, so that no text from a log, a file name, a reason or a
 * host reaches a terminal as a control sequence. Nothing else writes to the two (`test/layout.test.ts`).
 */
export class Terminal {
  readonly #stream: NodeJS.WriteStream;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** `console` would find out for each line whether to colour it, which takes longer than to write it. */
  #print(text: string): void {
    this.#stream.write(`${text}\n`);
  }

  /** Characters in a line of the terminal; undefined: it is no terminal. */
  get columns(): number | undefined {
    return this.isTerminal ? this.#stream.columns : undefined;
  }

  /** Whether it is a terminal, not a pipe or a file. */
  get isTerminal(): boolean {
    return this.#stream.isTTY;
  }

  /** Prints lines. A line feed inside a line is shown as `\x0a`. */
  say(...lines: readonly string[]): void {
    this.#print(lines.map(terminalLine).join('\n'));
  }

  /** As `say`; lines that do not fit on the screen are shown in the user's pager, as git does. */
  async page(lines: readonly string[], allowed: boolean): Promise<void> {
    if (!allowed || !this.isTerminal || lines.length < this.#stream.rows) {
      this.say(...lines);
      return;
    }
    const { showInPager } = await import('./output/pager.ts');
    const text = `${lines.map(terminalLine).join('\n')}\n`;
    if (!(await showInPager(text))) this.#print(text.slice(0, -1));
  }

  /** Prints a text of several lines, in which each foreign text is a single line. */
  sayText(text: string): void {
    this.#print(text.replace(/\n$/, '').split('\n').map(terminalLine).join('\n'));
  }

  /** Prints JSON, with control characters as `\u001b`. @param indent number of blanks; 0: all on one line */
  sayJson(value: unknown, indent = 2): void {
    const text = JSON.stringify(value, null, indent);
    this.#print(text.replace(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, escapedInJson));
  }

  /**
   * Prints lines of a log, each after relval's own text: safe for a terminal, or unchanged to a pipe or a
   * file or if `raw`. Resolves when they are written.
   */
  async sayLogLines(lines: readonly { before: string; text: string }[], raw: boolean): Promise<void> {
    const asIs = raw || !this.isTerminal;
    const shown = lines.map(({ before, text }) => `${terminalLine(before)}${asIs ? text : logLine(text, inColour)}\n`);
    await new LogOutput(this.#stream, undefined).write(Buffer.from(shown.join('')));
  }

  /** Accepts the bytes of a log, or of another file, as they arrive. */
  log(raw: boolean): LogOutput {
    return new LogOutput(this.#stream, raw || !this.isTerminal ? undefined : new LogText(inColour));
  }

  /** Clears the screen and begins at its top. */
  clear(): void {
    if (this.isTerminal) this.#stream.write('\x1b[H\x1b[2J');
  }

  /**
   * Lines that are drawn again and again; undefined if that is not possible: some CI systems do not tell the size of their terminal.
   * @param create makes the drawing program; loaded only when needed
   */
  drawing(create: (stream: NodeJS.WriteStream) => Drawing<string>): Drawing<readonly string[]> | undefined {
    if (!this.isTerminal || !(this.#stream.rows > 0)) return undefined;
    const update = create(this.#stream);
    return Object.assign((lines: readonly string[]) => update(`${lines.map(terminalLine).join('\n')}\n`), {
      clear: () => update.clear(),
      done: () => update.done(),
    });
  }

  /** Asks the user at the terminal. */
  async ask(question: string): Promise<string> {
    const terminal = createInterface({ input: process.stdin, output: this.#stream });
    const answer = await terminal.question(terminalLine(question));
    terminal.close();
    return answer;
  }

  /** Ends an incomplete line of a log. */
  endLine(): void {
    this.#stream.write('\n');
  }

  /** A reader that closes the pipe does not end the command. @param callback called when the reader has gone */
  onGone(callback: () => void): void {
    this.#stream.removeAllListeners('error').on('error', callback);
  }
}

/** The interface of log-update: replaces what it has drawn before. */
interface Drawing<Picture> {
  (picture: Picture): void;
  clear(): void;
  done(): void;
}

/** Bytes of a log on their way to stdout or stderr. */
export class LogOutput {
  readonly #stream: NodeJS.WriteStream;
  readonly #text: LogText | undefined;

  /** @param text makes them safe for a terminal; undefined: they are unchanged */
  constructor(stream: NodeJS.WriteStream, text: LogText | undefined) {
    this.#stream = stream;
    this.#text = text;
  }

  /** Resolves when they are written: it waits for a slow reader instead of keeping everything in memory. */
  async write(chunk: Buffer): Promise<void> {
    await this.#put(this.#text?.push(chunk) ?? chunk);
  }

  /** Writes a whole log. */
  async all(chunks: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<void> {
    for await (const chunk of chunks) await this.write(chunk);
    await this.end();
  }

  /** Writes the bytes that were held back, and ends the colours of the log. More may follow. */
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

export const out = new Terminal(process.stdout);
export const err = new Terminal(process.stderr);

/** Width of `--help`, in characters. */
export const helpWidth = Math.min(120, process.stdout.columns ?? 100);

/** Prints on stderr why a command stops. Lines after the first are indented, so that no text can look like another message. */
export function sayError(name: string, messages: readonly string[]): void {
  const lines = messages.flatMap((message) => {
    const [first = '', ...others] = message.split('\n');
    return [first, ...others.map((line) => (line === '' || line.startsWith(' ') ? line : `  ${line}`))];
  });
  err.say(`${name}: ${lines[0] ?? ''}`, ...lines.slice(1));
}

/** A reader that closes the pipe (`relval logs … | head`) is no error. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  // What cannot be said does not end a command.
  process.stderr.on('error', () => {});
}
