import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Subject } from '../../../validation/checks/kind.ts';
import { loadPolicy, type Policy } from '../../../validation/checks/policy.ts';
import { type Details, detailsSchema } from '../../../validation/histograms/check/details.ts';
import { renderHtml } from '../../../validation/histograms/check/html.ts';
import { renderJunit } from '../../../validation/histograms/check/junit.ts';
import { histogramRulesOf } from '../../../validation/histograms/check/kind.ts';
import { compareOutputs } from '../../../validation/histograms/check/run.ts';
import { renderText } from '../../../validation/histograms/check/text.ts';
import { parseHistogramRules } from '../../../validation/histograms/rules/load.ts';
import { isCompared } from '../../../validation/histograms/rules/match.ts';
import { buildProgram } from './program.ts';
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

/** Compares what is in the two directories; a further one is that of a second reference. */
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
  it('make a finding of each object that differs, the critical ones first', async () => {
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

  it('make no finding where they are the same', async () => {
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

  it('fail where a file cannot be read that could be in the reference, and not where neither can', async () => {
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

describe('what is said of histograms in report.json', () => {
  it('is of the published form (npx vitest run test/validation/histograms/outputs.test.ts -u writes it)', async () => {
    const path = join(import.meta.dirname, '../../../docs/schema/histograms.json');
    await expect(`${JSON.stringify(z.toJSONSchema(detailsSchema), null, 2)}\n`).toMatchFileSnapshot(path);
  });
});

describe('the rules that come with relval', () => {
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

/** A file without contents that says that it has 5 GB. */
function tooLarge(path: string): void {
  writeFileSync(path, '');
  truncateSync(path, 5 * 2 ** 30);
}
