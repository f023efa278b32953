import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { exceptionFor } from '../../../validation/checks/exception.ts';
import { withException } from '../../../validation/checks/exception-file.ts';
import { judgeStep } from '../../../validation/checks/judge-step.ts';
import type { StepOutcome } from '../../../validation/checks/outcome.ts';
import { loadRules, type Rules } from '../../../validation/checks/rules.ts';
import { scanStepLogs } from '../../../validation/checks/step-logs.ts';
import type { Finding } from '../../../validation/report/model.ts';

const directory = mkdtempSync(join(tmpdir(), 'relval-excused-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const now = Date.parse('2029-06-15T12:00:00Z');
const EXCUSE = { reason: 'known', owner: 'Ann', until: '2030-01-31' };
const builtIn = loadRules();

function findingsIn(content: string | Buffer, rules: Rules, file = 'sim.log'): Promise<Finding[]> {
  const path = join(directory, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return scanStepLogs({ step: 'sim1', stage: 'sim', attempt: 1, directory, files: [file] }, rules.logs, { now });
}

/** The built-in rules with the exception that relval writes for a finding, by way of a file. */
function rulesWith(finding: Finding): Rules {
  const entry = exceptionFor(finding, EXCUSE, builtIn.steps);
  if (typeof entry === 'string') throw new Error(entry);
  const file = join(directory, 'rules.yaml');
  writeFileSync(file, withException('', entry));
  return loadRules([file]);
}

const examples = builtIn.logs.flatMap(({ id, examples: lines = [] }) => lines.map((line) => ({ id, line })));

describe('the exception that relval writes', () => {
  it('excuses the finding of each example of a rule, under any rule, and no example of another rule', async () => {
    const everything = examples.map(({ line }) => line).join('\n\n\n\n\n\n\n');
    const before = await findingsIn(everything, builtIn);
    for (const { id, line } of examples) {
      const found = await findingsIn(`${line}\n`, builtIn);
      expect(found.length, line).toBeGreaterThan(0);
      for (const finding of found) {
        const rules = rulesWith(finding);
        const after = await findingsIn(`${line}\n`, rules);
        expect(after, `${id}: ${line}`).toMatchObject(
          found.map(({ rule, message }) => ({ rule, message, known: expect.any(String) })),
        );
      }
    }
    // Each twentieth, because there are many lines to look at.
    for (const { line } of examples.filter((_, index) => index % 20 === 0)) {
      const [finding] = await findingsIn(`${line}\n`, builtIn);
      if (!finding) throw new Error(line);
      const others = (findings: Finding[]) =>
        findings.filter(({ rule }) => rule !== finding.rule).map(({ rule, line: at, known }) => ({ rule, at, known }));
      expect(others(await findingsIn(everything, rulesWith(finding)))).toEqual(others(before));
    }
  }, 120_000);

  const long = 'x12 '.repeat(3000);
  it.each([
    ['quotes, colons and #', `E-AliX::Y: it's "quoted": # no comment, {a: b} [c] & *d !e %f @g \`h\` \\n`],
    ['only numbers', '12 std::bad_alloc 34/5 6'],
    [
      'control characters',
      'E-AliX::Y: bell \x07 tab \t nul \0 del \x7f c1 \u0085 line \u2028 paragraph \u2029 bom \ufeff',
    ],
    ['a colour', '\x1b[31mE-AliX::Y: red\x1b[0m alert and more'],
    ['a long line', `${long}E-AliX::Y: cannot do it ${long}`],
    ['a long line without spaces', `${'7'.repeat(900)}std::bad_alloc${'7'.repeat(900)}`],
    ['a long line of characters of several bytes', `${'é'.repeat(999)}std::bad_alloc cannot ${'日本'.repeat(999)}`],
    ['an ellipsis', 'E-AliX::Y: and so on… and on… and on'],
    ['a progress bar', ' 10% [=>   ]\r 20% [==>  ]\rE-AliX::Y: cannot go on\r 30% [===> ]'],
    ['bytes that are no text', Buffer.from('\xff\xfe std::bad_alloc b\xe4d bytes \xc3', 'latin1')],
    [
      'a traceback',
      'Traceback (most recent call last):\n  File "/opt/qa.py", line 3, in load\n    x()\nKeyError: 17\n',
    ],
    [
      'a traceback of a logger',
      'ERROR:root:Traceback (most recent call last):\n  File "/a/qa.py", line 3, in x\nValueError: bad\n',
    ],
    [
      'a CMS exception',
      "----- Begin Fatal Exception 15-Sep-2022 02:15:35 CEST-----------------------\nAn exception of category 'FileReadError' occurred while\n   [0] Processing  Event run: 1\n   [1] Calling method for module PoolSource/'source'\nException Message:\nFatal Error: cannot read 17\n----- End Fatal Exception -------------------------------------------------\n",
    ],
    [
      'what()',
      "terminate called after throwing an instance of 'std::out_of_range'\n  what():  vector::_M_range_check: 17\n",
    ],
  ])('excuses a line with %s', async (_, line) => {
    const found = await findingsIn(line, builtIn);
    expect(found.length).toBeGreaterThan(0);
    for (const finding of found) {
      const after = await findingsIn(line, rulesWith(finding));
      expect(after.find(({ rule }) => rule === finding.rule)).toMatchObject({
        severity: 'info',
        known: expect.any(String),
      });
    }
  });

  it.each(['a[1].log', 'what?*.log', 'a "b": #c.log', 'logs/s\u00e9.log', '-x.log', '*', '&a.log', '~'])(
    'excuses a line of the log %s',
    async (file) => {
      const [finding] = await findingsIn('std::bad_alloc\n', builtIn, file);
      if (!finding) throw new Error('no finding');
      const [after] = await findingsIn('std::bad_alloc\n', rulesWith(finding), file);
      expect(after).toMatchObject({ rule: 'bad-alloc', known: expect.any(String) });
    },
  );

  it('of a finding that stands for many kinds of lines is refused', async () => {
    const kinds = Array.from(
      { length: 300 },
      (_, n) =>
        `E-Ali${'abcdefghij'[n % 10]}${'klmnopqrst'[Math.floor(n / 10) % 10]}${'uvw'[Math.floor(n / 100)]}::Y: cannot`,
    );
    const found = await findingsIn(`${kinds.join('\n')}\n`, builtIn);
    const rest = found.find(({ message }) => message.includes('more kinds of lines'));
    if (!rest) throw new Error('no such finding');
    expect(exceptionFor(rest, EXCUSE, builtIn.steps)).toContain('stands for many kinds of lines');
  });
});

describe('the exception for how a step ended', () => {
  const outcome = (over: Partial<StepOutcome>): StepOutcome => ({
    ...{ id: 'sim1', stage: 'sim', attempts: 1, ending: 'ended', logs: ['sim.log'], outputs: [] },
    ...over,
  });
  const judged = (one: StepOutcome, rules: Rules, inLogs: Finding[] = []) =>
    judgeStep(one, inLogs, { interrupted: false, rules, now }).findings;

  it.each([
    ['exit status', { exitStatus: 3 }],
    ['signal', { signal: 'SIGSEGV' }],
    ['time limit', { timedOut: true, timeLimit: 60 }],
    ['core dump', { coreDumps: ['core.4711'] }],
    ['missing output', { missing: ['a b: #1.root'] }],
    ['empty output', { empty: ['x.root'] }],
    ['time', { start: 0, end: 3_500_000, timeLimit: 3600 }],
    ['memory', { peakMemory: 3_000_000_000, memoryLimit: 2_000_000_000 }],
  ] as [string, Partial<StepOutcome>][])('excuses the %s', (_, over) => {
    const found = judged(outcome(over), builtIn);
    expect(found).toHaveLength(1);
    for (const finding of found)
      expect(judged(outcome(over), rulesWith(finding))).toMatchObject([
        { severity: 'info', known: expect.any(String) },
      ]);
  });

  it('of measured numbers excuses those of another run', () => {
    const [slow] = judged(outcome({ start: 0, end: 3_500_000, timeLimit: 3600 }), builtIn);
    if (!slow) throw new Error('no finding');
    const other = judged(outcome({ start: 0, end: 6_900_000, timeLimit: 7200 }), rulesWith(slow));
    expect(other).toMatchObject([{ known: expect.any(String) }]);
  });

  it('excuses a finding that has the place of a line in a log, but no other signal', async () => {
    const inLogs = await findingsIn('Killed\n', builtIn);
    const ended = outcome({ signal: 'SIGKILL' });
    const [merged] = judged(ended, builtIn, inLogs);
    if (!merged) throw new Error('no finding');
    expect(merged).toMatchObject({ rule: 'signal', file: 'sim.log', line: 1 });
    const rules = rulesWith(merged);
    expect(judged(ended, rules, inLogs)).toMatchObject([{ rule: 'signal', known: expect.any(String) }]);
    expect(judged(outcome({ signal: 'SIGSEGV' }), rules)[0]).not.toHaveProperty('known');
  });

  it('a less severe rule about the same does not take the place of an excused one', () => {
    const file = join(directory, 'two.yaml');
    writeFileSync(
      file,
      `rules:
  - { id: any-status, check: exit-status, severity: warning }
  - { id: exit-status, except: [{ contains: status 3, reason: known, owner: Ann }] }
`,
    );
    expect(judged(outcome({ exitStatus: 3 }), loadRules([file]))).toMatchObject([
      { rule: 'exit-status', severity: 'info' },
    ]);
  });
});
