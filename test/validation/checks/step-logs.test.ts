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
  it('reports a rule whose expression takes too long, and applies the others', async () => {
    writeFileSync(join(directory, 'evil.log'), `aaaa${'a'.repeat(60)}b\nbeta\n`);
    const rules =
      "rules: [{id: evil, contains: aaaa, matches: '^(a+)+$', severity: error}, {id: b, contains: beta, severity: error}]";
    const found = await scanStepLogs({ ...attempt, files: ['evil.log'] }, parseRules('own', rules).logs, { now: 0 });
    expect(found.map(({ rule, line }) => [rule, line])).toEqual([
      ['no-log', undefined],
      ['b', 2],
    ]);
    expect(found[0]?.message).toBe(
      'cannot be judged: an expression of the rule evil takes too long: it tries too many ways to match',
    );
  });

  it('gives each finding its place and a fingerprint', async () => {
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
        earlierFingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      },
    ]);
  });

  it('applies an exception only to its files and stages, also after other logs with the same rules', async () => {
    const except = 'except: [{files: [stdout.log], stages: [sim], reason: old, owner: me}]';
    const rules = parseRules('own', `rules: [{id: a, contains: alpha, severity: error, ${except}}]`).logs;
    const found = async (stage: string, ...files: string[]) =>
      (await scanStepLogs({ ...attempt, stage, files }, rules, { now: 0 })).map(({ severity }) => severity).join();
    expect(await found('sim', 'stdout.log', 'logs/rec.log', 'stdout.log')).toBe('info,info,error,info,info');
    expect(await found('rec', 'stdout.log')).toBe('error,error');
    expect(await found('sim', 'stdout.log')).toBe('info,info');
  });

  describe('fingerprints of long lines', () => {
    const { logs: rules } = parseRules('own', 'rules: [{id: r, contains: "no histogram", severity: error}]');
    async function printOf(line: string): Promise<string | undefined> {
      writeFileSync(join(directory, 'long.log'), `first\n${line}\nlast\n`);
      const [finding, ...others] = await scanStepLogs({ ...attempt, files: ['long.log'] }, rules, { now: 0 });
      expect(others).toEqual([]);
      return finding?.fingerprint;
    }
    /** Parts of a line whose length changes with the host and the day. */
    const varying = (n: number, host: number) =>
      Array.from({ length: n }, (_, i) =>
        host === 1
          ? `track ${i} of 7 in /a/sim${100 + i}.work/x.root at 10:11:12 pt=1.5;`
          : `track ${i + 90_000} of 1234567 in /var/spool/long/name/sim${70_000 + i}.work/x.root at 10:11:12.123 pt=-1e-05;`,
      ).join(' ');

    it.each([0, 1, 2, 3, 4, 5, 8, 30, 300])(
      'do not shift with the lengths of %i pieces before the match',
      async (n) => {
        const line = (host: number, what: string) => `${varying(n, host)} no histogram ${what} ${varying(n, host)}`;
        const print = await printOf(line(1, 'hPt'));
        expect(await printOf(line(2, 'hPt'))).toBe(print);
        expect(await printOf(`${line(2, 'hPt')}\r`)).toBe(print);
        expect(await printOf(line(1, 'hEta'))).not.toBe(print);
      },
    );

    it('differ if the text near the match differs, on either side', async () => {
      const line = (before: string, after: string) =>
        `${varying(40, 1)} ${before} no histogram ${after} ${varying(40, 1)}`;
      const prints = await Promise.all([line('TPC', 'a')].map(printOf));
      for (const other of [line('ITS', 'a'), line('TPC', 'b')]) prints.push(await printOf(other));
      expect(new Set(prints).size).toBe(3);
    });

    it('are stable if the match is within a path', async () => {
      const line = (directory: string) => `${varying(9, 1)} ${directory}/no histogram`;
      expect(await printOf(line('/a/b'))).toBe(await printOf(line('/data/of/another/host')));
    });
  });

  it('applies rules only to their stages and files', async () => {
    expect(await findings("rules: [{id: a, contains: alpha, severity: error, files: ['rec.*']}]")).toEqual([
      'error a logs/rec.log:2',
    ]);
    expect(await findings("rules: [{id: a, contains: alpha, severity: error, files: ['logs/*', other]}]")).toEqual([
      'error a logs/rec.log:2',
    ]);
    expect(await findings("rules: [{id: b, contains: beta, severity: error, stages: ['s?m']}]")).toHaveLength(1);
    expect(await findings('rules: [{id: b, contains: beta, severity: error, stages: [simQaMerge, s.m]}]')).toEqual([]);
  });

  it('tolerates the number of lines that a rule allows in a step', async () => {
    const rule = (tolerate: number) => `rules: [{id: a, contains: alpha, severity: error, tolerate: ${tolerate}}]`;
    const places = ['a stdout.log:1', 'a stdout.log:2', 'a logs/rec.log:2'];
    expect(await findings(rule(3))).toEqual(places.map((place) => `info ${place}`));
    expect(await findings(rule(2))).toEqual(places.map((place) => `error ${place}`));
  });

  it('does not treat an unreadable log as a clean one', async () => {
    expect(await findings('rules: []', ['none.log'])).toEqual(['error no-log none.log:undefined']);
  });
});
