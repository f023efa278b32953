import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Subject } from '../../../validation/checks/kind.ts';
import { loadPolicy, type Policy } from '../../../validation/checks/policy.ts';
import { type Details, detailsSchema } from '../../../validation/histograms/check/details.ts';
import { renderHtml } from '../../../validation/histograms/check/html.ts';
import { renderJunit } from '../../../validation/histograms/check/junit.ts';
import { histogramRulesOf } from '../../../validation/histograms/check/kind.ts';
import { checkAddresses } from '../../../validation/histograms/check/reference-files.ts';
import { compareOutputs } from '../../../validation/histograms/check/run.ts';
import { renderText } from '../../../validation/histograms/check/text.ts';
import { parseHistogramRules } from '../../../validation/histograms/rules/load.ts';
import { isCompared } from '../../../validation/histograms/rules/match.ts';
import type { Finding } from '../../../validation/report/model.ts';
import { buildProgram } from './program.ts';
import { randomOf } from './quantities.ts';
import { type TestHistogram, writeHistograms } from './root-writer.ts';

let built: Awaited<ReturnType<typeof buildProgram>>;
beforeAll(async () => {
  built = await buildProgram();
});
afterAll(() => built.remove());

const NAME = 'QAresults.root';
const RULES = `histograms:
  - { id: qa, files: [QAresults.root], compare: true }
  - { id: tpc, objects: [hA], critical: true, owner: tpc@example.org }
`;
const A: TestHistogram = { name: 'hA', title: '<b>A', content: [100, 2000, 5000, 2000, 100] };
const B: TestHistogram = { name: 'hB<i>', content: [1000, 1000, 1000, 1000, 1000] };
const OTHER_A = { ...A, content: [100, 1000, 2000, 5000, 1100] };
const OTHER_B = { ...B, content: [3000, 1000, 1000, 500, 100] };

let count = 0;
let own: string;
let good: string;
beforeEach(() => {
  count++;
  own = join(built.dir, `${count}-own`);
  good = join(built.dir, `${count}-good`);
  for (const directory of [own, good]) mkdirSync(directory);
});

const outputs = [{ name: NAME, size: 1 }];

/** Compares the files of two directories. A third directory is a second reference. */
async function compared(
  policy: Partial<Policy> = {},
  more: readonly string[] = [],
  other: Partial<Subject> = {},
  rules: string = RULES,
) {
  const step = { id: 'merge', stage: 'merge', ending: 'ended' as const, attempts: 2, logs: [], outputs };
  const subject: Subject = {
    run: 'night-3',
    steps: [{ ...step, outputDir: own }],
    references: [good, ...more].map((outputDir, index) => ({
      run: `night-${index + 1}`,
      steps: [{ id: 'merge', outputs, outputDir }],
    })),
    policy: { ...loadPolicy(), ...policy },
    now: 0,
    ...other,
  };
  const result = await compareOutputs(subject, {
    rules: parseHistogramRules('rules.yaml', rules),
    program: built.program,
  });
  return { findings: result?.findings ?? [], fixed: result?.fixed ?? [], details: result?.details as Details };
}

describe('outputs that are compared with those of a good run', () => {
  it('make a finding for each object that differs, the critical ones first', async () => {
    writeHistograms(join(good, NAME), [A, B]);
    writeHistograms(join(own, NAME), [OTHER_A, OTHER_B]);
    const { findings, details } = await compared();
    expect(findings).toMatchObject([
      {
        ...{ step: 'merge', stage: 'merge', attempt: 2, severity: 'error', rule: 'histogram', age: 'new' },
        compared: { file: NAME, object: 'hA' },
        message: expect.stringMatching(/^hA: .*χ²\/ndf .* \(owner: tpc@example\.org\)$/),
      },
      { severity: 'error', compared: { file: NAME, object: 'hB<i>' } },
    ]);
    expect(details.files).toMatchObject([{ state: 'different', references: ['night-1'], counts: { changed: 2 } }]);
    expect(renderText(details)[0]).toBe('Histograms: 2 changed');
    expect(renderText(details, 1).at(-1)).toBe('  and 1 more, see report.json');
    expect(renderText(details).some((line) => line.includes('\n'))).toBe(false);
    const html = renderHtml(details);
    expect(html.match(/<svg /g)).toHaveLength(2);
    expect(html).not.toMatch(/<[bi]>[AhB]|hB<i>/);
    expect(renderJunit(details).map(({ name, kind }) => `${kind} ${name}`)).toEqual([
      'passed compared',
      'failure merge QAresults.root hA',
      'failure merge QAresults.root hB<i>',
    ]);
    const again = await compared();
    expect(again.findings.map(({ fingerprint }) => fingerprint)).toEqual(
      findings.map(({ fingerprint }) => fingerprint),
    );
    expect(findings[0]?.fingerprint).not.toBe(findings[1]?.fingerprint);
  });

  it.each<[Policy['histograms'], string[]]>([
    ['fail', ['error', 'error']],
    ['fail on critical', ['error', 'warning']],
    ['report', ['warning', 'warning']],
  ])('count as the policy %s says', async (histograms, severities) => {
    writeHistograms(join(good, NAME), [A, B]);
    writeHistograms(join(own, NAME), [OTHER_A, OTHER_B]);
    const { findings, details } = await compared({ histograms });
    expect(findings.map(({ severity }) => severity)).toEqual(severities);
    expect(renderJunit(details).filter(({ kind }) => kind === 'failure')).toHaveLength(
      severities.filter((one) => one === 'error').length,
    );
  });

  it('make no finding if they are the same', async () => {
    for (const directory of [own, good]) writeHistograms(join(directory, NAME), [A, B]);
    const { findings, details } = await compared();
    expect(findings).toEqual([]);
    expect(details.files).toMatchObject([{ state: 'compatible', counts: { identical: 2 }, objects: [] }]);
  });

  it.each<[string, () => void, RegExp]>([
    ['is not there', () => undefined, /^the file is gone$/],
    ['is a link', () => symlinkSync(join(good, NAME), join(own, NAME)), /symbolic link/],
    ['is a directory', () => mkdirSync(join(own, NAME)), /no regular file/],
    ['is too large', () => tooLarge(join(own, NAME)), /more than 4 GB/],
  ])('have a state with its reason where the file %s', async (_, make, reason) => {
    writeHistograms(join(good, NAME), [A]);
    make();
    const { findings, details } = await compared();
    expect(findings).toEqual([]);
    expect(details.files).toMatchObject([{ state: 'not compared', reason: expect.stringMatching(reason) }]);
    expect(renderText(details)).toContainEqual(expect.stringMatching(/merge QAresults\.root: not compared: /));
  });

  it('fail if a file cannot be read but its reference can, and not if both cannot', async () => {
    writeHistograms(join(good, NAME), [A]);
    writeFileSync(join(own, NAME), 'text');
    const broken = await compared();
    expect(broken.details.files).toMatchObject([{ state: 'not readable', reason: 'it is no ROOT file' }]);
    expect(broken.findings).toMatchObject([
      { severity: 'error', compared: { file: NAME }, message: 'it cannot be read: it is no ROOT file' },
    ]);
    writeFileSync(join(good, NAME), 'text');
    const both = await compared();
    expect(both.details.files).toMatchObject([{ state: 'not compared' }]);
    expect(both.findings).toEqual([]);
  });

  it('count a copy of a reference only once', async () => {
    const [second, third] = [2, 3].map((n) => join(built.dir, `${count}-good${n}`)) as [string, string];
    for (const directory of [second, third]) mkdirSync(directory);
    for (const directory of [own, good, second]) writeHistograms(join(directory, NAME), [A, B]);
    writeHistograms(join(third, NAME), [A, { ...B, content: [1001, 999, 1000, 1000, 1000] }]);
    const { details } = await compared({}, [second, third]);
    expect(details.files[0]?.references).toEqual(['night-1', 'night-3']);
  });
});

describe('good runs, from three on', () => {
  it('show their own spread, so that correlated entries raise no alarm', async () => {
    const { uniform, normal } = randomOf(7);
    // Tracks of one event, hits of one track: 8 entries that are close together.
    const grouped = (): TestHistogram => {
      const content = new Array<number>(50).fill(0);
      for (let group = 0; group < 2000; group++) {
        const middle = 25 + 6 * normal();
        for (let entry = 0; entry < 8; entry++) {
          const bin = Math.floor(middle + uniform());
          if (bin >= 0 && bin < 50) content[bin] = (content[bin] as number) + 1;
        }
      }
      return { name: 'hGrouped', content };
    };
    const more = [1, 2, 3, 4].map((n) => join(built.dir, `${count}-more${n}`));
    for (const directory of more) mkdirSync(directory);
    for (const directory of [own, good, ...more]) writeHistograms(join(directory, NAME), [grouped()]);
    expect((await compared()).details.files).toMatchObject([{ state: 'different', counts: { changed: 1 } }]);
    const { details, findings } = await compared({}, more);
    expect(details.files).toMatchObject([{ state: 'compatible', counts: { compatible: 1 } }]);
    expect(details.files[0]?.references).toHaveLength(5);
    expect(findings).toEqual([]);
  });
});

describe('a difference that a good run has, too', () => {
  const finding = (object: string, more: Partial<Finding> = {}): Finding => ({
    ...{ step: 'merge', stage: 'merge', attempt: 1, severity: 'error', rule: 'histogram', age: 'new' },
    ...{ message: `${object}: mean 1 → 2`, compared: { file: NAME, object }, fingerprint: '0123456789abcdef' },
    ...more,
  });
  const goodRun = (run: string, outputDir: string, findings: Finding[] = []) => ({
    ...{ run, findings },
    steps: [{ id: 'merge', outputs, outputDir }],
  });

  it('is known if that run was accepted with it', async () => {
    writeHistograms(join(good, NAME), [OTHER_A, B]);
    writeHistograms(join(own, NAME), [OTHER_A, B]);
    const references = [goodRun('night-2', good, [finding('hA')])];
    const { findings, details, fixed } = await compared({}, [], { references });
    expect(findings).toMatchObject([
      { severity: 'info', age: 'known', message: 'hA: mean 1 → 2; as in night-2, which was taken as good' },
    ]);
    expect(fixed).toEqual([]);
    expect(details.files).toMatchObject([{ state: 'compatible', known: 1, fixed: 0 }]);
    expect(renderText(details)[0]).toBe('Histograms: 2 identical; 1 known difference');
  });

  it('stays known in the runs after, in the same words', async () => {
    writeHistograms(join(good, NAME), [OTHER_A, B]);
    writeHistograms(join(own, NAME), [OTHER_A, B]);
    const before = finding('hA', { severity: 'info', age: 'known', message: 'as it was said' });
    const { findings } = await compared({}, [], { references: [goodRun('night-3', good, [before])] });
    expect(findings).toMatchObject([{ severity: 'info', age: 'known', message: 'as it was said' }]);
  });

  it('is new where it differs from that run again', async () => {
    writeHistograms(join(good, NAME), [OTHER_A, B]);
    writeHistograms(join(own, NAME), [{ ...A, content: [5000, 2000, 1000, 100, 100] }, B]);
    const { findings } = await compared({}, [], { references: [goodRun('night-2', good, [finding('hA')])] });
    expect(findings).toMatchObject([{ severity: 'error', age: 'new', compared: { object: 'hA' } }]);
    expect(findings).toHaveLength(1);
  });

  it('is fixed if the object is again as in the runs before that one', async () => {
    const before = join(built.dir, `${count}-before`);
    mkdirSync(before);
    writeHistograms(join(before, NAME), [A, B]);
    writeHistograms(join(good, NAME), [OTHER_A, B]);
    writeHistograms(join(own, NAME), [A, OTHER_B]);
    const { findings, fixed, details } = await compared({}, [], {
      references: [goodRun('night-2', good, [finding('hA')])],
      before: [goodRun('night-1', before)],
    });
    expect(findings).toMatchObject([{ age: 'new', compared: { object: 'hB<i>' } }]);
    expect(fixed).toMatchObject([{ compared: { object: 'hA' }, severity: 'error' }]);
    expect(fixed[0]?.age).toBeUndefined();
    expect(details.files).toMatchObject([{ state: 'different', fixed: 1, known: 0 }]);
    expect(details.files[0]?.objects.find(({ name }) => name === 'hA')).toMatchObject({ age: 'fixed' });
    expect(renderJunit(details).filter(({ kind }) => kind === 'failure')).toHaveLength(1);
  });

  it('leaves a file compatible if all its differences are known', async () => {
    const files = join(built.dir, `${count}-files`);
    mkdirSync(files);
    writeHistograms(join(files, NAME), [A, B]);
    writeHistograms(join(good, NAME), [OTHER_A, B]);
    writeHistograms(join(own, NAME), [OTHER_A, B]);
    const { findings, details } = await compared({}, [], { referenceFiles: [files] });
    expect(findings).toMatchObject([{ severity: 'info', age: 'known', compared: { object: 'hA' } }]);
    expect(details.files).toMatchObject([{ state: 'compatible', references: [files], known: 1 }]);
  });
});

describe('files that the user gives as the reference', () => {
  it('replace good runs, each as one reference', async () => {
    const [file, directory] = [join(built.dir, `${count}-a`, NAME), join(built.dir, `${count}-b`)];
    mkdirSync(join(built.dir, `${count}-a`));
    mkdirSync(directory);
    writeHistograms(file, [A, B]);
    writeHistograms(join(directory, NAME), [A, { ...B, content: [1001, 999, 1000, 1000, 1000] }]);
    writeHistograms(join(own, NAME), [OTHER_A, B]);
    const { findings, details } = await compared({}, [], { referenceFiles: [file, directory], references: [] });
    expect(findings).toMatchObject([{ age: 'new', compared: { object: 'hA' } }]);
    expect(details.references).toEqual([file, directory]);
    expect(details.files[0]?.references).toEqual([file, directory]);
  });

  it('are found by the path of an output below the directory of all outputs', async () => {
    const directory = join(built.dir, `${count}-tree`);
    mkdirSync(join(directory, 'qa', '001'), { recursive: true });
    writeHistograms(join(directory, 'qa', '001', NAME), [A]);
    writeFileSync(join(directory, NAME), 'another file of this name');
    const place = join(own, 'qa', '001');
    mkdirSync(place, { recursive: true });
    writeHistograms(join(place, NAME), [A]);
    const step = { id: 'merge', stage: 'merge', ending: 'ended' as const, attempts: 1, logs: [], outputs };
    const steps = [
      { ...step, outputDir: place },
      { ...step, id: 'other', outputs: [], outputDir: join(own, 'sim') },
    ];
    const { details } = await compared({}, [], { referenceFiles: [directory], references: [], steps });
    expect(details.files).toMatchObject([{ state: 'compatible', counts: { identical: 1 } }]);
  });

  it('make a warning if they do not have the output', async () => {
    const directory = join(built.dir, `${count}-none`);
    mkdirSync(directory);
    writeHistograms(join(own, NAME), [A]);
    const { findings } = await compared({}, [], { referenceFiles: [directory] });
    expect(findings).toMatchObject([
      { severity: 'warning', message: 'it was not compared: the reference files hold no such output' },
    ]);
  });

  it.each([
    ['none', /--reference-files .*none: there is no such file or directory/],
    ['https://host/file.root', /expected a path or an address such as root:/],
  ])('are refused at once: %s', (address, message) => {
    expect(() => checkAddresses([address])).toThrow(message);
    expect(() => checkAddresses([built.dir, 'root://host//file.root'])).not.toThrow();
  });
});

describe('outputs in an archive', () => {
  const archived = [{ name: 'root_archive.zip', size: 1 }];
  const sides = () => ({
    steps: [
      {
        ...{ id: 'merge', stage: 'merge', ending: 'ended' as const, attempts: 1, logs: [] },
        ...{ outputs: archived, outputDir: own },
      },
    ],
    references: [{ run: 'night-1', steps: [{ id: 'merge', outputs: archived, outputDir: good }] }],
  });
  const pack = (directory: string, name: string, histograms: TestHistogram[]): void => {
    mkdirSync(join(directory, 'sub'), { recursive: true });
    writeHistograms(join(directory, 'sub', name), histograms);
    execFileSync('zip', ['-q', 'root_archive.zip', `sub/${name}`], { cwd: directory });
  };

  it('are compared', async () => {
    pack(good, NAME, [A, B]);
    pack(own, NAME, [OTHER_A, B]);
    const { findings, details } = await compared({}, [], sides());
    const file = `root_archive.zip#sub/${NAME}`;
    expect(findings).toMatchObject([{ compared: { file, object: 'hA' } }]);
    expect(details.files).toMatchObject([{ file, state: 'different', counts: { changed: 1, identical: 1 } }]);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('relval-members-'))).toEqual([]);
  });

  it('are found by their names, whatever characters these contain', async () => {
    const name = 'QA*[a]res.root';
    for (const directory of [good, own]) {
      pack(directory, NAME, [OTHER_B]);
      pack(directory, name, [A]);
    }
    const rules = 'histograms: [{ id: qa, files: ["*?a?res.root"], compare: true }]';
    const { details } = await compared({}, [], sides(), rules);
    expect(details.files.map(({ file, counts }) => [file, counts.identical])).toEqual([
      [`root_archive.zip#sub/${name}`, 1],
    ]);
  });

  it('have a state with its reason if the archive is damaged', async () => {
    pack(good, NAME, [A]);
    writeFileSync(join(own, 'root_archive.zip'), 'text');
    const { details } = await compared({}, [], sides());
    expect(details.files).toMatchObject([{ state: 'not compared', reason: expect.stringMatching(/unzip ended with/) }]);
  });
});

describe('histograms in report.json', () => {
  it('follow the published schema (npx vitest run test/validation/histograms/outputs.test.ts -u writes it)', async () => {
    const path = join(import.meta.dirname, '../../../docs/schema/histograms.json');
    await expect(`${JSON.stringify(z.toJSONSchema(detailsSchema), null, 2)}\n`).toMatchFileSnapshot(path);
  });
});

describe('the built-in rules', () => {
  it.each<[string, string, boolean]>([
    ['simQaMerge', 'QAresults.root', true],
    ['simQaMerge', 'event_stat.root', true],
    ['cpass1QaMerge', 'QAresults_barrel.root', true],
    ['sim', 'QAresults.root', false],
    ['simResMerge', 'AliAOD.root', false],
  ])('say of %s %s: %s', (stage, file, expected) => {
    expect(isCompared(histogramRulesOf([]), { stage, file })).toBe(expected);
  });
});

/** A sparse file of 5 GB. */
function tooLarge(path: string): void {
  writeFileSync(path, '');
  truncateSync(path, 5 * 2 ** 30);
}
