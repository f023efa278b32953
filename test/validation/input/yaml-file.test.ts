import { expect, it } from 'vitest';
import { z } from 'zod';
import { InputError } from '../../../validation/input/input-error.ts';
import { parseYaml } from '../../../validation/input/yaml-file.ts';

/** The first line of the error for a text. */
function problem(text: string): string | undefined {
  try {
    parseYaml({ file: 'x.yaml', text }, z.unknown());
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message.split('\n')[0];
  }
  return undefined;
}

it('an alias repeats its anchor; an alias without an anchor is reported with its place', () => {
  expect(parseYaml({ file: 'x.yaml', text: 'a: &a [1]\nb: *a\n' }, z.unknown()).data).toEqual({ a: [1], b: [1] });
  expect(problem('name: x\nstages: *none\n')).toMatch(/^x\.yaml:2:9: Unresolved alias .*: none$/);
});

it('aliases that multiply are refused, and use no memory', () => {
  const names = [...'abcdefghi'];
  const lines = names.map((name, n) => `${name}: &${name} [${Array(9).fill(n === 0 ? 'x' : `*${names[n - 1]}`)}]`);
  expect(problem(`${lines.join('\n')}\n`)).toMatch(/^x\.yaml:9:\d+: Excessive alias count/);
});

it('nested lists have a limit', () => {
  expect(problem(`a: ${'['.repeat(100_000)}`)).toMatch(/^x\.yaml:1:\d+: lists are nested more than 50 deep$/);
});
