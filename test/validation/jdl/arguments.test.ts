// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are a shell's
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../../validation/input/input-error.ts';
import { applyArguments, exportedKeys } from '../../../validation/jdl/arguments.ts';
import { textOf, type Values } from '../../../validation/jdl/keys.ts';
import { parseJdl, type Value } from '../../../validation/jdl/parse.ts';

function read(text: string): Map<string, Value> {
  return new Map(parseJdl({ file: 'x.jdl', text }).statements.map(({ key, value }) => [key, value]));
}

function apply(text: string, given: string[], needed: (key: string) => boolean = () => true) {
  const values = read(text);
  const { problems, unused } = applyArguments(values, given, needed);
  const a = textOf(values as Values, 'A');
  return { a, problems: problems.map((problem) => formatProblem(problem).split('\n')[0]), unused };
}

describe('arguments of submit', () => {
  it.each([
    ['--run $1 --pass $2', '--run 244411 --pass pass 1'],
    ['$2$1', 'pass 1244411'],
    ['/out/$1/#alien_counter_03i#', '/out/244411/#alien_counter_03i#'],
    ['$1GeV "$1" \'$1\' \\\\$1', '244411GeV "244411" \'244411\' \\$1'],
    ['$HOME ${1} $0 $ $$1', '$HOME ${1} $0 $ $244411'],
    ["$(echo '$1)' | awk '{print $1}') $1", "$(echo '$1)' | awk '{print $1}') 244411"],
    ['$(( $1 + (2) )) `echo $1` $1', '$(( $1 + (2) )) `echo $1` 244411'],
  ])('stand where the JDL has their numbers, and not in shell expressions: %s', (text, expected) => {
    expect(apply(`A = ${JSON.stringify(text).replaceAll('\\\\\\\\', '\\\\')};`, ['244411', 'pass 1']).a).toBe(expected);
  });

  it('may hold what a JDL would read as something else, and are not looked at again', () => {
    expect(apply('A = "$1 $2";', ['$2 "x"; B = {', '$1']).a).toBe('$2 "x"; B = { $1');
  });

  it('stand in lists, and are counted beyond nine', () => {
    const given = Array.from({ length: 12 }, (_, n) => `v${n + 1}`);
    expect(apply('A = { "$12", "$1" };', given)).toEqual({
      a: 'v12,v1',
      problems: [],
      unused: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
    });
  });

  it('are asked for where they are missing, with the position', () => {
    expect(apply('\nA = { "x",\n "$3 $1 $2" };', ['one']).problems).toEqual([
      'x.jdl:3:2: A: $2, $3: one argument was given. Give the arguments in order, each with --arg VALUE',
    ]);
    expect(apply('A = "$1";', []).problems[0]).toContain('A: $1: no argument was given');
    expect(apply('A = "$3";', ['a', 'b']).problems[0]).toContain('A: $3: 2 were given');
  });

  it('need not be there for keys that nothing uses', () => {
    expect(apply('A = "costs $5";', [], () => false)).toEqual({ a: 'costs $5', problems: [], unused: [] });
    expect([...exportedKeys(read('JDLVariables = { "A", "B" }; ExtraVariables = "C";'))]).toEqual(['A', 'B', 'C']);
  });

  it('are the shell’s in code that makes the environment', () => {
    const values = read('EnvironmentCommand = "source x.sh; set -- a; echo $1";');
    expect(applyArguments(values, ['b'], () => true)).toEqual({ problems: [], unused: [1] });
    expect(textOf(values, 'EnvironmentCommand')).toBe('source x.sh; set -- a; echo $1');
  });
});
