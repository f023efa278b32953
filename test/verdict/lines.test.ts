import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadRules } from '../../validation/checks/rules.ts';
import { scanStepLogs } from '../../validation/checks/step-logs.ts';
import type { Finding } from '../../validation/report/model.ts';

const directory = mkdtempSync(join(tmpdir(), 'relval-lines-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const rules = loadRules().logs;

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', e: '\x1b' };
const unescaped = (text: string): string => text.replace(/\\([nrte])/g, (_, letter: string) => ESCAPES[letter] ?? '');

/** The lines of a file of the corpus that are no comments. */
function linesOf(file: string): string[] {
  const lines = readFileSync(join(import.meta.dirname, file), 'utf8').split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('# '));
}

/** What the built-in rules say of a log of these lines. */
function findingsIn(text: string): Promise<Finding[]> {
  writeFileSync(join(directory, 'rec.log'), `${unescaped(text)}\n`);
  return scanStepLogs({ step: 'sim', stage: 'sim', attempt: 1, directory, files: ['rec.log'] }, rules, { now: 0 });
}

describe('lines.txt', () => {
  it.each(linesOf('lines.txt').map((line) => /^(\w+) (.*)/.exec(line)?.slice(1) as [string, string]))(
    '%s: %s',
    async (wanted, text) => {
      const severities = (await findingsIn(text)).map(({ severity }) => severity);
      if (wanted === 'error') expect(severities).toContain('error');
      else if (wanted === 'told') expect(severities).not.toEqual([]);
      else expect([wanted, ...severities.filter((severity) => severity === 'error')]).toEqual(['harmless']);
    },
  );
});

describe('pairs.txt', () => {
  it.each(linesOf('pairs.txt').map((line) => line.split('\t') as [string, string, string]))(
    '%s: %s and %s',
    async (wanted, one, other) => {
      const printsOf = async (text: string) => {
        const findings = await findingsIn(text);
        const errors = findings.filter(({ severity }) => severity === 'error');
        const counted = errors.length > 0 ? errors : findings;
        return [...new Set(counted.map(({ fingerprint }) => fingerprint))].sort();
      };
      const [first, second] = [await printsOf(one), await printsOf(other)];
      expect(first).not.toEqual([]);
      expect(first.join() === second.join() ? 'same' : 'different').toBe(wanted);
    },
  );
});
