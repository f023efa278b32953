import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tmp from 'tmp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JdlError } from '../../../validation/input/input-error.ts';
import { textOf } from '../../../validation/jdl/keys.ts';
import { type JdlOptions, loadJdl } from '../../../validation/jdl/load.ts';
import { megabytes, seconds } from '../../../validation/units/parse.ts';

let directory: tmp.DirResult;
beforeEach(() => {
  directory = tmp.dirSync({ unsafeCleanup: true });
});
afterEach(() => directory.removeCallback());

function write(name: string, text: string | Buffer): string {
  const path = join(directory.name, name);
  writeFileSync(path, text);
  return path;
}

function values(text: string, options?: JdlOptions): Record<string, string | undefined> {
  const jdl = loadJdl(write('x.jdl', text), options);
  return Object.fromEntries([...jdl.values.keys()].map((key) => [key, textOf(jdl.values, key)]));
}

/** The error's text without the temporary directory. */
function error(action: () => unknown): string {
  try {
    action();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(JdlError);
    return (thrown as Error).message.replaceAll(`${directory.name}/`, '');
  }
  throw new Error('no error was thrown');
}

describe('suffixes', () => {
  it('append to texts and lists, and make what is missing', () => {
    expect(
      values('A = "x"; A_append = " y"; B = {"1"}; B_append = {"2"}; C_append = "new"; D = 5; D_append = "6";'),
    ).toEqual({
      A: 'x y',
      B: '1,2',
      C: 'new',
      D: '56',
    });
  });

  it('override whatever was there', () => {
    expect(values('A_override = { "list" }; A = "x"; B_override = 3;')).toEqual({ A: 'list', B: '3' });
  });

  it('replace every match', () => {
    expect(values('A = "a1 b22"; A_replace = { "([a-z])[0-9]+", "\\\\1" };')).toEqual({ A: 'a b' });
  });

  it('are applied in the order in which they first appear', () => {
    expect(values('A = "1"; A_append = "2"; A_replace = {"12", "x"};')).toEqual({ A: 'x' });
    expect(values('A = "1"; A_replace = {"12", "x"}; A_append = "2";')).toEqual({ A: '12' });
    expect(values('A_append = "old"; A_override = "o"; A = "1"; A_append = "2";')).toEqual({ A: 'o' });
  });

  it('only count at the end of a key', () => {
    expect(values('X_override_Y = "1"; append = "2";')).toEqual({ X_override_Y: '1', append: '2' });
  });

  it('that do not fit are told with their positions, all of them', () => {
    const message = error(() =>
      values(
        'A = {"x"};\nA_append = "y";\nB = "z";\nB_append = {"w"};\nA_replace = {"a","b"};\nC_replace = "q";\nD_replace = { "a", "\\\\1" };\nE_replace = { "(?>x)", "" };',
      ),
    );
    expect(message).toBe(
      [
        'x.jdl:2:1: A_append: A is a list, so a text cannot be appended to it',
        '  2 | A_append = "y";',
        '    | ^',
        'x.jdl:4:1: B_append: B is a text, so a list cannot be appended to it',
        '  4 | B_append = {"w"};',
        '    | ^',
        'x.jdl:5:1: A_replace: A is a list, but _replace can change only texts',
        '  5 | A_replace = {"a","b"};',
        '    | ^',
        'x.jdl:6:13: C_replace: expected { "regular expression", "replacement" }',
        '  6 | C_replace = "q";',
        '    |             ^',
        `x.jdl:7:20: D_replace: the replacement "\\\\1" cannot be used: a reference to the group '1', which does not exist`,
        '  7 | D_replace = { "a", "\\\\1" };',
        '    |                    ^',
        'x.jdl:8:15: E_replace: the regular expression "(?>x)" cannot be used: the atomic group (?>',
        '  8 | E_replace = { "(?>x)", "" };',
        '    |               ^',
      ].join('\n'),
    );
  });
});

describe('override files', () => {
  it('beside the JDL and named in the options are read after it, in this order', () => {
    write('x_override.jdl', 'A = "2"; B = "2"; C = "2";');
    const more = write('more.jdl', 'C = "3"; A_append = "!";');
    expect(values('A = "1"; B = "1"; C = "1"; D = "1";', { overrides: [more] })).toEqual({
      A: '2!',
      B: '2',
      C: '3',
      D: '1',
    });
    expect(loadJdl(join(directory.name, 'x.jdl'), { overrides: [more] }).files).toEqual(
      ['x.jdl', 'x_override.jdl', 'more.jdl'].map((name) => join(directory.name, name)),
    );
  });

  it('have their own positions in errors, after those of the JDL', () => {
    write('x_override.jdl', '\nB 2;');
    const message = error(() => values('A = "x'));
    expect(message).toMatch(/^x\.jdl:1:5: the string is not closed on its line$/m);
    expect(message).toMatch(/^x_override\.jdl:2:3: expected '=' after B, found '2'$/m);
  });
});

describe('--set and --set-append', () => {
  it('of a key with a suffix do what a file would', () => {
    const set = ['A_override=2', 'A_append=3', 'B_replace={"x+", "y"}'];
    expect(values('A = "1"; B = "axxb"; L = {"a"};', { set: [...set, 'L_append={"b"}'] })).toEqual({
      A: '23',
      B: 'ayb',
      L: 'a,b',
    });
    expect(error(() => values('L = {"a"};', { set: ['L_append=b'] }))).toBe(
      '--set L_append=b: L is a list, so a text cannot be appended to it',
    );
  });

  it('come after everything else', () => {
    expect(
      values('A = "1"; A_override = "2"; L = {"a"};', { set: ['A=3=4', 'N=new'], setAppend: ['A= 5', 'L=b', 'M=x'] }),
    ).toEqual({
      A: '3=4 5',
      L: 'a,b',
      N: 'new',
      M: 'x',
    });
  });

  it('take JDL strings and lists', () => {
    expect(values('L = {"a"};', { set: ['L={ "x", "y" }', 'S="q\\"q"'], setAppend: ['L={"z"}'] })).toEqual({
      L: 'x,y,z',
      S: 'q"q',
    });
  });

  it('take any other text as it stands', () => {
    expect(values('A = 1;', { set: ['A=$(( 1 )) #x# "y" z', 'B='] })).toEqual({ A: '$(( 1 )) #x# "y" z', B: '' });
  });

  it('are refused without a key or with a broken list', () => {
    expect(error(() => values('A = 1;', { set: ['nonsense', '=x'], setAppend: ['1=2', 'A={"x"}'] }))).toBe(
      [
        '--set nonsense: expected KEY=VALUE',
        '--set =x: expected KEY=VALUE',
        '--set-append 1=2: expected KEY=VALUE',
        '--set-append A={"x"}: A is a text, so a list cannot be appended to it',
      ].join('\n'),
    );
    expect(error(() => values('A = 1;', { set: ['A={ "x" "y" }'] }))).toContain("expected ',' or '}' in the list");
  });
});

describe('lenient reading', () => {
  it('skips what is malformed, with a warning for each', () => {
    const jdl = loadJdl(write('x.jdl', 'A = "1";\nB 2;\nC = "x"\nD = "y";\nE = 3;\nE_replace = "no";'), {
      lenient: true,
    });
    expect([...jdl.values.keys()]).toEqual(['A', 'E']);
    expect(jdl.warnings.map((warning) => warning.split('\n')[0]?.replace(`${directory.name}/`, ''))).toEqual([
      "this statement was skipped: x.jdl:2:3: expected '=' after B, found '2'",
      "this statement was skipped: x.jdl:3:8: missing ';' after the string",
      'this statement was skipped: x.jdl:6:13: E_replace: expected { "regular expression", "replacement" }',
    ]);
  });
});

describe('files', () => {
  it('that cannot be read are told by name', () => {
    mkdirSync(join(directory.name, 'folder'));
    expect(error(() => loadJdl(join(directory.name, 'none.jdl')))).toBe('none.jdl: no such file');
    expect(error(() => loadJdl(join(directory.name, 'folder')))).toBe('folder: is a directory, not a file');
    expect(error(() => loadJdl(write('empty.jdl', '')))).toBe('empty.jdl: the file is empty');
    expect(error(() => loadJdl(write('comment.jdl', '# nothing\n\n')))).toContain('the file is empty');
  });

  it('may have a byte order mark and lines that end in CR LF', () => {
    expect(values('\ufeffA = "1";\r\nB = 2;\r\n')).toEqual({ A: '1', B: '2' });
  });

  it('that are not UTF-8 are read as Latin-1, with a warning', () => {
    const jdl = loadJdl(write('x.jdl', Buffer.from('A = "caf\xe9";', 'latin1')));
    expect(textOf(jdl.values, 'A')).toBe('café');
    expect(jdl.warnings).toEqual([expect.stringContaining('not UTF-8')]);
  });
});

describe('sizes and times', () => {
  it.each([
    ['8GB', 8192],
    ['512MB', 512],
    ['6000', 6000],
    ['1.5 G', 1536],
    ['1TB', 1048576],
    ['100KB', 1],
    ['', undefined],
    ['0MB', undefined],
    ['lots', undefined],
    ['8 XB', undefined],
  ])('%j is %s MB', (text, expected) => {
    expect(megabytes(text)).toBe(expected);
  });

  it.each([
    ['72000', 72000],
    ['20h', 72000],
    ['1.5m', 90],
    ['2d', 172800],
    ['0', undefined],
    ['-5', undefined],
    ['soon', undefined],
  ])('%j is %s seconds', (text, expected) => {
    expect(seconds(text)).toBe(expected);
  });
});
