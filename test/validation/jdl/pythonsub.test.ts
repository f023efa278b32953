import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pythonSub, Untranslatable } from '../../../validation/jdl/pythonsub.ts';

describe('pythonSub', () => {
  /** Expected values are what Python 3.11's re.sub returns. */
  const table: [what: string, pattern: string, replacement: string, text: string, expected: string][] = [
    [
      'replaces every match',
      '--nevents\\s[0-9]+',
      '--nevents 1',
      'x --nevents 400 --nevents 5',
      'x --nevents 1 --nevents 1',
    ],
    ['puts in groups by number', '(a)(b)', '\\2\\1', 'abab', 'baba'],
    ['puts in groups by name', '(?P<x>\\d+)', '<\\g<x>\\g<1>>', 'n 12', 'n <1212>'],
    ['puts in the whole match', 'b+', '[\\g<0>]', 'abba', 'a[bb]a'],
    ['puts nothing in for a group that did not match', '(a)|b', '<\\1>', 'ab', '<a><>'],
    ['takes dollar signs as they are', 'a', '$& $1 $$', 'a', '$& $1 $$'],
    ['knows the escapes of replacements', 'a', '\\n\\t\\\\\\.', 'a', '\n\t\\\\.'],
    ['knows octal escapes', '\\101', '\\102\\0', 'A', 'B\0'],
    ['replaces empty matches between characters', 'x*', '-', 'abxd', '-a-b--d-'],
    ['looks for a longer match after an empty one', 'b*?', '-', 'abb', '-a-----'],
    ['takes . to stop at line feeds only', '.', '-', 'a\r\u2028\n', '---\n'],
    ['takes . for everything with (?s)', '(?s).', '-', 'a\n', '--'],
    ['matches $ before a last line feed', 'a$', 'X', 'a\n', 'X\n'],
    ['matches $ at the end only', 'a$', 'X', 'a\na', 'a\nX'],
    ['matches ^ and $ at every line with (?m)', '(?m)^a$', 'X', 'a\na\rb\na', 'X\na\rb\nX'],
    ['matches \\A and \\Z at the ends', '\\Aa|a\\Z', 'X', 'a\na', 'X\nX'],
    ['ignores case with (?i)', '(?i)LHC', 'x', 'lhc Lhc', 'x x'],
    ['knows digits of all scripts', '\\d', 'D', '1\u0661x', 'DDx'],
    ['knows words of all scripts', '\\w+', 'W', 'é_1 \u0661', 'W W'],
    ['knows ASCII only with (?a)', '(?a)\\w', 'W', 'é1', 'éW'],
    ['knows borders of words', '\\bé\\b', 'X', 'é aé', 'X aé'],
    ['knows places within words', '\\B', '-', 'ab', 'a-b'],
    ['takes U+001C and U+0085 for white space, not U+FEFF', '\\s', '_', '\x1c\x85\ufeff', '__\ufeff'],
    ['negates classes in classes', '[\\W_]', '-', 'a_b c', 'a-b-c'],
    ['takes ] first in a class as itself', '[]a]+', 'X', 'b]a', 'bX'],
    ['takes set operators as characters', '[a&&b]+', 'X', 'a&b', 'X'],
    ['takes { that is no quantifier as itself', 'a{,b}', 'X', 'a{,b}', 'X'],
    ['knows {,n}', '^a{,2}', 'X', 'aaa', 'Xa'],
    ['refers back to groups', '(\\w)\\1', '<\\1>', 'aabbc', '<a><b>c'],
    ['refers back to named groups', '(?P<q>[\'"]).*?(?P=q)', 'S', `'a"b' "c"`, 'S S'],
    ['keeps digits behind a reference apart', '(a)\\1' + '[0]', 'X', 'aa0', 'X'],
    ['skips comments', 'a(?#the letter)b', 'X', 'ab', 'X'],
    ['looks around', '(?<=a)b(?=c)(?!cd)', 'X', 'abc abcd', 'aXc abcd'],
    ['matches characters of two units as one', '^.$', 'X', '😀', 'X'],
    ['knows \\x, \\u and \\U', '\\x61\\u00e9\\U0001F600', 'X', 'aé😀', 'X'],
    ['takes \\b in a class as backspace', '[\\b]', 'X', 'a\b', 'aX'],
    ['leaves a text without a match', 'z', 'y', 'abc', 'abc'],
  ];
  it.each(table)('%s', (_what, pattern, replacement, text, expected) => {
    expect(pythonSub(pattern, replacement, text)).toBe(expected);
  });

  const refused: [what: string, pattern: string, replacement: string, named: string][] = [
    ['conditionals', '(a)?(?(1)b|c)', '', 'the conditional (?(…)'],
    ['atomic groups', '(?>a+)b', '', 'the atomic group (?>'],
    ['possessive quantifiers', 'a++', '', 'the possessive quantifier ++'],
    ['verbose patterns', '(?x)a b', '', 'the flag (?x)'],
    ['flags of groups', '(?i:a)b', '', '(?i:'],
    ['flags in the middle', 'a(?i)b', '', '(?i)'],
    ['named characters', '\\N{DIGIT ONE}', '', 'the escape \\N'],
    ['unknown escapes', '\\q', '', 'the escape \\q'],
    ['unknown escapes in replacements', 'a', '\\q', 'the escape \\q'],
    ['references to groups that are not there', '(a)\\2', '', "the group '2'"],
    ['references in replacements to groups that are not there', '(a)', '\\2', "the group '2'"],
    ['references to groups that may not have matched', '(a)?\\1', '', 'may not have matched'],
    ['captures that JavaScript resets', '(?:(a)|b)*', '\\1', 'whose last round may not match it'],
    ['groups that are not closed', '(a', '', 'not closed'],
    ['groups that are not open', 'a)', '', "unbalanced ')'"],
    ['classes that are not closed', '[a', '', 'a class that is not closed'],
    ['ranges that run backwards', '[b-a]', '', 'the character range'],
    ['quantifiers of nothing', '*a', '', 'nothing to repeat'],
    ['quantifiers of quantifiers', 'a**', '', 'a quantifier after a quantifier'],
    ['a backslash at the end', 'a\\', '', 'a backslash at the end'],
  ];
  it.each(refused)('refuses %s by name', (_what, pattern, replacement, named) => {
    expect(() => pythonSub(pattern, replacement, 'text')).toThrow(Untranslatable);
    expect(() => pythonSub(pattern, replacement, 'text')).toThrow(named);
  });

  it('replaces any text by itself when it is escaped', () => {
    const escaped = (text: string) => text.replace(/[^A-Za-z0-9_\u0080-\u{10ffff}]/gu, '\\$&');
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), fc.string(), (needle, rest) => {
        expect(pythonSub(escaped(needle), needle.replaceAll('\\', '\\\\'), rest + needle)).toBe(rest + needle);
      }),
    );
  });

  it('either replaces or refuses, whatever the pattern', () => {
    const piece = fc.constantFrom(
      'a',
      '.',
      '\\d',
      '\\W',
      '[',
      ']',
      '^',
      '(',
      ')',
      '(?:',
      '(?P<n>',
      '(?=',
      '|',
      '*',
      '+?',
      '{2}',
      '{',
      '\\1',
      '\\',
      '$',
      'é',
      '-',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.string({ maxLength: 10 }), (pieces, text) => {
        try {
          expect(typeof pythonSub(pieces.join(''), '<\\g<0>>', text)).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(Untranslatable);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
