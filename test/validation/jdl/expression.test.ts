import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { textOf } from '../../../validation/jdl/keys.ts';
import { type JdlOptions, loadJdl } from '../../../validation/jdl/load.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'relval-expression-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(text: string, options: JdlOptions = {}) {
  const file = join(folder, 'x.jdl');
  writeFileSync(file, text);
  return loadJdl(file, options);
}

/** The first line of the error, without the path. */
function errorOf(text: string): string {
  try {
    load(text);
  } catch (error) {
    return ((error as Error).message.split('\n')[0] as string).replace(`${folder}/`, '');
  }
  return 'no error';
}

describe('an expression in a key that means nothing here', () => {
  it.each([
    'Requirements = {member(other.GridPartitions,"multicore_8")};',
    'Requirements = ( other.TTL > 72000 ) && member(other.P, "a;b") || !isUndefined(x);',
    'Rank = [ a = 1; b = { { "x" }, { 2.5e3 } } ];',
    'Jobtag = { "comment:" + "x", true, 3 };',
    'Strategy = x ? { "a" } : undefined;',
  ])('is accepted: %s', (text) => {
    const [key = ''] = text.split(' ', 1);
    expect(textOf(load(text).values, key)).toContain(
      text.slice(key.length + 3, key.length + 10).replace(/^\{ ?"?/, ''),
    );
    expect(load(text).warnings).toEqual([]);
  });
});

describe('a value without quotes in a key that means something', () => {
  it.each([
    ['Executable = /grid/bin/aliroot_dpgsim.sh;', 'Executable', '/grid/bin/aliroot_dpgsim.sh'],
    ['Split = production:1-3;', 'Split', 'production:1-3'],
    [
      'OutputDir = root://h:1094//a/#alien_counter_03i#?x=1&y=2;',
      'OutputDir',
      'root://h:1094//a/#alien_counter_03i#?x=1&y=2',
    ],
    ['Output = { log_archive.zip:*.log@disk=1, a-b.root };', 'Output', 'log_archive.zip:*.log@disk=1,a-b.root'],
    ['Packages = { VO_ALICE@AliPhysics::v5-09-36-01-1 };', 'Packages', 'VO_ALICE@AliPhysics::v5-09-36-01-1'],
    ['InputFile = { LF:/a/geometry--v2.C };', 'InputFile', 'LF:/a/geometry--v2.C'],
    ['Arguments = --run 1 --ttl 3600;', 'Arguments', '--run 1 --ttl 3600'],
    ['TTL = 72000;', 'TTL', '72000'],
    ['SaveAll = 1;', 'SaveAll', '1'],
    ['DontArchive = true;', 'DontArchive', 'true'],
    ['MemorySize = 8GB;', 'MemorySize', '8GB'],
    ['TTL = 20 * 3600;', 'TTL', '72000'],
    ['TTL = (2+3)*(10-4)/2;', 'TTL', '15'],
    ['CPUCores = 2*4;', 'CPUCores', '8'],
  ])('is its text, or what it comes to: %s', (text, key, value) => {
    expect(textOf(load(text).values, key)).toBe(value);
  });

  it.each([
    ['A = 1;\nTTL = other.MaxTTL;', 'x.jdl:2:7: TTL: relval cannot evaluate the expression other.MaxTTL'],
    ['Arguments = "--run " + "5";', 'x.jdl:1:13: Arguments: relval cannot evaluate the expression "--run " + "5"'],
    [
      'Packages = { "a",\n strcat("b", "c") };',
      'x.jdl:2:2: Packages: relval cannot evaluate the expression strcat("b", "c")',
    ],
    ['Output = { { "a.root" } };', 'x.jdl:1:12: Output: relval cannot evaluate the expression { "a.root" }'],
    ['Split = [ a = 1; ];', 'x.jdl:1:9: Split: relval cannot evaluate the expression [ a = 1; ]'],
    ['MemorySize = x ? 1 : 2;', 'x.jdl:1:14: MemorySize: relval cannot evaluate the expression x ? 1 : 2'],
    ['SaveAll = a == b;', 'x.jdl:1:11: SaveAll: relval cannot evaluate the expression a == b'],
    ['TTL = 1 / 0;', 'x.jdl:1:7: TTL: relval cannot evaluate the expression 1 / 0'],
    ['TTL = 2 * (3;', "x.jdl:1:11: '(' is not closed: missing ')'"],
    [
      `TTL = ${'('.repeat(9999)}1${')'.repeat(9999)};`,
      'x.jdl:1:7: TTL: relval cannot evaluate the expression ((((((((((',
    ],
  ])('is an error with its position where it would have to be evaluated: %.40s', (text, message) => {
    expect(errorOf(text).startsWith(message), errorOf(text).slice(0, 300)).toBe(true);
  });

  it('is skipped with a warning where that is asked for', () => {
    const { values, warnings } = load('Executable = "x";\nTTL = other.TTL;', { lenient: true });
    expect([...values.keys()]).toEqual(['Executable']);
    expect(warnings).toEqual([
      expect.stringContaining('x.jdl:2:7: TTL: relval cannot evaluate the expression other.TTL'),
    ]);
  });
});
