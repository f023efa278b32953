import { ClassSet } from './pythonclass.ts';

/** A construct that Python accepts and this translation does not, or that Python refuses too. The message names the construct. */
export class Untranslatable extends Error {
  readonly part: 'pattern' | 'replacement';

  constructor(message: string, part: 'pattern' | 'replacement') {
    super(message);
    this.part = part;
  }
}

/** A capturing group, and when JavaScript and Python capture different texts. */
export interface Group {
  number: number;
  name: string | undefined;
  /** A match may skip the group. In Python a reference to it then fails, in JavaScript it matches nothing. */
  optional: boolean;
  /** The group is repeated, and the last round may skip it or leave it empty: Python keeps the capture of an earlier round. */
  resets: boolean;
  nullable: boolean;
}

export interface Translated {
  source: string;
  /** Global, in the `v` mode, in which classes can be nested. */
  flags: string;
  groups: Group[];
}

/** A translated part of the pattern. */
interface Part {
  source: string;
  nullable: boolean;
  groups: Group[];
  /** `^`, `$`, `\b`, look-around or nothing: it cannot be repeated. */
  assertion?: boolean;
}

/**
 * Translates a pattern of Python's `re` (for text) to a JavaScript pattern that matches the same.
 *
 * Differences are written out: `\d \w \s \b` know all of Unicode, `.` stops at `\n` only, `$` also matches before a last
 * `\n`, `\A \Z {,n} (?P<n>…) (?P=n) (?#…)` do not exist in JavaScript, `{` and `]` may be plain characters.
 * @throws {Untranslatable} conditionals, atomic groups, possessive quantifiers, flags other than (?aimsu) at the start,
 *   named characters, references whose meaning differs; and whatever Python refuses
 */
export function translatePattern(pattern: string): Translated {
  return new Translator(pattern).translate();
}

const CONTROL: Record<string, number> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

class Translator {
  private readonly text: string;
  private offset = 0;
  private readonly groups: Group[] = [];
  private readonly closed = new Set<Group>();
  private flags = new Set<string>();
  private inLookbehind = 0;
  private classes = new ClassSet(false);

  constructor(pattern: string) {
    this.text = pattern;
  }

  translate(): Translated {
    this.leadingFlags();
    this.classes = new ClassSet(this.flags.has('a'));
    const { source } = this.alternatives();
    if (this.offset < this.text.length) throw this.refuse("unbalanced ')'");
    const flags = this.flags.has('i') ? 'giv' : 'gv';
    try {
      new RegExp(source, flags);
    } catch (error) {
      throw this.refuse((error as Error).message);
    }
    return { source, flags, groups: this.groups };
  }

  private leadingFlags(): void {
    for (let match = this.take(/\(\?([a-zA-Z]+)\)/y); match; match = this.take(/\(\?([a-zA-Z]+)\)/y)) {
      for (const flag of match[1] as string) {
        if (!'aimsu'.includes(flag)) throw this.refuse(`the flag (?${flag})`);
        this.flags.add(flag);
      }
    }
  }

  private alternatives(): Part {
    const branches = [this.sequence()];
    while (this.take(/\|/y)) branches.push(this.sequence());
    const groups = branches.flatMap((branch) => branch.groups);
    if (branches.length > 1) for (const group of groups) group.optional = true;
    return {
      source: branches.map((branch) => branch.source).join('|'),
      nullable: branches.some((branch) => branch.nullable),
      groups,
    };
  }

  private sequence(): Part {
    const parts: Part[] = [];
    while (this.offset < this.text.length && !/[|)]/.test(this.text[this.offset] as string)) {
      parts.push(this.quantified(this.atom()));
    }
    return {
      source: parts.map((part) => part.source).join(''),
      nullable: parts.every((part) => part.nullable),
      groups: parts.flatMap((part) => part.groups),
    };
  }

  private quantified(atom: Part): Part {
    const match = this.take(/([*+?])|\{(\d*)(?:(,)(\d*))?\}/y);
    if (!match) return atom;
    const [quantifier, symbol, low, comma, high] = match;
    if (quantifier === '{}') {
      this.offset -= 2;
      return atom;
    }
    if (atom.assertion) throw this.refuse(`nothing to repeat before ${quantifier}`);
    const min = symbol ? (symbol === '+' ? 1 : 0) : Number(low);
    const max = symbol
      ? symbol === '?'
        ? 1
        : Number.POSITIVE_INFINITY
      : high
        ? Number(high)
        : comma
          ? Number.POSITIVE_INFINITY
          : min;
    if (max < min) throw this.refuse(`${quantifier}, whose minimum is larger than its maximum`);
    if (this.take(/\+/y)) throw this.refuse(`the possessive quantifier ${quantifier}+`);
    const lazy = this.take(/\?/y) ? '?' : '';
    if (/^(?:[*+?]|\{\d*,?\d*\})/.test(this.text.slice(this.offset)) && !this.text.startsWith('{}', this.offset)) {
      throw this.refuse('a quantifier after a quantifier');
    }
    for (const group of atom.groups) {
      if (max > 1 && (group.optional || group.nullable)) group.resets = true;
      if (min === 0) group.optional = true;
    }
    const times = max === Number.POSITIVE_INFINITY ? `{${min},}` : `{${min},${max}}`;
    return { source: `${atom.source}${times}${lazy}`, nullable: atom.nullable || min === 0, groups: atom.groups };
  }

  private atom(): Part {
    if (this.take(/\{(?:\d+,?\d*|,\d*)\}/y)) throw this.refuse('nothing to repeat');
    const character = this.character();
    switch (character) {
      case '.':
        return this.plain(this.flags.has('s') ? '[\\s\\S]' : '[^\\n]');
      case '^':
        return this.assertion(this.flags.has('m') ? '(?<![^\\n])' : '(?<![\\s\\S])');
      case '$':
        return this.assertion(this.flags.has('m') ? '(?![^\\n])' : '(?=\\n?(?![\\s\\S]))');
      case '[':
        return this.plain(this.characterClass());
      case '(':
        return this.group();
      case '\\':
        return this.escape();
      case '*':
      case '+':
      case '?':
        throw this.refuse(`nothing to repeat before ${character}`);
      default:
        return this.plain(literal(character.codePointAt(0) as number));
    }
  }

  private group(): Part {
    if (!this.take(/\?/y)) return this.capture(undefined);
    const named = this.take(/P<([^>]*)>/y);
    if (named) return this.capture(named[1]);
    const reference = this.take(/P=([^)]*)\)/y);
    if (reference)
      return this.reference(
        this.groups.find((group) => group.name === reference[1]),
        reference[1] as string,
      );
    if (this.take(/#/y)) {
      if (!this.take(/[^)]*\)/y)) throw this.refuse('(?#: the comment is not closed');
      return { source: '', nullable: true, groups: [], assertion: true };
    }
    const look = this.take(/<?[=!]/y)?.[0];
    if (look) {
      const behind = look.startsWith('<') ? 1 : 0;
      this.inLookbehind += behind;
      const inside = this.closeGroup(look);
      this.inLookbehind -= behind;
      if (look.endsWith('!')) for (const group of inside.groups) group.optional = true;
      return { ...this.assertion(`(?${look}${inside.source})`), groups: inside.groups };
    }
    if (this.take(/:/y)) {
      const inside = this.closeGroup(':');
      return { ...inside, source: `(?:${inside.source})` };
    }
    const construct = this.take(/\(|>|[a-zA-Z-]*[:)]|./y)?.[0] ?? '';
    const names: Record<string, string> = { '(': 'the conditional (?(…)', '>': 'the atomic group (?>' };
    throw this.refuse(names[construct] ?? `(?${construct}`);
  }

  private capture(name: string | undefined): Part {
    if (name !== undefined && (!/^[A-Za-z_]\w*$/.test(name) || this.groups.some((group) => group.name === name))) {
      throw this.refuse(`the group name '${name}'`);
    }
    const group: Group = { number: this.groups.length + 1, name, optional: false, resets: false, nullable: false };
    this.groups.push(group);
    const inside = this.closeGroup('');
    group.nullable = inside.nullable;
    this.closed.add(group);
    return { source: `(${inside.source})`, nullable: inside.nullable, groups: [group, ...inside.groups] };
  }

  private closeGroup(opened: string): Part {
    const inside = this.alternatives();
    if (!this.take(/\)/y)) throw this.refuse(`(${opened && `?${opened}`}: the group is not closed`);
    return inside;
  }

  private reference(group: Group | undefined, name: string): Part {
    if (!group || !this.closed.has(group))
      throw this.refuse(`a reference to the group '${name}', which does not exist`);
    if (group.optional || group.resets || this.inLookbehind > 0) {
      throw this.refuse(`a reference in the pattern to the group '${name}', which may not have matched`);
    }
    return { source: `(?:\\${group.number})`, nullable: true, groups: [] };
  }

  private escape(): Part {
    const octal = this.take(/0[0-7]{0,2}|[0-3][0-7]{2}/y)?.[0];
    if (octal) return this.plain(literal(Number.parseInt(octal, 8)));
    const number = this.take(/[1-9][0-9]?/y)?.[0];
    if (number) return this.reference(this.groups[Number(number) - 1], number);
    const character = this.character('a backslash at the end');
    const word = this.classes.word;
    if (character === 'A') return this.assertion('(?<![\\s\\S])');
    if (character === 'Z') return this.assertion('(?![\\s\\S])');
    if (character === 'b') return this.assertion(`(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`);
    if (character === 'B') return this.assertion(`(?:(?<=${word})(?=${word})|(?<!${word})(?!${word}))`);
    return this.plain(this.classes.escape(character) ?? literal(this.escapedCharacter(character)));
  }

  /** Code point of an escape that has the same meaning inside and outside a class. */
  private escapedCharacter(character: string): number {
    const digits = { x: 2, u: 4, U: 8 }[character];
    if (digits !== undefined) {
      const hex = this.take(new RegExp(`[0-9A-Fa-f]{${digits}}`, 'y'))?.[0];
      const code = Number.parseInt(hex ?? '', 16);
      if (!(code <= 0x10ffff)) throw this.refuse(`\\${character} without ${digits} hexadecimal digits of a character`);
      return code;
    }
    const control = CONTROL[character];
    if (control !== undefined) return control;
    if (/[A-Za-z0-9]/.test(character)) throw this.refuse(`the escape \\${character}`);
    return character.codePointAt(0) as number;
  }

  private characterClass(): string {
    const negated = this.take(/\^/y) ? '^' : '';
    let source = '';
    for (let first = true; first || !this.take(/\]/y); first = false) {
      const low = this.classItem();
      if (!this.take(/-(?!\])/y)) {
        source += low.source;
        continue;
      }
      const high = this.classItem();
      if (low.code === undefined || high.code === undefined || low.code > high.code) {
        throw this.refuse('the character range in a class');
      }
      source += `${low.source}-${high.source}`;
    }
    return `[${negated}${source}]`;
  }

  private classItem(): { source: string; code?: number } {
    const character = this.character('a class that is not closed');
    if (character !== '\\') return single(character.codePointAt(0) as number);
    const octal = this.take(/[0-3]?[0-7]{1,2}/y)?.[0];
    if (octal) return single(Number.parseInt(octal, 8));
    const escaped = this.character('a backslash at the end');
    if (escaped === 'b') return single(8);
    const source = this.classes.escape(escaped);
    return source === undefined ? single(this.escapedCharacter(escaped)) : { source };
  }

  private plain(source: string): Part {
    return { source, nullable: false, groups: [] };
  }

  private assertion(source: string): Part {
    return { source, nullable: true, groups: [], assertion: true };
  }

  private character(missing = 'the end'): string {
    const code = this.text.codePointAt(this.offset);
    if (code === undefined) throw this.refuse(missing);
    const character = String.fromCodePoint(code);
    this.offset += character.length;
    return character;
  }

  private take(sticky: RegExp): RegExpExecArray | null {
    sticky.lastIndex = this.offset;
    const match = sticky.exec(this.text);
    if (match) this.offset = sticky.lastIndex;
    return match;
  }

  private refuse(construct: string): Untranslatable {
    return new Untranslatable(
      `the regular expression ${JSON.stringify(this.text)} cannot be used: ${construct}`,
      'pattern',
    );
  }
}

function single(code: number): { source: string; code: number } {
  return { source: literal(code), code };
}

function literal(code: number): string {
  return /[A-Za-z0-9_]/.test(String.fromCodePoint(code)) ? String.fromCodePoint(code) : `\\u{${code.toString(16)}}`;
}
