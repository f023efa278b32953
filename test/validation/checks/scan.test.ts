import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { loadRules, parseRules, patternsForGrep } from '../../../validation/checks/rules.ts';
import { type LogMatch, scanLog } from '../../../validation/checks/scan.ts';

const directory = mkdtempSync(join(tmpdir(), 'relval-scan-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const fixture = fileURLToPath(new URL('../../fixtures/logs/known-errors.log', import.meta.url));
const now = Date.parse('2029-06-15T12:00:00Z');
const { logs: rules } = loadRules();

let files = 0;
function log(content: string | Buffer): string {
  const path = join(directory, `${++files}.log`);
  writeFileSync(path, content);
  return path;
}

const place = ({ rule, line, column }: LogMatch): string => `${rule.id}@${line}:${column}`;

describe('scanLog', () => {
  it('finds a line for every rule of the built-in set, and no other line', async () => {
    const matches = await scanLog(fixture, rules, { now });
    expect(matches.map((match) => match.line)).toEqual(Array.from({ length: 23 }, (_, i) => i + 3));
    expect(new Set(matches.map((match) => match.rule.id))).toEqual(new Set(rules.map((rule) => rule.id)));
  });

  it('finds the lines that grep finds, with their numbers', async () => {
    const patterns = log(patternsForGrep(loadRules()).join('\n'));
    const noise = Array.from({ length: 20_000 }, (_, i) =>
      i % 997 === 0 ? `x ${i} std::bad_alloc\r` : `line ${i} \xff\0 é`,
    );
    const path = log(Buffer.from(noise.join('\n'), 'latin1'));
    for (const file of [fixture, path]) {
      const grep = execFileSync('grep', ['-a', '-n', '-F', '-f', patterns, file], { env: { LC_ALL: 'C' } }).toString(
        'latin1',
      );
      const matches = await scanLog(file, rules, { now, limit: 1000 });
      const lines = grep.trimEnd().split('\n');
      expect(matches.length).toBeGreaterThan(20);
      expect(matches.map((match) => match.line)).toEqual(lines.map((line) => Number.parseInt(line, 10)));
    }
  });

  it('gives column, message and the lines around', async () => {
    const path = log('one\ntwo\nthree é std::bad_alloc\r\nfour\r\nfive\nsix\n');
    expect(await scanLog(path, rules, { now })).toMatchObject([
      {
        severity: 'error',
        line: 3,
        column: 9,
        message: 'three é std::bad_alloc',
        context: { before: ['one', 'two'], after: ['four', 'five'] },
      },
    ]);
  });

  it('sees a last line without its end, and an only line', async () => {
    expect((await scanLog(log('a\nKilled'), rules, { now })).map(place)).toEqual(['killed@2:1']);
    expect((await scanLog(log('Killed'), rules, { now })).map(place)).toEqual(['killed@1:1']);
    expect(await scanLog(log(''), rules, { now })).toEqual([]);
  });

  it('finds what stands across the parts that a file is read in, wherever they meet', async () => {
    const part = 512 * 1024;
    for (const margin of [0, 4096]) {
      for (const shift of [-7, -6, -5, -3, -1, 0, 1]) {
        const before = part - margin + shift;
        const content = `${'-'.repeat(before - 1)}\nKilled\n${'.'.repeat(part)}`;
        const matches = await scanLog(log(content), rules, { now });
        expect(matches.map(place), `${margin} ${shift}`).toEqual(['killed@2:1']);
        expect(matches[0]).toMatchObject({ message: 'Killed' });
      }
    }
  });

  it('reports a line once, however long it is and however often it matches, and cuts its message', async () => {
    const path = log('first\n');
    const piece = `${'ä'.repeat(500)} Killed by nobody ${'€'.repeat(500)}`.repeat(1000);
    for (let i = 0; i < 20; i++) appendFileSync(path, piece);
    appendFileSync(path, '\nKilled\n');
    const matches = await scanLog(path, rules, { now });
    expect(matches.map(place)).toEqual(['killed@2:502', 'killed@3:1']);
    expect(matches[0]?.message).toMatch(/^…ä+ Killed by nobody €+…$/);
    expect(Buffer.byteLength(matches[0]?.message ?? '')).toBeLessThan(520);
    expect(matches[0]?.context.before).toEqual(['first']);
  });

  it('counts characters up to a match far out in a line of many megabytes', async () => {
    const path = log(`\n${'é'.repeat(3_000_000)}Bus error`);
    expect((await scanLog(path, rules, { now })).map(place)).toEqual(['bus-error@2:3000001']);
  });

  it('lists so many lines of a rule as asked for, and counts the rest', async () => {
    const path = log(`${'Killed\n'.repeat(50_000)}Bus error\n${'Killed\n'.repeat(5)}`);
    const matches = await scanLog(path, rules, { now, limit: 3 });
    expect(matches.map(place)).toEqual(['killed@1:1', 'killed@2:1', 'killed@3:1', 'bus-error@50001:1']);
    expect(matches.map((match) => match.more)).toEqual([undefined, undefined, 50_002, undefined]);
  });

  it('takes the most severe rule of a line, and the first of equal ones', async () => {
    const { logs: own } = parseRules(
      'own',
      `rules:
        - {id: soft, contains: alpha, severity: warning}
        - {id: hard, contains: beta, severity: error}
        - {id: also-hard, contains: gamma, severity: error}`,
    );
    const path = log('alpha beta gamma\ngamma beta\nalpha\n');
    expect((await scanLog(path, own, { now })).map(place)).toEqual(['hard@1:7', 'hard@2:7', 'soft@3:1']);
  });

  it('wants the regular expression of a rule to match the line too', async () => {
    const { logs: own } = parseRules(
      'own',
      "rules: [{id: slow, contains: 'took ', matches: 'took \\d{3,} s$', severity: warning}]",
    );
    const path = log('took 12 s\ntook 123 s\r\ntook 1234 s or so\n');
    expect((await scanLog(path, own, { now })).map(place)).toEqual(['slow@2:1']);
  });

  it('excuses known lines, with reason and owner, until their day is over', async () => {
    const { logs: own } = parseRules(
      'own',
      `rules:
        - id: bad
          contains: BAD
          severity: error
          except:
            - {contains: harmless, reason: a typo, owner: Ann, until: 2029-06-15}
            - {matches: 'code 4[0-9]$', reason: a quirk, owner: Bob}`,
    );
    const path = log('BAD harmless\nBAD code 42\nBAD code 5\n');
    const day = Date.parse('2029-06-15');
    const at = async (time: number) =>
      (await scanLog(path, own, { now: time })).map(
        ({ severity, known, expired }) => `${severity} ${known ?? ''}${expired ? `not any more: ${expired}` : ''}`,
      );
    expect(await at(day + 86_399_999)).toEqual(['info a typo (Ann, until 2029-06-15)', 'info a quirk (Bob)', 'error ']);
    expect(await at(day + 86_400_000)).toEqual([
      'error not any more: a typo (Ann, until 2029-06-15)',
      'info a quirk (Bob)',
      'error ',
    ]);
  });

  it('keeps bytes that are no text from breaking anything', async () => {
    const bytes = Buffer.concat([
      Buffer.from([0xff, 0xfe, 0, 10, 0xc3, 10]),
      Buffer.from('\x1b[31mKilled\x00\xf0'),
      Buffer.from([10, 0]),
    ]);
    expect(await scanLog(log(bytes), rules, { now })).toMatchObject([
      {
        line: 3,
        column: 6,
        message: '\x1b[31mKilled\x00ð',
        context: { before: ['\ufffd\ufffd\0', '\ufffd'], after: ['\0'] },
      },
    ]);
  });

  it('fails for a file that is not there', async () => {
    await expect(scanLog(join(directory, 'none'), rules, { now })).rejects.toThrow(/ENOENT/);
  });
});
