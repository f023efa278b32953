import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseRules } from '../../../validation/checks/rules.ts';
import { scanStepLogs } from '../../../validation/checks/step-logs.ts';

const directory = mkdtempSync(join(tmpdir(), 'relval-step-logs-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
mkdirSync(join(directory, 'logs'));
writeFileSync(join(directory, 'stdout.log'), 'alpha\nalpha\n');
writeFileSync(join(directory, 'logs', 'rec.log'), 'beta\nalpha\n');

const attempt = { step: 'sim0001', stage: 'sim', attempt: 2, directory, files: ['stdout.log', 'logs/rec.log'] };

async function findings(rules: string, files = attempt.files): Promise<string[]> {
  const found = await scanStepLogs({ ...attempt, files }, parseRules('own', rules).logs, { now: 0 });
  return found.map(({ severity, rule, file, line }) => `${severity} ${rule} ${file}:${line}`);
}

describe('scanStepLogs', () => {
  it('says of each finding where it is, and gives it a fingerprint', async () => {
    const rules = parseRules('own', 'rules: [{id: b, contains: beta, severity: error}]').logs;
    expect(await scanStepLogs(attempt, rules, { now: 0 })).toEqual([
      {
        step: 'sim0001',
        stage: 'sim',
        attempt: 2,
        severity: 'error',
        rule: 'b',
        file: 'logs/rec.log',
        line: 1,
        column: 1,
        message: 'beta',
        context: { before: [], after: ['alpha'] },
        fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      },
    ]);
  });

  it('keeps rules to their stages and files', async () => {
    expect(await findings("rules: [{id: a, contains: alpha, severity: error, files: ['rec.*']}]")).toEqual([
      'error a logs/rec.log:2',
    ]);
    expect(await findings("rules: [{id: a, contains: alpha, severity: error, files: ['logs/*', other]}]")).toEqual([
      'error a logs/rec.log:2',
    ]);
    expect(await findings("rules: [{id: b, contains: beta, severity: error, stages: ['s?m']}]")).toHaveLength(1);
    expect(await findings('rules: [{id: b, contains: beta, severity: error, stages: [simQaMerge, s.m]}]')).toEqual([]);
  });

  it('tolerates as many lines in a step as a rule says', async () => {
    const rule = (tolerate: number) => `rules: [{id: a, contains: alpha, severity: error, tolerate: ${tolerate}}]`;
    const places = ['a stdout.log:1', 'a stdout.log:2', 'a logs/rec.log:2'];
    expect(await findings(rule(3))).toEqual(places.map((place) => `info ${place}`));
    expect(await findings(rule(2))).toEqual(places.map((place) => `error ${place}`));
  });

  it('does not take a log that it cannot read for a clean one', async () => {
    expect(await findings('rules: []', ['none.log'])).toEqual(['error no-log none.log:undefined']);
  });
});
