/** The characters for which Python's `str.isspace` is true; JavaScript's `\s` lacks U+001C–U+001F and U+0085 and has U+FEFF. */
const SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

/** Python's character classes for JavaScript's `v` mode; with the flag `(?a)` they contain ASCII only. */
export class ClassSet {
  /** A class of the characters of words. */
  readonly word: string;
  private readonly sets: Record<string, string>;

  constructor(ascii: boolean) {
    this.sets = ascii
      ? { d: '0-9', s: '\\t-\\r\\x20', w: 'A-Za-z0-9_' }
      : { d: '\\p{Nd}', s: SPACE, w: '\\p{L}\\p{N}_' };
    this.word = `[${this.sets.w}]`;
  }

  /** The class of an escape letter, for use inside and outside a class; undefined for other letters. */
  escape(letter: string): string | undefined {
    const set = this.sets[letter.toLowerCase()];
    return set && `[${letter === letter.toLowerCase() ? '' : '^'}${set}]`;
  }
}
