import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordOf, rootFile } from '../validation/histograms/root-writer.ts';
import { GPMC, Relval, ROOT } from './relval.ts';

const FILES = join(ROOT, 'test', 'fixtures', 'root');
const fixture = (name: string): string => join(FILES, name);

describe('relval histograms', () => {
  let relval: Relval;
  beforeEach(() => {
    relval = new Relval();
  });
  afterEach(() => relval.remove());

  it('says what differs, the worst first, and ends with 1', async () => {
    const { code, stdout } = await relval.run('histograms', fixture('qa_ref.root'), fixture('qa_new.root'));
    expect(code).toBe(1);
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/qa_new\.root against .*qa_ref\.root: different$/);
    expect(lines[1]).toMatch(/^QA\/hPtShift: mean 3\.008 → 3\.576 GeV\/c, /);
    expect(lines[2]).toMatch(
      /^1 changed, 1 rebinned, 1 empty in one, 1 only in the reference, 1 only here, 1 not testable, /,
    );
  });

  it('ends with 0 where only chance differs, and prints all as JSON', async () => {
    const files = [fixture('qa_ref.root'), fixture('qa_ref_seed2.root')];
    const { code, stdout } = await relval.run('histograms', ...files, '--json', '--match', 'QA/*');
    expect(code).toBe(0);
    const { verdict, objects, counts } = JSON.parse(stdout);
    expect(verdict).toBe('compatible');
    expect(objects).toHaveLength(11);
    expect(counts.compatible + counts.identical).toBe(11);
  });

  it('takes several references and rules', async () => {
    const rules = join(relval.dir, 'rules.yaml');
    writeFileSync(rules, 'histograms: [{ id: a, objects: ["QA/*"], ignore: { reason: being redone, owner: Ann } }]\n');
    const references = ['qa_ref.root', 'qa_ref_seed2.root'].flatMap((name) => ['--reference', fixture(name)]);
    const { code, stdout } = await relval.run('histograms', fixture('qa_new.root'), ...references, '--rules', rules);
    expect(stdout).toMatch(/12 ignored/);
    expect(code).toBe(0);
  });

  it.each<[string, string[], RegExp]>([
    ['no second file', [fixture('qa_ref.root')], /to be compared with\? Give a second file, or --reference/],
    ['no such file', [fixture('qa_ref.root'), 'none.root'], /^relval: none\.root: there is no such file/],
    ['a directory', [fixture('qa_ref.root'), FILES], /is not a regular file/],
    [
      'rules with a mistake',
      [fixture('qa_ref.root'), fixture('qa_ref.root'), '--rules', 'RULES'],
      /rules\.yaml:1:\d+: .*unknown key 'object'/,
    ],
  ])('refuses %s', async (_, args, message) => {
    const rules = join(relval.dir, 'rules.yaml');
    writeFileSync(rules, 'histograms: [{ id: a, object: [x] }]\n');
    const { code, stderr, stdout } = await relval.run(
      'histograms',
      ...args.map((arg) => (arg === 'RULES' ? rules : arg)),
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stdout).toBe('');
  });

  it('says of a file that is no ROOT file, or cut off, that it cannot be read, and ends with 2', async () => {
    const { code, stdout } = await relval.run('histograms', fixture('qa_ref.root'), fixture('README.md'));
    expect(code).toBe(2);
    expect(stdout).toMatch(/not readable\n.*README\.md: it is no ROOT file/);
  });

  it('obeys no name of a file', async () => {
    const [a, b] = [join(relval.dir, 'a.root'), join(relval.dir, 'b.root')];
    writeFileSync(a, rootFile([recordOf({ name: '\u001b[2Jcleared\u202e', content: [1, 2, 3] })]));
    writeFileSync(b, rootFile([recordOf({ name: 'other', content: [1, 2, 3] })]));
    const { code, stdout } = await relval.run('histograms', a, b);
    expect(code).toBe(1);
    expect(stdout).toContain('\\x1b[2Jcleared\\u202e');
    expect(stdout).not.toContain('\u001b');
  });

  it('finds what a run of the example shows by nothing else: momenta that are 3 % too large', async () => {
    const good = await relval.run('run', GPMC, '--local', '--set', 'RELVAL_DEMO_SECONDS=0');
    expect(good.code).toBe(0);
    const { directory } = await relval.onlyRun();
    const reference = join(relval.dir, 'good.root');
    copyFileSync(join(directory, 'output', 'QAresults.root'), reference);
    const wrong = ['--set', 'RELVAL_DEMO_SECONDS=0', '--set', 'RELVAL_DEMO_SHIFT=0.03'];
    expect((await relval.run('run', GPMC, '--local', '--name', 'wrong', ...wrong)).code).toBe(0);
    const runs: { name: string; directory: string }[] = JSON.parse((await relval.run('list', '--json')).stdout);
    const shifted = runs.find(({ name }) => name === 'wrong')?.directory ?? '';
    const { code, stdout } = await relval.run(
      'histograms',
      reference,
      join(shifted, 'output', 'QAresults.root'),
      '--json',
    );
    expect(code).toBe(1);
    const { objects } = JSON.parse(stdout) as { objects: { name: string; state: string }[] };
    expect(objects.filter(({ state }) => state === 'changed').map(({ name }) => name)).toEqual([
      'QA/pt_resolution',
      'QA/pt_bias',
    ]);
    expect(objects).toHaveLength(9);
  });
});
