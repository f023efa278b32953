import { Lines, type Position, type Problem, type Source } from '../input/input-error.ts';

/** A piece of text and where it stands. */
export interface Item {
  text: string;
  at: Position;
}

/**
 * The value of a key. An `expression` is everything that is neither a string nor a list (`72000`, `( other.TTL > 1 )`):
 * kept as its text, as the predecessor does.
 */
export type Value =
  | { kind: 'string' | 'expression'; text: string; at: Position }
  | { kind: 'list'; items: Item[]; at: Position };

export interface Statement {
  key: string;
  value: Value;
  at: Position;
}

export interface Parsed {
  statements: Statement[];
  /** One for each malformed statement; these are not among the statements. */
  problems: Problem[];
}

/**
 * Parses a JDL. Never throws: each malformed statement is a problem, and parsing goes on behind it.
 *
 * Grammar: `statement = key "=" value ";"`, `value = string | "{" [item {"," item}] "}" | expression`,
 * `item = string | expression`. Strings have the escapes of JSON, which is what the predecessor reads them with, and
 * end on the line they begin on. All statements together may stand in `[` and `]`, as ClassAds do. `#` and `//` begin a
 * comment at the start of a line, after white space and after one of `; , { } )`, but not where `#alien…#` begins a
 * variable.
 * @param resync go on at the next line where a `;` is missing, so that an error there is found too; without it the
 *   text up to the next `;` is lost, as in the predecessor
 */
export function parseJdl(source: Source, resync = true): Parsed {
  return new Parser(source).parse(resync);
}

/** Thrown inside the parser: what is wrong, where, and where the next statement may begin. */
class Malformed extends Error {
  readonly offset: number;
  readonly resume: number | undefined;

  constructor(message: string, offset: number, resume?: number) {
    super(message);
    this.offset = offset;
    this.resume = resume;
  }
}

const KEY = /\w[\w.-]*/y;
const ASSIGNMENT = /\w[\w.-]*[ \t]*=(?![=?!])/y;
/** An assignment on a line of its own inside a value: the `;` before it is missing. */
const ASSIGNMENT_ON_NEXT_LINE = new RegExp(`\\n[ \\t\\r]*${ASSIGNMENT.source}`, 'y');
/** What may follow a string that is part of an expression. */
const OPERATOR = /[-+*/%=!<>&|?:).]/y;
const VARIABLE = /#alien(_counter|filename)/y;
const ESCAPES: Record<string, string> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

class Parser {
  private readonly text: string;
  private readonly lines: Lines;
  private offset = 0;

  constructor(source: Source) {
    this.text = source.text;
    this.lines = new Lines(source);
  }

  parse(resync: boolean): Parsed {
    const statements: Statement[] = [];
    const problems: Problem[] = [];
    this.skipSpace();
    const passedOver = this.match(/\[/y) ? /;|\](?=[\s;]*$)/y : /;/y;
    for (this.skipSpace(); this.offset < this.text.length; this.skipSpace()) {
      const start = this.offset;
      if (this.match(passedOver)) continue;
      try {
        statements.push(this.statement());
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
        problems.push({ message: error.message, at: this.lines.at(error.offset) });
        this.offset = (resync ? error.resume : undefined) ?? this.endOfStatement(start);
      }
    }
    return { statements, problems };
  }

  private statement(): Statement {
    const start = this.offset;
    const key = this.match(KEY);
    if (!key) throw new Malformed(`expected a key, found ${this.found()}`, start);
    this.skipSpace();
    if (this.text[this.offset] !== '=' || this.text[this.offset + 1] === '=') {
      throw new Malformed(`expected '=' after ${key}, found ${this.found()}`, this.offset);
    }
    const equals = this.offset++;
    this.skipSpace();
    if (this.text.slice(equals, this.offset).includes('\n') && this.matches(ASSIGNMENT)) {
      throw new Malformed(`no value for ${key}`, equals, this.offset);
    }
    const value = this.value();
    this.offset++;
    return { key, value, at: this.lines.at(start) };
  }

  /** Leaves the offset on the `;`. */
  private value(): Value {
    const start = this.offset;
    const at = this.lines.at(start);
    const first = this.text[start];
    if (first === '{') {
      const items = this.list();
      this.expectEnd('the list');
      return { kind: 'list', items, at };
    }
    if (first === '"') {
      const text = this.string();
      const end = this.offset;
      this.skipSpace();
      if (!this.matches(OPERATOR)) {
        this.offset = end;
        this.expectEnd('the string');
        return { kind: 'string', text, at };
      }
      this.offset = start;
    }
    const text = this.expression(';');
    if (this.offset >= this.text.length)
      throw new Malformed("missing ';' at the end of the file", this.text.trimEnd().length);
    return { kind: 'expression', text, at };
  }

  private list(): Item[] {
    const items: Item[] = [];
    const open = this.offset++;
    for (this.skipSpace(); this.text[this.offset] !== '}'; this.skipSpace()) {
      if (items.length > 0) {
        if (this.text[this.offset] !== ',') throw this.unfinishedList(open);
        this.offset++;
        this.skipSpace();
      }
      const start = this.offset;
      const text = this.text[start] === '"' ? this.string() : this.expression(',}');
      if (this.offset >= this.text.length) throw this.unfinishedList(open);
      if (text === '' && start === this.offset) {
        throw new Malformed(
          items.length === 0
            ? 'nothing before the comma'
            : this.text[start] === '}'
              ? 'nothing behind the last comma of the list'
              : 'nothing between the commas of the list',
          start,
        );
      }
      items.push({ text, at: this.lines.at(start) });
    }
    this.offset++;
    return items;
  }

  private unfinishedList(open: number): Malformed {
    if (this.offset >= this.text.length) return new Malformed("the list is not closed: missing '}'", open);
    return new Malformed(`expected ',' or '}' in the list, found ${this.found()}`, this.offset);
  }

  private string(): string {
    const open = this.offset++;
    let text = '';
    for (;;) {
      const character = this.text[this.offset];
      if (character === undefined || character === '\n') {
        const resume = this.matches(ASSIGNMENT_ON_NEXT_LINE) ? this.offset + 1 : undefined;
        throw new Malformed('the string is not closed on its line', open, resume);
      }
      this.offset++;
      if (character === '"') return text;
      text += character === '\\' ? this.escape() : character;
    }
  }

  private escape(): string {
    const character = this.text[this.offset] ?? '';
    if (character === 'u') {
      const digits = this.text.slice(this.offset + 1, this.offset + 5);
      if (!/^[0-9A-Fa-f]{4}$/.test(digits)) {
        throw new Malformed("'\\u' is not followed by four hexadecimal digits", this.offset - 1);
      }
      this.offset += 5;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const escaped = ESCAPES[character];
    if (escaped === undefined) {
      const shown = character.trim() === '' ? '' : character;
      throw new Malformed(`unknown escape '\\${shown}': a backslash itself is written '\\\\'`, this.offset - 1);
    }
    this.offset++;
    return escaped;
  }

  /** Text up to one of the characters in `ends` or the end of the file, without comments, trimmed. */
  private expression(ends: string): string {
    let text = '';
    while (this.offset < this.text.length) {
      const character = this.text[this.offset] as string;
      if (ends.includes(character)) break;
      if (this.atComment()) this.skipLine();
      else if (character === '"') {
        const start = this.offset;
        this.string();
        text += this.text.slice(start, this.offset);
      } else if (ends !== ';' && '{;'.includes(character)) {
        throw new Malformed(`expected ',' or '}' in the list, found '${character}'`, this.offset);
      } else if (this.matches(ASSIGNMENT_ON_NEXT_LINE)) {
        throw new Malformed("missing ';'", this.offset, this.offset + 1);
      } else {
        text += character;
        this.offset++;
      }
    }
    return text.trim();
  }

  private expectEnd(what: string): void {
    const end = this.offset;
    this.skipSpace();
    if (this.text[this.offset] === ';') return;
    const onNextLine = this.text.slice(end, this.offset).includes('\n');
    if (this.offset >= this.text.length || onNextLine) {
      throw new Malformed(`missing ';' after ${what}`, end, onNextLine ? this.offset : undefined);
    }
    throw new Malformed(`expected ';' after ${what}, found ${this.found()}`, this.offset);
  }

  /** Behind the `;` that ends the statement, for going on after an error in it. */
  private endOfStatement(start: number): number {
    this.offset = start;
    while (this.offset < this.text.length) {
      const character = this.text[this.offset];
      if (character === ';') return this.offset + 1;
      if (this.atComment()) this.skipLine();
      else if (character !== '"') this.offset++;
      else if (!this.skipString()) {
        const end = this.endOfLine();
        if (this.text.slice(this.offset, end).trimEnd().endsWith(';')) return end;
        this.offset = end;
      }
    }
    return this.offset;
  }

  /** Steps over a string that is closed on its line; otherwise over its quote only. */
  private skipString(): boolean {
    const closed = this.match(/"(?:[^"\\\n]|\\[^\n])*"/y) !== undefined;
    if (!closed) this.offset++;
    return closed;
  }

  private skipSpace(): void {
    while (this.offset < this.text.length) {
      if (/\s/.test(this.text[this.offset] as string)) this.offset++;
      else if (this.atComment()) this.skipLine();
      else return;
    }
  }

  private atComment(): boolean {
    const character = this.text[this.offset];
    if (character !== '#' && !(character === '/' && this.text[this.offset + 1] === '/')) return false;
    return /^[\s;,{})]?$/.test(this.text[this.offset - 1] ?? '') && !this.matches(VARIABLE);
  }

  private skipLine(): void {
    this.offset = this.endOfLine();
  }

  private endOfLine(): number {
    const end = this.text.indexOf('\n', this.offset);
    return end < 0 ? this.text.length : end;
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.offset;
    const match = pattern.exec(this.text);
    if (match) this.offset = pattern.lastIndex;
    return match?.[0];
  }

  private matches(pattern: RegExp): boolean {
    pattern.lastIndex = this.offset;
    return pattern.test(this.text);
  }

  private found(): string {
    const character = this.text.codePointAt(this.offset);
    return character === undefined ? 'the end of the file' : `'${String.fromCodePoint(character)}'`;
  }
}
