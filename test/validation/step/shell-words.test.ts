// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are bash's
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quote, ShellTextError, shellValue, shellWords } from '../../../validation/step/shell-words.ts';

const BASH = process.env.RELVAL_TEST_BASH ?? 'bash';

/** What bash makes of words of source, with these variables set. */
function evaluate(words: string[], variables: Record<string, string> = {}): string[] {
  const script = [
    'export LC_ALL=C; set -f',
    ...Object.entries(variables).map(([name, value]) => `${name}=${quote(value)}`),
    `words=( ${words.join(' ')} )`,
    `[ \${#words[@]} -eq 0 ] || printf '%s\\0' "\${words[@]}"`,
  ].join('\n');
  return execFileSync(BASH, ['-s'], { input: script, encoding: 'utf8' }).split('\0').slice(0, -1);
}

const names = (variable: string): string => (variable.startsWith('#alien_counter') ? 'counter' : 'file');
const AWKWARD = ` a  'b' "c" $(d) \`e\` \\ ; * ~ é `;

/** What a program can be given. */
const text = fc.string({ unit: 'binary' }).map((value) => value.replace(/\0|\p{Cs}/gu, ''));

describe('quote', () => {
  it('stands for exactly the text, on one line', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 20 }), (texts) => {
        const words = texts.map(quote);
        expect(words.join('')).not.toContain('\n');
        expect(evaluate(words)).toEqual(texts);
      }),
      { numRuns: 50 },
    );
  });

  it('refuses what no program can be given', () => {
    expect(() => quote('a\0b')).toThrow(RangeError);
  });
});

describe('shellWords', () => {
  it.each([
    ['', []],
    ['  a\tb\n c ', ['a', 'b', 'c']],
    [`'a b' "c d" e\\ f`, ['a b', 'c d', 'e f']],
    [`'' "" x''`, ['', '', 'x']],
    [`--x='1'"2"3`, ['--x=123']],
    [
      'a;b | c > d & e # f * ? [g] ~ {h,i} !j',
      ['a;b', '|', 'c', '>', 'd', '&', 'e', '#', 'f', '*', '?', '[g]', '~', '{h,i}', '!j'],
    ],
    ['$5 $ 100% raw:// a$', ['$5', '$', '100%', 'raw://', 'a$']],
    [`"\\$HOME \\"q\\" \\n" '\\'`, ['$HOME "q" \\n', '\\']],
    ['$VALUE "$VALUE" ${VALUE}x', ['one', 'two', 'one two', 'one', 'twox']],
    ['$(echo ")" a) `echo b` $((1 + (2 * 3)))', [')', 'a', 'b', '7']],
    ['"$(echo "a  b")" ${NOTHING:-x y} "${NOTHING:-x  y}"', ['a  b', 'x', 'y', 'x  y']],
    ['$(( 10#$(echo 000286313 | cut -b3-11) ))', ['286313']],
  ])('reads %j', (template, expected) => {
    expect(evaluate(shellWords(template, names), { VALUE: 'one two' })).toEqual(expected);
  });

  it('never splits or reads what an AliEn variable stands for', () => {
    const template = [
      '#alienfilename# x#alien_counter_05i#y',
      `"a #alienfilename# b" '#alienfilename#'`,
      `$(printf %s #alienfilename#) "$(printf %s '#alienfilename#')" "$(printf %s "#alienfilename#")"`,
      '"${NOTHING:-#alienfilename#}" ${NOTHING:-#alienfilename#} $((#alien_counter# + 1))',
    ].join(' ');
    const trimmed = AWKWARD.trim();
    // split by bash: the text of a command substitution without quotes
    const split = trimmed.split(/ +/);
    expect(evaluate(shellWords(template, names), { file: AWKWARD, counter: '12' })).toEqual([
      AWKWARD,
      'x12y',
      `a ${AWKWARD} b`,
      AWKWARD,
      ...split,
      AWKWARD,
      AWKWARD,
      AWKWARD,
      AWKWARD,
      '13',
    ]);
  });

  it('asks for each variable by its text', () => {
    const asked: string[] = [];
    shellWords('#alien_counter# $(x #alien_counter_05i#) #alienfilename/.root//# #alienfilename#', (variable) => {
      asked.push(variable);
      return 'v';
    });
    expect(asked).toEqual(['#alien_counter#', '#alien_counter_05i#', '#alienfilename/.root//#', '#alienfilename#']);
  });

  it.each([
    [`a 'b`, 3],
    ['a "b', 3],
    ['x $(echo', 3],
    ['x ${y', 3],
    ['`id', 1],
    ['$((1 + 2)', 1],
  ])('refuses %j', (template, character) => {
    expect(() => shellWords(template, names)).toThrow(ShellTextError);
    expect(() => shellWords(template, names)).toThrow(`at character ${character} of`);
  });

  it('makes words that bash reads, and nothing else, of any text', () => {
    const pieces = fc.constantFrom(
      'a',
      ' ',
      "'",
      '"',
      '\\',
      ';',
      '|',
      '&',
      '>',
      '<',
      '(',
      ')',
      '{',
      '}',
      '*',
      '#',
      '!',
      '$',
      '\n',
      '=',
      '#alienfilename#',
      'é',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const template = parts.join('');
        if (/\$[({a]/.test(template)) return; // alive
        let words: string[];
        try {
          words = shellWords(template, names);
        } catch (error) {
          expect(error).toBeInstanceOf(ShellTextError);
          return;
        }
        expect(evaluate(words, { file: AWKWARD })).toHaveLength(words.length);
      }),
      { numRuns: 150 },
    );
  });
});

describe('shellValue', () => {
  it.each([
    ['', ''],
    [`a "b" 'c'  d`, `a "b" 'c'  d`],
    ['$VALUE/${VALUE}/$(echo "x  y")', 'one two/one two/x  y'],
    ['\\$VALUE \\\\ \\n \\`id\\`', '$VALUE \\ \\n `id`'],
    [`/out/#alienfilename#/#alien_counter_03i#`, `/out/${AWKWARD}/12`],
  ])('reads %j as one word', (template, expected) => {
    const variables = { VALUE: 'one two', file: AWKWARD, counter: '12' };
    expect(evaluate([shellValue(template, names)], variables)).toEqual([expected]);
  });
});
