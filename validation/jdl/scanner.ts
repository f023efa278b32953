import { Lines, type Source } from '../input/input-error.ts';

const VARIABLE = /#alien(_counter|filename)/y;

/** A position in the text of a JDL. It moves over matches, white space, comments and strings. */
export class Scanner {
  protected readonly text: string;
  protected readonly lines: Lines;
  protected offset = 0;

  constructor(source: Source) {
    this.text = source.text;
    this.lines = new Lines(source);
  }

  /** Moves over a string that is closed on its line; otherwise over its quote only. */
  protected skipString(): boolean {
    const closed = this.match(/"(?:[^"\\\n]|\\[^\n])*"/y) !== undefined;
    if (!closed) this.offset++;
    return closed;
  }

  protected skipSpace(): void {
    while (this.offset < this.text.length) {
      if (/\s/.test(this.text[this.offset] as string)) this.offset++;
      else if (this.atComment()) this.skipLine();
      else if (!this.skipBlockComment()) return;
    }
  }

  protected atComment(): boolean {
    const character = this.text[this.offset];
    if (character !== '#' && !(character === '/' && this.text[this.offset + 1] === '/')) return false;
    return /^[\s;,{})]?$/.test(this.text[this.offset - 1] ?? '') && !this.matches(VARIABLE);
  }

  /** Moves over a comment of C. A comment that is not closed is none. */
  private skipBlockComment(): boolean {
    return this.match(/\/\*[\s\S]*?\*\//y) !== undefined;
  }

  protected skipLine(): void {
    this.offset = this.endOfLine();
  }

  protected endOfLine(): number {
    const end = this.text.indexOf('\n', this.offset);
    return end < 0 ? this.text.length : end;
  }

  protected match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.offset;
    const match = pattern.exec(this.text);
    if (match) this.offset = pattern.lastIndex;
    return match?.[0];
  }

  protected matches(pattern: RegExp): boolean {
    pattern.lastIndex = this.offset;
    return pattern.test(this.text);
  }

  protected found(): string {
    const character = this.text.codePointAt(this.offset);
    return character === undefined ? 'the end of the file' : `'${String.fromCodePoint(character)}'`;
  }
}
