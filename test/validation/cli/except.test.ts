import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadRules } from '../../../validation/checks/rules.ts';
import { Relval } from '../../e2e/relval.ts';
import { endedRun, finding } from '../server/sample-runs.ts';

let relval: Relval;
let rules: string;
const FINGERPRINTS = Array.from({ length: 6 }, (_, n) => `${n}`.repeat(16));

beforeEach(async () => {
  relval = new Relval();
  rules = join(relval.dir, 'rules.yaml');
  const findings = FINGERPRINTS.map((fingerprint, n) =>
    finding(`std::bad_alloc: trouble ${'abcdef'[n]}`, { rule: 'bad-alloc', fingerprint }),
  );
  const own = finding('OWN trouble', { rule: 'own', fingerprint: 'a'.repeat(16) });
  const run = await endedRun(relval.runs, 'mc-1', 'failed', [...findings, own]);
  mkdirSync(join(run.path, 'input/criteria/rules'), { recursive: true });
  const ownRules = 'rules: [{ id: own, contains: OWN, severity: error }]\n';
  writeFileSync(join(run.path, 'input/criteria/rules/0-own.yaml'), ownRules);
});
afterEach(() => relval.remove());

const except = (fingerprint = FINGERPRINTS[0] as string, to = rules) =>
  relval.run('except', 'mc-1', fingerprint, '--reason', 'known: #1', '--until', '2999-01-31', '--to', to);
const excepted = (): string[] =>
  loadRules([rules])
    .logs.find(({ id }) => id === 'bad-alloc')
    ?.except?.map(({ contains = '' }) => contains) ?? [];

describe('relval except --to', () => {
  it('loses none of the exceptions that several processes add at once', async () => {
    const all = await Promise.all(FINGERPRINTS.map((one) => except(one)));
    expect(all.map(({ code, stderr }) => [code, stderr])).toEqual(all.map(() => [0, '']));
    expect(excepted().sort()).toEqual([...'abcdef'].map((letter) => `std::bad_alloc: trouble ${letter}`));
    expect(readdirSync(relval.dir).filter((name) => name.startsWith('rules.yaml'))).toEqual(['rules.yaml']);
  });

  it('changes what a link leads to, and keeps the link and the permissions', async () => {
    mkdirSync(join(relval.dir, 'shared'));
    const real = join(relval.dir, 'shared/real.yaml');
    writeFileSync(real, '# ours\nrules: []\n');
    chmodSync(real, 0o640);
    symlinkSync('shared/real.yaml', rules);
    expect(await except()).toMatchObject({ code: 0 });
    expect(lstatSync(rules).isSymbolicLink()).toBe(true);
    expect(realpathSync(rules)).toBe(realpathSync(real));
    expect(statSync(real).mode & 0o777).toBe(0o640);
    expect(excepted()).toHaveLength(1);
  });

  it('fills an empty file, or one of comments', async () => {
    for (const text of ['', '\n', '# our exceptions\n\n  # by stage\n']) {
      writeFileSync(rules, text);
      const { code, stderr } = await except();
      expect([code, stderr]).toEqual([0, '']);
      expect(excepted()).toHaveLength(1);
      for (const comment of text.match(/# .*/g) ?? []) expect(readFileSync(rules, 'utf8')).toContain(comment);
    }
  });

  it('adds to a rule of an own file of the run, and says how the run is judged with both', async () => {
    expect(await except('aaaa')).toMatchObject({ code: 0 });
    expect(parse(readFileSync(rules, 'utf8'))).toMatchObject({
      rules: [{ id: 'own', except: [{ reason: 'known: #1' }] }],
    });
  });

  it.each([
    [
      'an alias of exceptions',
      'rules:\n  - &x { id: killed, except: &e [{ contains: abc, reason: r, owner: o }] }\n  - { id: bad-alloc, except: *e }\n',
    ],
    ['an alias of a rule', 'histograms: []\nrules:\n  - &x { id: killed, severity: info }\n  - *x\n'],
    ['a mistake', 'rules:\n  - { id: bad-alloc, colour: red }\n'],
    ['a text that is no YAML', 'rules: [\n'],
    ['a rule that is not there', 'rules:\n  - { id: nowhere, severity: info }\n'],
  ])('leaves a file with %s as it is', async (_, text) => {
    writeFileSync(rules, text);
    const { code, stderr } = await except();
    expect(code).toBe(2);
    expect(stderr).toContain(rules);
    expect(readFileSync(rules, 'utf8')).toBe(text);
    expect(readdirSync(relval.dir).filter((name) => name.startsWith('rules.yaml'))).toEqual(['rules.yaml']);
  });

  it('refuses a day that is not in the calendar, or has passed', async () => {
    for (const day of ['2999-02-30', '2020-01-31', 'tomorrow', '2999-1-1']) {
      const words = ['except', 'mc-1', FINGERPRINTS[0] as string, '--reason', 'known', '--until', day];
      const { code, stdout, stderr } = await relval.run(...words);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain(`until ${day}`);
    }
  });

  it('refuses what is no file, or cannot be written', async () => {
    const pipe = join(relval.dir, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const places = [pipe, relval.dir, '/dev/full', join(rules, 'x'), join(relval.dir, 'no/such/x')];
    for (const place of places) {
      const { code, stderr } = await except(undefined, place);
      expect([code, stderr.split('\n').length], stderr).toEqual([2, 2]);
      expect(stderr).toContain(place);
    }
    expect(existsSync(rules)).toBe(false);
  });
});
