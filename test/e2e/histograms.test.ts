import { copyFileSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { detailsSchema } from '../../validation/histograms/check/details.ts';
import type { Report } from '../../validation/report/model.ts';
import { reportSchema } from '../../validation/report/schema.ts';
import { recordOf, rootFile } from '../validation/histograms/root-writer.ts';
import { GPMC, Relval, ROOT } from './relval.ts';
import { XrootdServer } from './xrootd-server.ts';

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
    [
      'no second file',
      [fixture('qa_ref.root')],
      /there is nothing to compare .* with\. Name a second file, or use --reference/,
    ],
    ['no such file', [fixture('qa_ref.root'), 'none.root'], /^relval: none\.root does not exist/],
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

  it('fails a run of the example in which only momenta are too large, until somebody accepts that', async () => {
    const run = (...more: string[]) => relval.run('run', GPMC, '--local', '--set', 'RELVAL_DEMO_SECONDS=0', ...more);
    const first = await run();
    expect(first.code, first.stderr).toBe(0);
    expect(first.stdout).toContain('Histograms: no reference');

    const shifted = await run('--set', 'RELVAL_DEMO_SHIFT=0.03');
    expect(shifted.code).toBe(1);
    expect(shifted.stdout).toMatch(
      /1 of 9 steps failed, with 2 new errors, the first in simQaMerge: QA\/pt_resolution: mean [^\n]*χ²\/ndf [^\n]* \(QAresults\.root\)\n/,
    );
    expect(shifted.stdout).toMatch(/Histograms: 2 changed, 2 compatible, 6 identical\n/);
    const report = JSON.parse((await relval.run('report', '--format', 'json')).stdout) as Report;
    expect(() => reportSchema.parse(report)).not.toThrow();
    expect(report.findings.map(({ compared, age }) => [compared?.object, age])).toEqual([
      ['QA/pt_resolution', 'new'],
      ['QA/pt_bias', 'new'],
    ]);
    const details = detailsSchema.parse(report.checks?.histograms);
    expect(details.files.map(({ file, state }) => `${file} ${state}`)).toEqual([
      'QAresults.root different',
      'trending.root not compared',
      'event_stat.root compatible',
    ]);
    expect(details.files[0]?.objects.every(({ picture }) => picture)).toBe(true);
    const junit = (await relval.run('report', '--format', 'junit')).stdout;
    expect(junit.match(/classname="gpmc\.histograms"/g)).toHaveLength(3);
    expect((await relval.run('report', '--format', 'html')).stdout).toContain('<figure class="histogram">');

    const compared = await relval.run('histograms', 'last', '--match', 'QA/pt_b*', '--json');
    expect(compared.code).toBe(1);
    expect(JSON.parse(compared.stdout).files[0].objects).toHaveLength(1);
    const policy = join(relval.dir, 'lenient.yaml');
    writeFileSync(policy, 'failOn: any error\nhistograms: report\n');
    expect((await relval.run('report', '--policy', policy)).stdout).toMatch(/^PASSED .*\n.*; 2 warnings/);

    expect((await relval.run('accept', 'last', '--note', 'the new calibration')).code).toBe(0);
    const next = await run('--set', 'RELVAL_DEMO_SHIFT=0.03');
    expect(next.code, next.stdout).toBe(0);
    expect(next.stdout).toMatch(/^.*; 2 known differences\n/m);
    expect(next.stdout).toMatch(/Histograms: 10 identical; 2 known differences\n/);
    const known = JSON.parse((await relval.run('report', '--format', 'json')).stdout) as Report;
    expect(known.findings.map(({ compared, age, severity }) => [compared?.object, age, severity])).toEqual([
      ['QA/pt_resolution', 'known', 'info'],
      ['QA/pt_bias', 'known', 'info'],
    ]);
    expect(known.findings[0]?.message).toContain(`as in ${report.run}, which was taken as good`);
    expect((await relval.run('histograms', 'last')).code).toBe(0);
    const back = await relval.run('histograms', 'last', '--reference', report.reference?.run ?? '');
    expect(back.code).toBe(1);
    expect(back.stdout).toMatch(/changed simQaMerge QAresults\.root QA\/pt_resolution/);

    const repaired = await run();
    expect(repaired.code, repaired.stdout).toBe(0);
    expect(repaired.stdout).toMatch(/; 2 fixed\n/);
    expect((await relval.run('report')).stdout).toMatch(/^Fixed: 2 errors/m);
    const gone = await run('--set', 'RELVAL_DEMO_SHIFT=0.03');
    expect(gone.code).toBe(1);
    expect(gone.stdout).toMatch(/with 2 new errors, /);
  });

  it('compares a run with files on a storage server, which are fetched once', async () => {
    const server = new XrootdServer();
    try {
      await server.start();
      const run = (...more: string[]) =>
        relval.run('run', GPMC, '--local', '--set', 'RELVAL_DEMO_SECONDS=0', '--stop-at', 'simQaMerge', ...more);
      expect((await run()).code).toBe(0);
      const output = (name: string) => join(relval.runs, 'GOOD', 'output', name);
      const [good] = readdirSync(relval.runs).filter((name) => name.startsWith('gpmc-'));
      const from = (name: string) => output(name).replace('GOOD', good ?? '');
      mkdirSync(join(server.data, 'good', 'release', 'SpacePointCalibrationMerge', '001'), { recursive: true });
      for (const name of ['QAresults.root', 'event_stat.root', 'SpacePointCalibrationMerge/001/trending.root']) {
        if (existsSync(from(name))) copyFileSync(from(name), join(server.data, 'good', 'release', name));
      }
      const address = server.url('good/release');
      const shifted = await run('--set', 'RELVAL_DEMO_SHIFT=0.03', '--reference-files', address);
      expect(shifted.code, shifted.stdout + shifted.stderr).toBe(1);
      expect(shifted.stdout).toMatch(/QA\/pt_resolution: mean /);
      expect(shifted.stdout).toContain(`compared with ${address}`);
      const cache = join(relval.dir, 'cache', 'relval', 'reference-files');
      const copies = () =>
        readdirSync(cache, { recursive: true, encoding: 'utf8' })
          .filter((name) => name.endsWith('QAresults.root'))
          .map((name) => `${name} ${statSync(join(cache, name)).mtimeMs}`);
      const first = copies();
      expect(first).toHaveLength(1);
      const again = await relval.run('histograms', 'last', '--reference-files', address);
      expect(again.code).toBe(1);
      expect(copies()).toEqual(first);

      const files = [from('QAresults.root'), server.url('good/release/QAresults.root')];
      const alone = await relval.run('histograms', files[0] ?? '', '--reference', files[1] ?? '');
      expect(alone.code, alone.stderr).toBe(0);
      expect(alone.stdout).toContain(`against ${files[1]}: compatible`);

      await server.kill();
      const unreached = await relval.run('histograms', 'last', '--reference-files', address);
      expect(unreached.stdout).toMatch(/QAresults\.root: not compared: in root:.* cannot be reached: /);
      expect(unreached.code).toBe(2);
    } finally {
      await server.remove();
    }
  });
});
