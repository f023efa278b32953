import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { integerFormat } from '../../../validation/jdl/printf.ts';
import { badVariable, expand } from '../../../validation/jdl/variables.ts';

describe('expand', () => {
  const job = { index: 7, inputFile: "root://host//a/it's $HOME.root.root" };

  it.each([
    ['#alien_counter#', '7'],
    ['#alien_counter_05i#', '00007'],
    ['#alien_counter_-4d#|', '7   |'],
    ['#alien_counter_x##alien_counter_03i#', '7007'],
    ['#alienfilename#', "it's $HOME.root.root"],
    ['#alienfilename/.root//#', "it's $HOME"],
    ['#alienfilename/.r/$&/#', "it's $HOME$&oot$&oot"],
    ['/out/#alienfilename/.root//#/x', "/out/it's $HOME/x"],
    [
      '$(( 10#$(echo #alienfilename# | cut -b3-11) )) $OCDB_PATH',
      "$(( 10#$(echo it's $HOME.root.root | cut -b3-11) )) $OCDB_PATH",
    ],
    ['#alienfulldir# #alien# # alien_counter#', '#alienfulldir# #alien# # alien_counter#'],
    ['#alienfilename//x/#', '#alienfilename//x/#'],
  ])('turns %s into %s', (template, expected) => {
    expect(expand(template, job)).toBe(expected);
  });

  it('leaves the file name empty for a job without an input file', () => {
    expect(expand('a#alienfilename#b#alienfilename/x/y/#c', { index: 0 })).toBe('abc');
  });

  it('leaves texts without variables alone', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes('#alien'));
        expect(expand(text, job)).toBe(text);
      }),
    );
  });

  it('names variables with formats that are not for integers', () => {
    expect(badVariable('a #alien_counter_05i# #alien_counter_s#')).toBe('#alien_counter_s#');
    expect(badVariable('#alien_counter_99999d#')).toBe('#alien_counter_99999d#');
    expect(badVariable('#alien_counter_05i# #alienfilename#')).toBeUndefined();
  });
});

describe('integerFormat', () => {
  it('writes what printf of bash writes', () => {
    const formats = fc.sample(
      fc.tuple(
        fc.subarray(['-', '+', ' ', '0', "'"]),
        fc.constantFrom('', '1', '5', '12'),
        fc.constantFrom('', '.', '.0', '.3', '.8'),
        fc.constantFrom('', 'l', 'll', 'h'),
        fc.constantFrom('d', 'i', 'o', 'u', 'x', 'X'),
        fc.nat({ max: 100_000 }),
      ),
      { numRuns: 400, seed: 1 },
    );
    const cases = [
      ...formats.map(([flags, ...rest]) => [flags.join(''), ...rest] as const),
      ['', '', '.0', '', 'd', 0] as const,
    ];
    const script = cases.map(([flags, width, precision, length, conversion, value]) => {
      return `printf "%${flags}${width}${precision}${length}${conversion}|\\n" ${value}`;
    });
    const expected = execFileSync('bash', ['--norc', '-c', script.join('\n')], {
      encoding: 'utf8',
      env: { LC_ALL: 'C' },
    });
    const written = cases.map(([flags, width, precision, length, conversion, value]) => {
      return `${integerFormat(flags + width + precision + length + conversion)?.(value)}|\n`;
    });
    expect(written.join('')).toBe(expected);
  });

  it.each(['', 's', '5', 'd ', '%d', '#x', '5.2f', 'c', '5-d', '1e3d'])('does not know %j', (format) => {
    expect(integerFormat(format)).toBeUndefined();
  });
});
