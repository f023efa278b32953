import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../../validation/input/input-error.ts';
import { parseJdl, type Value } from '../../../validation/jdl/parse.ts';

const parse = (text: string, resync = true) => parseJdl({ file: 'x.jdl', text }, resync);

/** Values without positions: a text is a string, an expression is marked, a list is an array. */
function plain(value: Value): string | string[] | { expression: string } {
  if (value.kind === 'list') return value.items.map((item) => item.text);
  return value.kind === 'string' ? value.text : { expression: value.text };
}

function values(text: string): Record<string, unknown> {
  const { statements, problems } = parse(text);
  expect(problems).toEqual([]);
  return Object.fromEntries(statements.map(({ key, value }) => [key, plain(value)]));
}

/** `line:column: message` of every problem. */
function problems(text: string): string[] {
  return parse(text).problems.map(({ at, message }) => `${at?.line}:${at?.column}: ${message}`);
}

describe('values', () => {
  it('are strings, lists and expressions', () => {
    expect(values('A = "x";\nB = { "a", "b" };\nC = 72000;\nD = ( other.TTL > 1 ) && member(other.P, "a;b");')).toEqual(
      {
        A: 'x',
        B: ['a', 'b'],
        C: { expression: '72000' },
        D: { expression: '( other.TTL > 1 ) && member(other.P, "a;b")' },
      },
    );
  });

  it('may hold semicolons, braces, commas and comment signs inside quotes', () => {
    expect(values('A = "a;b # c // d {e}"; B = { "x,y", "}" };')).toEqual({ A: 'a;b # c // d {e}', B: ['x,y', '}'] });
  });

  it('have the escapes of JSON', () => {
    expect(values(String.raw`A = "\"q\" \\s \/ \t \u00e9 \\";`)).toEqual({ A: '"q" \\s / \t é \\' });
  });

  it('may be empty', () => {
    expect(values('A = ""; B = {}; C = ; D = { };')).toEqual({ A: '', B: [], C: { expression: '' }, D: [] });
  });

  it('may be expressions that begin with a string, or that span lines', () => {
    expect(values('A = "x" == other.Y;\nB = ( a\n  && b );')).toEqual({
      A: { expression: '"x" == other.Y' },
      B: { expression: '( a\n  && b )' },
    });
  });

  it('may be list items without quotes', () => {
    expect(values('A = { 1, other.X, "s" };')).toEqual({ A: ['1', 'other.X', 's'] });
  });

  it('may stand in brackets together, as in a ClassAd, and have keys that begin with a digit', () => {
    expect(values(' # one\n[\n  A = "x";\n  2nd = { "]" };\n]\n')).toEqual({ A: 'x', '2nd': [']'] });
    expect(values('[ A = a[0]; ];\n')).toEqual({ A: { expression: 'a[0]' } });
    expect(problems('A = 1;\n]')).toEqual(["2:1: expected a key, found ']'"]);
    expect(problems('[ A = 1; ] B = 2;')).toEqual(["1:10: expected a key, found ']'"]);
  });

  it('may be whatever ClassAds have, kept as its text: calls, lists in lists, records', () => {
    const text = [
      'A = {member(other.P, "x;,}"), { "a", "b" }, "s" == other.S, -1.5e3, true };',
      'B = [ a = 1; b = "]"; c = { [ d = 2 ] } ];',
      'C = ifThenElse(isUndefined(x), { 1, 2 }[0], regexp("\\.root$", y)) ? "a" : undefined;',
      'D = [\n  a = 1;\n  b = 2;\n];',
      'E = { };',
    ].join('\n');
    expect(values(text)).toEqual({
      A: ['member(other.P, "x;,}")', '{ "a", "b" }', '"s" == other.S', '-1.5e3', 'true'],
      B: { expression: '[ a = 1; b = "]"; c = { [ d = 2 ] } ]' },
      C: { expression: 'ifThenElse(isUndefined(x), { 1, 2 }[0], regexp("\\.root$", y)) ? "a" : undefined' },
      D: { expression: '[\n  a = 1;\n  b = 2;\n]' },
      E: [],
    });
  });

  it('may be nested deeply without taking long', () => {
    const deep = '('.repeat(200_000) + ')'.repeat(200_000);
    const start = performance.now();
    expect(values(`A = ${deep}; B = { ${deep} };`)).toEqual({ A: { expression: deep }, B: [deep] });
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it('need no semicolon before the bracket that closes all', () => {
    expect(values('[ A = "x" ]')).toEqual({ A: 'x' });
    expect(values('[ A = 1; B = { "x" }\n];\n')).toEqual({ A: { expression: '1' }, B: ['x'] });
    expect(values('[ A = a[0] ]')).toEqual({ A: { expression: 'a[0]' } });
  });

  it('keep comparisons on later lines of an expression', () => {
    expect(values('A = ( x\n  B == 2 || C =?= undefined );')).toEqual({
      A: { expression: '( x\n  B == 2 || C =?= undefined )' },
    });
  });
});

describe('comments', () => {
  it('begin at the start of a line, after white space and after punctuation, outside strings', () => {
    expect(values('# one\n  // two\nA = "x"; # three\nB = 5;// four\nC = { "a", # five\n "b" }; // "; six\n')).toEqual({
      A: 'x',
      B: { expression: '5' },
      C: ['a', 'b'],
    });
  });

  it('are neither AliEn variables nor addresses in expressions', () => {
    expect(values('A = 1#alien_counter_04i#;\nB = #alienfilename#;\nC = root://host//path;')).toEqual({
      A: { expression: '1#alien_counter_04i#' },
      B: { expression: '#alienfilename#' },
      C: { expression: 'root://host//path' },
    });
  });
});

describe('errors', () => {
  const table: [name: string, text: string, expected: string[]][] = [
    ['a string that is not closed', 'A = "abc;\nB = "d";', ['1:5: the string is not closed on its line']],
    [
      'a string over two lines',
      'A = "abc\ndef";\nB = ;C',
      ['1:5: the string is not closed on its line', "3:7: expected '=' after C, found the end of the file"],
    ],
    ['no semicolon after a string', 'A = "x"\nB = "y";', ["1:8: missing ';' after the string"]],
    ['no semicolon after a list', 'A = { "x" }\nB = 1;', ["1:12: missing ';' after the list"]],
    ['no semicolon after an expression', 'A = 72000\nPrice = 10.0;', ["1:10: missing ';'"]],
    ['no semicolon at the end', 'A = 1;\nB = 2\n\n', ["2:6: missing ';' at the end of the file"]],
    ['no semicolon after the last string', 'A = "x"', ["1:8: missing ';' after the string"]],
    ['no value', 'A =\nB = 1;', ['1:3: A has no value']],
    ['no equals sign', 'A "x";', ["1:3: expected '=' after A, found '\"'"]],
    ['a comparison', 'A == 1;', ["1:3: expected '=' after A, found '='"]],
    ['no key', '= 1;\nA = 2;', ["1:1: expected a key, found '='"]],
    ['a key that is a string', '"A" = 1;', ["1:1: expected a key, found '\"'"]],
    ['an unknown escape', String.raw`A = "a\s";`, [String.raw`1:7: unknown escape '\s'. Write a backslash as '\\'`]],
    ['a bad \\u', String.raw`A = "\u12G4";`, [String.raw`1:6: '\u' is not followed by four hexadecimal digits`]],
    ['two strings without a comma', 'A = { "a" "b" };', ["1:11: expected ',' or '}' in the list, found '\"'"]],
    ['a comma at the end of a list', 'A = { "a", };', ['1:12: there is nothing after the last comma of the list']],
    ['a comma too many', 'A = { "a",, };', ['1:11: there is nothing between the commas of the list']],
    ['a bracket that is not closed', 'A = ( b;\nC = 1;', ["1:5: '(' is not closed: missing ')'"]],
    ['one that is not closed at the end', 'A = { f(1, };', ["1:8: '(' is not closed: missing ')'"]],
    ['a record that is not closed', 'A = [ b = 1;\nC = 2;', ["1:5: '[' is not closed: missing ']'"]],
    ['brackets of two kinds', 'A = ( b };', ["1:5: '(' is not closed: missing ')'"]],
    ['a bracket that nothing opens', 'A = b );', ["1:7: ')' has no opening bracket"]],
    [
      'a string in an expression that is not closed',
      'A = ( "b );\nC = 1;',
      ['1:7: the string is not closed on its line'],
    ],
    ['an assignment behind an open bracket', 'A = ( b\nC = 1;', ["1:5: '(' is not closed: missing ')'"]],
    ['a list that is not closed', 'A = { "a", "b";\nC = 1;', ["1:15: expected ',' or '}' in the list, found ';'"]],
    ['a list that is not closed at the end', 'A = { "a"', ["1:5: the list is not closed: missing '}'"]],
    ['text behind a string', 'A = "a" b;', ["1:9: expected ';' after the string, found 'b'"]],
    ['columns after characters of two units', 'A = "😀😀" x;', ["1:10: expected ';' after the string, found 'x'"]],
  ];
  it.each(table)('tell the position of %s', (_name, text, expected) => {
    expect(problems(text)).toEqual(expected);
  });

  it('are all reported, each once', () => {
    expect(problems('A = "x\nB = { "a" "b" };\nC = { "x\n  D == 2;\nE 1;')).toHaveLength(4);
    expect(problems('A = "x;\nB = { "a" "b" };\nC = 1;\nD 2;\nE = "ok";\nF = "\\q";\n')).toHaveLength(4);
  });

  it('leave the other statements', () => {
    expect(parse('A = "x;\nB = 1;\nC 2;\nD = 3;').statements.map(({ key }) => key)).toEqual(['B', 'D']);
  });

  it('swallow the next statement where a semicolon is missing and the predecessor is followed', () => {
    const text = 'A = "x"\nB = "y";\nC = 1;';
    expect(parse(text, false).statements.map(({ key }) => key)).toEqual(['C']);
    expect(parse(text, true).statements.map(({ key }) => key)).toEqual(['B', 'C']);
  });

  it('are shown with the line and a caret', () => {
    const [problem] = parse('A = 1;\n\tSplit = "production:1-5;\n').problems;
    expect(problem && formatProblem(problem)).toBe(
      'x.jdl:2:10: the string is not closed on its line\n  2 |  Split = "production:1-5;\n    |          ^',
    );
  });

  it('show the part of a long line around the caret', () => {
    const [problem] = parse(`A = "${'x'.repeat(3000)}" y;`).problems;
    const [, line = '', caret = ''] = (problem ? formatProblem(problem) : '').split('\n');
    expect(line.length).toBeLessThan(130);
    expect(line[caret.indexOf('^')]).toBe('y');
  });
});

describe('any text', () => {
  /** Pieces of JDLs, put together at random: nearer to the grammar's corners than random characters. */
  const pieces = fc.array(
    fc.oneof(
      fc.constantFrom(
        'A',
        'B_append',
        '=',
        ';',
        '"',
        '{',
        '}',
        ',',
        '\\',
        '\\"',
        '#',
        '//',
        '\n',
        ' ',
        '\t',
        '\r\n',
        '1',
        '==',
        '#alien_counter#',
        'é',
        '😀',
        '\u2028',
        '\0',
      ),
      fc.string(),
    ),
    { maxLength: 40 },
  );

  it('never crashes the parser, and every problem has a place in the text', () => {
    fc.assert(
      fc.property(pieces, fc.boolean(), (parts, resync) => {
        const text = parts.join('');
        const lines = text.split('\n');
        for (const problem of parse(text, resync).problems) {
          const { line = 0, column = 0 } = problem.at ?? {};
          expect(line).toBeGreaterThan(0);
          expect(line).toBeLessThanOrEqual(lines.length);
          expect(column).toBeLessThanOrEqual([...(lines[line - 1] ?? '')].length + 1);
          expect(formatProblem(problem)).toContain(`x.jdl:${line}:${column}: `);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('that values are written as reads back as these values', () => {
    const key = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('a;b', '# no comment', '//', '#alien_counter_05i#', '\\s "q"', '{', '$(( 1 ))'),
    );
    const blank = fc.constantFrom(' ', '\n', '  # comment "; {\n', '\n// comment\n', '\t');
    const quoted = (value: string) => JSON.stringify(value);
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.oneof(text, fc.array(text)), blank), { maxLength: 8 }), (entries) => {
        const jdl = entries
          .map(([name, value, space]) => {
            const right = Array.isArray(value)
              ? `{${space}${value.map(quoted).join(`,${space}`)}${space}}`
              : quoted(value);
            return `${name}${space}=${space}${right}${space};${space}`;
          })
          .join('\n');
        const { statements, problems: found } = parse(jdl);
        expect(found).toEqual([]);
        expect(statements.map(({ key: name, value }) => [name, plain(value)])).toEqual(
          entries.map(([name, value]) => [name, value]),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('loses no statement behind a broken one', () => {
    const broken = fc.constantFrom('X = "open;', 'X 1;', '= 2;', 'X = { "a" "b" };', 'X = "\\q";', 'X = { "a", };');
    fc.assert(
      fc.property(fc.array(fc.oneof(broken, fc.constant('Good = "1";')), { maxLength: 20 }), (lines) => {
        const good = lines.filter((line) => line.startsWith('Good')).length;
        const parsed = parse(lines.join('\n'));
        expect(parsed.statements).toHaveLength(good);
        expect(parsed.problems).toHaveLength(lines.length - good);
      }),
    );
  });
});
