import type { Position, Problem, Source } from '../input/input-error.ts';
import { Scanner } from './scanner.ts';

/** A piece of text with its position. */
export interface Item {
  text: string;
  at: Position;
  /** Set for a list item that is not a string but another ClassAd expression, kept as its text. */
  expression?: true;
}

/**
 * The value of a key. An `expression` is everything that is neither a string nor a list (`72000`, `( other.TTL > 1 )`,
 * a record `[ a = 1; ]`). Its text is kept, as in the predecessor.
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
  /** One for each malformed statement. These are missing in `statements`. */
  problems: Problem[];
}

/**
 * Parses a JDL. It never throws: each malformed statement is a problem, and parsing continues after it.
 *
 * Grammar: `statement = key "=" value ";"`, `value = string | "{" [item {"," item}] "}" | expression`,
 * `item = string | expression`. Strings have the escapes of JSON, because the predecessor reads them as JSON, and
 * end on the line on which they begin. An expression is any text whose brackets and strings are closed: calls,
 * lists in lists and records are possible. All statements together may be enclosed in `[` and `]`, as in ClassAds; then the
 * last `;` is optional. `#` and `//` begin a comment at the start of a line, after white space and after one of
 * `; , { } )`, except where `#alien…#` begins a variable.
 * @param resync continue at the next line after a missing `;`, so that errors there are found too; without it the
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
/** An assignment on a separate line inside a value: the `;` before it is missing. */
const ASSIGNMENT_ON_NEXT_LINE = new RegExp(`\\n[ \\t\\r]*${ASSIGNMENT.source}`, 'y');
/** What may follow a string that is part of an expression. */
const OPERATOR = /[-+*/%=!<>&|?:).]/y;
/** The end of a file whose statements are enclosed in brackets. */
const LAST_BRACKET = /\](?=[\s;]*$)/y;
const CLOSED_BY: Record<string, string> = { '(': ')', '{': '}', '[': ']' };
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

class Parser extends Scanner {
  /** All statements are enclosed in brackets. */
  private bracketed = false;

  parse(resync: boolean): Parsed {
    const statements: Statement[] = [];
    const problems: Problem[] = [];
    this.skipSpace();
    this.bracketed = this.match(/\[/y) !== undefined;
    for (this.skipSpace(); this.offset < this.text.length; this.skipSpace()) {
      const start = this.offset;
      if (this.match(/;/y) || (this.bracketed && this.match(LAST_BRACKET))) continue;
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
      throw new Malformed(`${key} has no value`, equals, this.offset);
    }
    const value = this.value();
    if (this.text[this.offset] === ';') this.offset++;
    return { key, value, at: this.lines.at(start) };
  }

  /** Leaves the offset on the `;`, or on the bracket after the last statement. */
  private value(): Value {
    const start = this.offset;
    const at = this.lines.at(start);
    const first = this.text[start];
    if (first === '{') {
      const items = this.list();
      this.expectEnd('the list');
      return { kind: 'list', items, at };
    }
    const string = this.onlyString();
    if (string !== undefined) {
      this.expectEnd('the string');
      return { kind: 'string', text: string, at };
    }
    const text = this.expression(';');
    if (this.offset >= this.text.length)
      throw new Malformed("missing ';' at the end of the file", this.text.trimEnd().length);
    return { kind: 'expression', text, at };
  }

  /** A string that is not part of an expression; for anything else undefined, and the offset is unchanged. */
  private onlyString(): string | undefined {
    const start = this.offset;
    if (this.text[start] !== '"') return undefined;
    const text = this.string();
    const end = this.offset;
    this.skipSpace();
    const isPart = this.matches(OPERATOR);
    this.offset = isPart ? start : end;
    return isPart ? undefined : text;
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
      const string = this.onlyString();
      const text = string ?? this.expression(',}');
      if (this.offset >= this.text.length) throw this.unfinishedList(open);
      if (text === '' && start === this.offset) {
        throw new Malformed(
          items.length === 0
            ? 'there is nothing before the comma'
            : this.text[start] === '}'
              ? 'there is nothing after the last comma of the list'
              : 'there is nothing between the commas of the list',
          start,
        );
      }
      items.push({ text, at: this.lines.at(start), ...(string === undefined && { expression: true }) });
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
      throw new Malformed(`unknown escape '\\${shown}'. Write a backslash as '\\\\'`, this.offset - 1);
    }
    this.offset++;
    return escaped;
  }

  /**
   * The text up to one of the characters in `ends` outside brackets, or to the end of the file; without comments, trimmed.
   * Semicolons and assignments are allowed only inside a record.
   */
  private expression(ends: string): string {
    let text = '';
    const open: number[] = [];
    let records = 0;
    while (this.offset < this.text.length) {
      const character = this.text[this.offset] as string;
      const innermost = open.at(-1);
      if (innermost === undefined && (ends.includes(character) || (this.bracketed && this.matches(LAST_BRACKET))))
        break;
      if (this.atComment()) this.skipLine();
      else if (character === '"') {
        const start = this.offset;
        if (!this.skipString()) throw new Malformed('the string is not closed on its line', start);
        text += this.text.slice(start, this.offset);
      } else if (records === 0 && this.matches(ASSIGNMENT_ON_NEXT_LINE)) {
        throw this.unfinished(innermost, ends, this.offset + 1);
      } else if (character === ';' && records === 0) {
        throw this.unfinished(innermost, ends);
      } else {
        if (character === '[') records++;
        if (character in CLOSED_BY) open.push(this.offset);
        else if (innermost !== undefined && ')}]'.includes(character)) {
          if (CLOSED_BY[this.text[innermost] as string] !== character) throw this.unfinished(innermost, ends);
          open.pop();
          if (character === ']') records--;
        } else if (')}]'.includes(character)) {
          throw new Malformed(`'${character}' has no opening bracket`, this.offset);
        }
        text += character;
        this.offset++;
      }
    }
    if (open.length > 0) throw this.unfinished(open.at(-1), ends);
    return text.trim();
  }

  /** The error for an expression that cannot continue: a bracket is open, or the end is missing. */
  private unfinished(open: number | undefined, ends: string, resume?: number): Malformed {
    if (open !== undefined) {
      const bracket = this.text[open] as string;
      return new Malformed(`'${bracket}' is not closed: missing '${CLOSED_BY[bracket]}'`, open, resume);
    }
    if (ends === ';') return new Malformed("missing ';'", this.offset, resume);
    return new Malformed(`expected ',' or '}' in the list, found ${this.found()}`, this.offset, resume);
  }

  private expectEnd(what: string): void {
    const end = this.offset;
    this.skipSpace();
    if (this.text[this.offset] === ';' || (this.bracketed && this.matches(LAST_BRACKET))) return;
    const onNextLine = this.text.slice(end, this.offset).includes('\n');
    if (this.offset >= this.text.length || onNextLine) {
      throw new Malformed(`missing ';' after ${what}`, end, onNextLine ? this.offset : undefined);
    }
    throw new Malformed(`expected ';' after ${what}, found ${this.found()}`, this.offset);
  }

  /** The offset after the `;` of this statement, to continue there after an error. */
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
}
