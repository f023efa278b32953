import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  compileRules,
  decompileRules,
  loadRules,
  parseRules,
  patternsForGrep,
} from '../../../validation/checks/rules.ts';
import { InputError } from '../../../validation/input/input-error.ts';

const directory = mkdtempSync(join(tmpdir(), 'relval-rules-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The patterns of the predecessor of relval. */
const PREDECESSOR = [
  'Interpreter error recovered',
  'not found in path',
  'no interpreter information for class',
  'Error in cling::AutoloadingVisitor',
  ': error:',
  'cannot read file data: Input/output error',
  'Merged 0 files',
  'File name too long',
  'std::bad_alloc',
  'Segmentation violation',
  'Segmentation fault',
  'Bus error',
  'floating point exception',
  'E-ProcessOutput:',
  'Killed',
  'busy flag cleared',
  'Cannot Build the PAR Archive',
  '*** glibc detected ***',
  'E-AliCDBGrid::PutEntry:',
  'F-AliCDBGrid::',
  'E-TAlienFile::ReadBuffer: The remote (removed) file is not open',
];

function problemsOf(text: string): string[] {
  try {
    parseRules('my.yaml', text);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).problems.map(
      ({ message, at }) => `${at?.source.file}:${at?.line}:${at?.column}: ${message}`,
    );
  }
  return [];
}

describe('rules', () => {
  it('are the same when the build has compiled them', () => {
    const compiled = [...decompileRules(compileRules()).values()].filter(({ severity }) => severity !== 'off');
    const { logs, steps } = loadRules();
    expect(compiled).toEqual(expect.arrayContaining([...logs, ...steps]));
    expect(compiled).toHaveLength(logs.length + steps.length);
  });

  it('hold every pattern of the predecessor, as an error in every log', () => {
    const { logs: rules } = loadRules();
    for (const pattern of PREDECESSOR) {
      const rule = rules.find((one) => one.contains.includes(pattern));
      expect(rule, pattern).toMatchObject({ severity: 'error' });
      expect(rule).not.toHaveProperty('files');
      expect(rule).not.toHaveProperty('stages');
    }
  });

  it('give the fixed strings for grep, each once', () => {
    const patterns = patternsForGrep(loadRules());
    expect(patterns).toEqual(expect.arrayContaining(PREDECESSOR));
    expect(new Set(patterns).size).toBe(patterns.length);
    expect(patterns.filter((pattern) => pattern.includes('\n') || pattern === '')).toEqual([]);
  });

  it('of a user are added to the built-in set, and replace those of the same id', () => {
    const file = join(directory, 'own.yaml');
    writeFileSync(
      file,
      'rules:\n  - {id: killed, contains: Killed, severity: info}\n  - {id: own, contains: [abc, def], severity: warning}\n',
    );
    const { logs: rules } = loadRules([file]);
    expect(rules.length).toBe(loadRules().logs.length + 1);
    expect(rules.find((rule) => rule.id === 'killed')?.severity).toBe('info');
    expect(rules.at(-1)).toMatchObject({ id: 'own', contains: ['abc', 'def'], severity: 'warning' });
  });

  it('with mistakes are refused with the place of every mistake', () => {
    const text = [
      'rules:',
      '  - id: Not Good',
      '    contains: ab',
      '    severity: fatal',
      '  - id: second',
      '    contains: abc',
      '    matches: "(["',
      '    severity: error',
      '    colour: red',
      '  - id: third',
      '    severity: error',
      '    contains: abc',
      '    except:',
      '      - {contains: x, reason: because}',
      '      - {reason: because, owner: me}',
      '      - {contains: x, reason: because, owner: me, until: 2029-02-31}',
    ].join('\n');
    const problems = problemsOf(text);
    expect(problems).toEqual([
      expect.stringMatching(/^my\.yaml:2:9: rules\.0\.id: must consist of lower-case letters/),
      expect.stringMatching(/^my\.yaml:3:15: rules\.0\.contains: /),
      expect.stringMatching(/^my\.yaml:4:15: rules\.0\.severity: /),
      expect.stringMatching(/^my\.yaml:7:14: rules\.1\.matches: Invalid regular expression/),
      expect.stringMatching(/^my\.yaml:9:5: rules\.1: unknown key 'colour'/),
      expect.stringMatching(/^my\.yaml:14:9: rules\.2\.except\.0\.owner: /),
      expect.stringMatching(/^my\.yaml:15:9: rules\.2\.except\.1: needs contains, matches, stages or files/),
      expect.stringMatching(/^my\.yaml:16:58: rules\.2\.except\.2\.until: /),
    ]);
  });

  it('with a line break in their text are refused', () => {
    for (const end of ['\\n', '\\r']) {
      expect(problemsOf(`rules: [{id: a, contains: "one${end}two", severity: error}]`)).toEqual([
        expect.stringContaining('must not contain a line break'),
      ]);
    }
  });

  it('that use an id twice are refused', () => {
    const one = '  - {id: same, contains: abc, severity: error}\n';
    expect(problemsOf(`rules:\n${one}${one}`)).toEqual(['my.yaml:3:10: rule same is defined twice']);
  });

  it('that are not YAML are refused with the place', () => {
    expect(problemsOf('rules:\n  - id: "open\n')).toEqual([
      expect.stringMatching(/^my\.yaml:3:1: Missing closing "quote/),
    ]);
  });

  it('of a later file change a rule of the same id if they have neither contains nor check', () => {
    const file = join(directory, 'change.yaml');
    const except = '{files: [rec.log], contains: harmless, reason: a typo, owner: Ann}';
    writeFileSync(
      file,
      `rules: [{id: killed, except: [${except}]}, {id: bus-error, severity: off}, {id: memory, above: 150%}]`,
    );
    const { logs, steps } = loadRules([file]);
    expect(logs.find(({ id }) => id === 'killed')).toMatchObject({
      contains: expect.arrayContaining(['Killed']),
      except: [{ owner: 'Ann' }],
    });
    expect(logs.some(({ id }) => id === 'bus-error')).toBe(false);
    expect(steps.find(({ id }) => id === 'memory')).toMatchObject({ check: 'memory', above: 1.5 });
  });

  it('that change an unknown rule, or limit a check without a limit, are refused', () => {
    expect(problemsOf('rules:\n  - {id: none, severity: off}\n')).toEqual([
      expect.stringMatching(/^my\.yaml:2:5: none: there is no rule of this name to change/),
    ]);
    expect(problemsOf('rules:\n  - {id: a, check: signal, above: 10%, severity: error}\n')).toEqual([
      expect.stringMatching(/^my\.yaml:2:20: rules\.0\.check: 'above' \(a percentage\) is needed for time and memory/),
    ]);
  });

  it('from a missing file are refused', () => {
    expect(() => loadRules([join(directory, 'none.yaml')])).toThrow(/none\.yaml: no such file/);
  });
});

it('the built-in rules have at most four short texts: more would slow down the search for all texts', () => {
  const texts = new Set(
    loadRules().logs.flatMap(({ contains, anyCase }) => contains.map((text) => `${anyCase ? 'any ' : ''}${text}`)),
  );
  expect([...texts].filter((text) => Buffer.byteLength(text.replace(/^any /, '')) < 6)).toHaveLength(4);
});
