import { bounded, TooSlow } from '../input/bounded.ts';
import { type Group, translatePattern, Untranslatable } from './pythonregex.ts';

export { Untranslatable };

/**
 * Python's `re.sub(pattern, replacement, text)` (3.7 and later).
 * @throws {Untranslatable} for what Python refuses, what cannot be translated (with its name), and what takes too long
 */
export function pythonSub(pattern: string, replacement: string, text: string): string {
  const { source, flags, groups } = translatePattern(pattern);
  const parts = template(replacement, groups);
  try {
    return bounded(() => substitute(source, flags, parts, text));
  } catch (error) {
    if (!(error instanceof TooSlow)) throw error;
    throw new Untranslatable(`the regular expression ${JSON.stringify(pattern)} ${error.message}`, 'pattern');
  }
}

/** @param parts of the replacement: texts, and numbers of groups */
function substitute(source: string, flags: string, parts: readonly (string | number)[], text: string): string {
  const regex = new RegExp(source, flags);
  let result = '';
  let done = 0;
  for (let match = regex.exec(text); match; ) {
    const end = match.index + match[0].length;
    result += text.slice(done, match.index);
    for (const part of parts) result += typeof part === 'string' ? part : (match[part] ?? '');
    done = end;
    const next = match[0] === '' ? new RegExp(`(?:${source})${notEndingAt(text, end)}`, flags) : regex;
    next.lastIndex = end;
    match = next.exec(text);
  }
  return result + text.slice(done);
}

/** After an empty match Python looks for a longer one at the same place, but JavaScript moves on by one character. */
function notEndingAt(text: string, offset: number): string {
  return `(?<!(?<![\\s\\S])[\\s\\S]{${[...text.slice(0, offset)].length}})`;
}

const ESCAPES: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

/** The replacement as literal text and group numbers. */
function template(replacement: string, groups: Group[]): (string | number)[] {
  const refuse = (what: string) => {
    return new Untranslatable(`the replacement ${JSON.stringify(replacement)} cannot be used: ${what}`, 'replacement');
  };
  const group = (name: string): number => {
    if (/^0+$/.test(name)) return 0;
    const found = groups.find((candidate) => candidate.name === name || String(candidate.number) === name);
    if (!found) throw refuse(`a reference to the group '${name}', which does not exist`);
    if (found.resets) throw refuse(`a reference to the group '${name}', whose last round may not match it`);
    return found.number;
  };
  const parts: (string | number)[] = [];
  const token = /\\(?:g<([^>]*)>|(0[0-7]{0,2}|[0-3][0-7]{2})|([1-9][0-9]?)|([\s\S]?))|[^\\]+/gu;
  for (const [text, named, octal, number, escaped] of replacement.matchAll(token)) {
    if (named !== undefined) parts.push(group(named));
    else if (octal !== undefined) parts.push(String.fromCharCode(Number.parseInt(octal, 8)));
    else if (number !== undefined) parts.push(group(number));
    else if (escaped === undefined) parts.push(text);
    else if (ESCAPES[escaped] !== undefined) parts.push(ESCAPES[escaped]);
    else if (escaped === '' || /[A-Za-z]/.test(escaped)) throw refuse(`the escape ${text}`);
    else parts.push(text);
  }
  return parts;
}
