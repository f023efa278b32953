import { VARIABLE } from '../jdl/variables.ts';

/**
 * Translates a JDL's text to bash source that means the same as in the JDL and nothing else: literal text becomes quoted data,
 * AliEn variables (`#alien_counter#`, `#alienfilename#`) become references to bash variables that are set per step, and
 * shell expressions (`$NAME`, `${…}`, `$(…)`, `$((…))`, backticks) are kept. Operators (`;`, `|`, `>`), globs, `~` and
 * comments have no meaning: they are text.
 */

/** Text that bash could not read. `offset` is the place in the text where the unclosed part begins. */
export class ShellTextError extends RangeError {
  override name = 'ShellTextError';
  readonly text: string;
  readonly offset: number;

  constructor(what: string, text: string, offset: number) {
    super(`${what} at character ${offset + 1} of: ${text}`);
    this.text = text;
    this.offset = offset;
  }
}

/** Gives the name of the bash variable with an AliEn variable's value; `variable` includes its two `#`. */
export type NameVariable = (variable: string) => string;

/** Bash source for exactly this text. Control characters are written as escapes, so that it stays on one line. */
export function quote(text: string): string {
  if (text.includes('\0')) throw new RangeError('an argument of a program cannot contain a NUL character');
  return text
    .split(/(\p{Cc}+)/u)
    .map((part, index) => (index % 2 === 1 ? `$'${escapes(part)}'` : part && `'${part.replaceAll("'", `'\\''`)}'`))
    .join('')
    .replace(/^$/, `''`);
}

function escapes(controls: string): string {
  return [...Buffer.from(controls)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}

/**
 * A command line's arguments as bash source, one entry for each word: split at white space, with regard to quotes. Bash splits the value of an
 * unquoted shell expression at run time, but never the value of an AliEn variable.
 * @throws {ShellTextError} when a quote or an expression is not closed
 */
export function shellWords(template: string, nameVariable: NameVariable): string[] {
  const lexer = new Lexer(template, nameVariable);
  const words: string[] = [];
  for (let word = lexer.word(); word !== undefined; word = lexer.word()) words.push(word);
  return words;
}

/**
 * A value as one word of bash source: never split, and quotes are text.
 * @throws {ShellTextError} when an expression is not closed
 */
export function shellValue(template: string, nameVariable: NameVariable): string {
  return new Lexer(template, nameVariable).value();
}

const VARIABLE_HERE = new RegExp(VARIABLE.source, 'y');
const NAME = /\$[A-Za-z_]\w*/y;

class Lexer {
  private readonly text: string;
  private readonly nameVariable: NameVariable;
  private at = 0;
  /** The word so far as bash source, then literal text that must still be quoted. */
  private source = '';
  private literal = '';

  constructor(text: string, nameVariable: NameVariable) {
    this.text = text;
    this.nameVariable = nameVariable;
  }

  /** The next word, undefined at the end. */
  word(): string | undefined {
    while (/\s/.test(this.text.charAt(this.at))) this.at++;
    if (this.at >= this.text.length) return undefined;
    while (this.at < this.text.length && !/\s/.test(this.text.charAt(this.at))) this.piece();
    return this.finish();
  }

  value(): string {
    while (this.at < this.text.length) this.quotedPiece();
    return this.finish();
  }

  private finish(): string {
    this.add('');
    const source = this.source || `''`;
    this.source = '';
    return source;
  }

  private add(source: string): void {
    if (this.literal) this.source += quote(this.literal);
    this.literal = '';
    this.source += source;
  }

  private piece(): void {
    const start = this.at;
    const char = this.text.charAt(start);
    if (char === '\\' && start + 1 < this.text.length) {
      this.literal += this.text.charAt(start + 1);
      this.at += 2;
    } else if (char === "'") {
      this.at++;
      while (this.text.charAt(this.at) !== "'") {
        if (this.at >= this.text.length) throw new ShellTextError('a quote is not closed; it begins', this.text, start);
        if (!this.variable()) this.literal += this.text.charAt(this.at++);
      }
      this.at++;
    } else if (char === '"') {
      this.at++;
      while (this.text.charAt(this.at) !== '"') {
        if (this.at >= this.text.length) throw new ShellTextError('a quote is not closed; it begins', this.text, start);
        this.quotedPiece();
      }
      this.at++;
    } else if (!this.variable()) {
      const code = this.expression(false);
      if (code) this.add(code);
      else this.literal += this.text.charAt(this.at++);
    }
  }

  /** The text between double quotes. The caller looks for the closing quote. */
  private quotedPiece(): void {
    const char = this.text.charAt(this.at);
    if (char === '\\' && /[$`"\\]/.test(this.text.charAt(this.at + 1))) {
      this.literal += this.text.charAt(this.at + 1);
      this.at += 2;
    } else if (!this.variable()) {
      const code = this.expression(true);
      if (code) this.add(`"${code}"`);
      else this.literal += this.text.charAt(this.at++);
    }
  }

  private variable(): boolean {
    const variable = this.match(VARIABLE_HERE);
    if (!variable) return false;
    this.add(`"\${${this.nameVariable(variable)}}"`);
    return true;
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found) this.at += found.length;
    return found;
  }

  /** The shell expression at the current place as bash source, '' if there is none. */
  private expression(quoted: boolean): string {
    const rest = this.text.slice(this.at, this.at + 3);
    if (rest.startsWith('$((')) return this.code('$((', '))', 'arithmetic');
    if (rest.startsWith('$(')) return this.code('$(', ')', 'command');
    if (rest.startsWith('${')) return this.code('${', '}', quoted ? 'quoted' : 'parameter');
    if (rest.startsWith('`')) return this.code('`', '`', 'command');
    return this.match(NAME) ?? '';
  }

  /**
   * The code from `open` to its `close`, unchanged except for AliEn variables. How those are referenced depends on what is
   * around them: quoted where bash would split, plain inside double quotes and arithmetic.
   */
  private code(open: string, close: string, context: 'command' | 'parameter' | 'quoted' | 'arithmetic'): string {
    const start = this.at;
    this.at += open.length;
    let code = open;
    let depth = 0;
    while (depth > 0 || !this.text.startsWith(close, this.at)) {
      if (this.at >= this.text.length)
        throw new ShellTextError(`'${open}' has no '${close}'; it begins`, this.text, start);
      const char = this.text.charAt(this.at);
      const variable = this.match(VARIABLE_HERE);
      if (variable) {
        const reference = `\${${this.nameVariable(variable)}}`;
        code += context === 'command' || context === 'parameter' ? `"${reference}"` : reference;
      } else if (char === '\\') {
        code += this.text.slice(this.at, this.at + 2);
        this.at += 2;
      } else if (char === "'" && (context === 'command' || context === 'parameter')) {
        code += this.singleQuoted();
      } else if (char === '"' && context !== 'quoted') {
        code += this.code('"', '"', 'quoted');
      } else {
        const inner = char === close ? '' : this.expression(context === 'quoted' || context === 'arithmetic');
        if (inner === '') this.at++;
        code += inner || char;
        if (close !== '}' && close !== '`' && close !== '"')
          depth += char === '(' && !inner ? 1 : char === ')' ? -1 : 0;
      }
    }
    this.at += close.length;
    return code + close;
  }

  private singleQuoted(): string {
    const start = this.at++;
    let code = "'";
    while (this.text.charAt(this.at) !== "'") {
      if (this.at >= this.text.length) throw new ShellTextError('a quote is not closed; it begins', this.text, start);
      const variable = this.match(VARIABLE_HERE);
      code += variable ? `'"\${${this.nameVariable(variable)}}"'` : this.text.charAt(this.at++);
    }
    this.at++;
    return `${code}'`;
  }
}
