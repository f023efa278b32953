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
  it('finds every line of a log of errors, and no other line', async () => {
    const matches = await scanLog(fixture, rules, { now });
    expect(matches.map((match) => match.line)).toEqual(Array.from({ length: 23 }, (_, i) => i + 3));
    expect(matches.filter(({ severity }) => severity !== 'error')).toEqual([]);
  });

  it.each(rules.map((rule) => ({ rule, id: rule.id })))(
    'finds the examples of $id, and not its counter-examples',
    async ({ rule }) => {
      const { examples = [], counterExamples = [] } = rule;
      expect([examples.length > 0, counterExamples.length > 0]).toEqual([true, true]);
      const alone = await scanLog(log(examples.join('\n')), [rule], { now, limit: 100 });
      expect(alone.map(({ line }) => line)).toEqual(examples.map((_, index) => index + 1));
      // Beside other rules, each line has a rule of at least this severity.
      const lines = new Set(
        (await scanLog(log(examples.join('\n')), rules, { now, limit: 100 })).map(({ line }) => line),
      );
      expect(lines.size).toBeGreaterThan(0);
      for (const line of counterExamples) {
        expect(await scanLog(log(line), [rule], { now })).toEqual([]);
        const others = await scanLog(log(line), rules, { now });
        expect(others.filter(({ severity }) => severity === 'error')).toEqual([]);
      }
    },
  );

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

  it('finds a last line without a line feed, and a single line', async () => {
    expect((await scanLog(log('a\nKilled'), rules, { now })).map(place)).toEqual(['killed@2:1']);
    expect((await scanLog(log('Killed'), rules, { now })).map(place)).toEqual(['killed@1:1']);
    expect(await scanLog(log(''), rules, { now })).toEqual([]);
  });

  it('finds a match across two parts of the file that are read one after the other', async () => {
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

  it('bears a line with hundreds of thousands of matches', async () => {
    const own = parseRules(
      'rules.yaml',
      `rules:
  - { id: first, contains: nan, severity: warning }
  - { id: second, contains: an n, severity: error }
`,
    ).logs;
    const matches = await scanLog(log('nan '.repeat(400_000)), own, { now });
    expect(matches.map(place)).toEqual(['second@1:2']);
  });

  it('counts characters up to a match far out in a line of many megabytes', async () => {
    const path = log(`\n${'é'.repeat(3_000_000)}Bus error`);
    expect((await scanLog(path, rules, { now })).map(place)).toEqual(['bus-error@2:3000001']);
  });

  it('lists the wanted number of lines of a rule, and counts the rest', async () => {
    const path = log(`${'Killed\n'.repeat(50_000)}Bus error\n${'Killed\n'.repeat(5)}`);
    const matches = await scanLog(path, rules, { now, limit: 3 });
    expect(matches.map(place)).toEqual(['killed@1:1', 'killed@2:1', 'killed@3:1', 'bus-error@50001:1']);
    expect(matches.map((match) => match.more)).toEqual([undefined, undefined, 50_002, undefined]);
  });

  it('takes the most severe rule for a line, and the first of equally severe ones', async () => {
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

  it('lists as many lines of a rule, however many of its matches stand in lines of a better rule', async () => {
    const { logs: own } = parseRules(
      'own',
      `rules:
        - {id: soft, contains: alpha, severity: warning}
        - {id: hard, contains: beta, severity: error}`,
    );
    const path = log(`${'alpha beta\n'.repeat(9)}${'alpha\n'.repeat(5)}`);
    const matches = await scanLog(path, own, { now, limit: 3 });
    expect(matches.map(place)).toEqual(['hard@1:7', 'hard@2:7', 'hard@3:7', 'soft@10:1', 'soft@11:1', 'soft@12:1']);
    expect(matches.map(({ more }) => more)).toEqual([undefined, undefined, 6, undefined, undefined, 2]);
  });

  it('requires that the regular expression of a rule matches the line too', async () => {
    const { logs: own } = parseRules(
      'own',
      "rules: [{id: slow, contains: 'took ', matches: 'took \\d{3,} s$', severity: warning}]",
    );
    const path = log('took 12 s\ntook 123 s\r\ntook 1234 s or so\n');
    expect((await scanLog(path, own, { now })).map(place)).toEqual(['slow@2:1']);
  });

  it('excuses known lines, with reason and owner, through the last day', async () => {
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

  it('reads bytes that are not text', async () => {
    const bytes = Buffer.concat([
      Buffer.from([0xff, 0xfe, 0, 10, 0xc3, 10]),
      Buffer.from('\x1b[31mBus error\x00\xf0'),
      Buffer.from([10, 0]),
    ]);
    expect(await scanLog(log(bytes), rules, { now })).toMatchObject([
      {
        line: 3,
        column: 6,
        message: 'Bus errorð',
        context: { before: ['\ufffd\ufffd', '\ufffd'], after: [] },
      },
    ]);
  });

  it('fails for a missing file', async () => {
    await expect(scanLog(join(directory, 'none'), rules, { now })).rejects.toThrow(/ENOENT/);
  });

  it('finds a text with colours inside, shows it without them, and gives its place in the file', async () => {
    const gcc = 'rec.C:12:3: \x1b[01;31m\x1b[Kerror: \x1b[m\x1b[Kuse of x\n';
    expect(await scanLog(log(`one\n${gcc}`), rules, { now })).toMatchObject([
      { rule: { id: 'compiler-error' }, line: 2, column: 11, message: 'rec.C:12:3: error: use of x' },
    ]);
    const title = '\x1b]0;title\x07\x1b]8;;http://x\x1b\\Bus error\x1b]8;;\x1b\\\n';
    expect(await scanLog(log(title), rules, { now })).toMatchObject([{ line: 1, column: 26, message: 'Bus error' }]);
    for (const cut of ['\x1b', '\x1b[', '\x1b[31', '\x1b]0;', '\x1b(']) {
      expect((await scanLog(log(`${cut}\nKilled\n`), rules, { now })).map(place)).toEqual(['killed@2:1']);
    }
  });

  it('treats each state of a progress bar as a line', async () => {
    const content = 'read 1%\rread 2%\rE-ProcessOutput: none\rKilled\nread 1%\x1b[2K\x1b[1GKilled\n1%\b\bKilled\r\n';
    const matches = await scanLog(log(content), rules, { now });
    expect(matches.map(({ rule, line, column, message }) => `${rule.id}@${line}:${column} ${message}`)).toEqual([
      'process-output@1:17 E-ProcessOutput: none',
      'killed@1:39 Killed',
      'killed@2:16 Killed',
      'killed@3:5 Killed',
    ]);
    expect(matches.map(({ kind }) => kind)).toEqual(['E-ProcessOutput: none', 'Killed', 'Killed', 'Killed']);
  });

  it.each(['utf16le', 'utf16be'] as const)(
    'reads %s, with and without its mark, also across the parts of a file',
    async (encoding) => {
      const wide = (text: string) => {
        const bytes = Buffer.from(text, 'utf16le');
        return encoding === 'utf16le' ? bytes : bytes.swap16();
      };
      for (const mark of ['\ufeff', '']) {
        const head = `${mark}erster\r\nzweiter ä𝄞 Bus error\r\n`;
        const content = wide(`${head}${'filler line\n'.repeat(60_000)}end: \x1b[1mKil\x1b[0mled\n`);
        expect(await scanLog(log(content), rules, { now })).toMatchObject([
          { rule: { id: 'bus-error' }, line: 2, column: 12, message: 'zweiter ä𝄞 Bus error' },
          { rule: { id: 'killed' }, line: 60_003, column: 10, message: 'end: Killed' },
        ]);
      }
    },
  );

  it('gives one result for a log with and without colours in every part of it', async () => {
    const lines = Array.from({ length: 30_000 }, (_, i) =>
      i % 1000 === 7 ? `event ${i}: std::bad_alloc` : `event ${i} done`,
    );
    const plain = await scanLog(log(`${lines.join('\n')}\n`), rules, { now, limit: 1000 });
    const coloured = await scanLog(
      log(lines.map((line) => `\x1b[32m${line.replace('bad', '\x1b[1mbad')}\x1b[0m\n`).join('')),
      rules,
      {
        now,
        limit: 1000,
      },
    );
    expect(plain).toHaveLength(30);
    const shown = ({ line, message, kind }: LogMatch) => ({ line, message, kind });
    expect(coloured.map(shown)).toEqual(plain.map(shown));
  });

  it('lists a line of a new kind, wherever it is in the log', async () => {
    const flood = Array.from({ length: 30_000 }, (_, i) => `E-ProcessOutput: no histogram hPt in event ${i}`);
    const path = log([...flood, 'E-ProcessOutput: QAresults.root is corrupt', ...flood].join('\n'));
    const matches = await scanLog(path, rules, { now });
    expect(matches).toHaveLength(21);
    expect(matches.at(-1)).toMatchObject({ message: 'E-ProcessOutput: QAresults.root is corrupt', more: 59_980 });
  });

  it('says that there are more kinds than it lists, with a kind made of them all', async () => {
    const word = (i: number) => [...String(i)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
    const flood = (n: number) => log(Array.from({ length: n }, (_, i) => `E-ProcessOutput: no ${word(i)}`).join('\n'));
    const [one, same, other] = [
      await scanLog(flood(500), rules, { now }),
      await scanLog(flood(500), rules, { now }),
      await scanLog(flood(501), rules, { now }),
    ];
    expect(one).toHaveLength(221);
    const rest = one.find(({ message }) => /not listed/.test(message));
    expect(rest).toMatchObject({
      line: 221,
      severity: 'error',
      message: '280 more kinds of lines are not listed; the first: E-ProcessOutput: no cca',
    });
    expect(same.map(({ kind }) => kind)).toEqual(one.map(({ kind }) => kind));
    expect(other.map(({ kind }) => kind)).not.toContain(rest?.kind);
  });

  it('makes one finding of a message of several lines', async () => {
    const content = [
      "terminate called after throwing an instance of 'std::bad_alloc'",
      '  what():  std::bad_alloc',
      'Traceback (most recent call last):',
      '  File "/a/qa.py", line 3, in fill',
      "PermissionError: [Errno 13] Permission denied: 'x'",
    ];
    const matches = await scanLog(log(content.join('\n')), rules, { now });
    expect(matches.map(({ rule, line, message }) => `${rule.id}@${line} ${message}`)).toEqual([
      "bad-alloc@1 terminate called after throwing an instance of 'std::bad_alloc' what():  std::bad_alloc",
      "python-traceback@3 Traceback (most recent call last): PermissionError: [Errno 13] Permission denied: 'x' (qa.py, fill)",
      "permission-denied@5 PermissionError: [Errno 13] Permission denied: 'x'",
    ]);
  });

  describe('a log of repeated lines', () => {
    const { logs: own } = parseRules(
      'own',
      `rules:
        - id: alpha
          contains: ALPHA
          severity: warning
          except:
            - {contains: harmless, reason: known, owner: Ann}
            - {matches: 'until .*', reason: old, owner: Ann, until: 2029-01-31}
        - {id: beta, contains: [BETA, beta-x], severity: error, matches: '\\w \\d+$', unless: never}
        - {id: gamma, contains: 'gamma ray', severity: error, trace: true}`,
    );
    const different = [
      'ALPHA 1',
      'ALPHA harmless',
      'ALPHA until yesterday',
      'ALPHA BETA 2',
      'beta-x 3 ALPHA',
      'BETA x',
      'BETA never 4',
      'no gamma ray',
      'a gamma ray',
      '\x1b[31ma gamma\x1b[0m ray',
      `${'long '.repeat(200)}ALPHA`,
      'nothing',
      '',
    ];

    it('has as many matches of each rule and exception as its lines have', async () => {
      const wanted = new Map<string, number>();
      const reports = (count: Map<string, number>, { rule, known = '', more = 0 }: LogMatch, n = 1) => {
        const name = `${rule.id} ${known}`;
        count.set(name, (count.get(name) ?? 0) + n * (1 + more));
      };
      // The lines fill several parts of the file that are read one after the other.
      const lines = Array.from({ length: 40_000 }, (_, i) => different[(i * i + (i >> 3)) % different.length] ?? '');
      for (const line of different) {
        const times = lines.filter((one) => one === line).length;
        for (const match of await scanLog(log(line), own, { now })) reports(wanted, match, times);
      }
      for (const end of ['\n', '\r\n', '\r']) {
        const found = new Map<string, number>();
        for (const match of await scanLog(log(lines.join(end)), own, { now })) reports(found, match);
        expect(Object.fromEntries(found)).toEqual(Object.fromEntries(wanted));
      }
    });

    it('lists the same lines as a log in which no line is repeated', async () => {
      const lines = Array.from({ length: 2000 }, (_, i) => different[(i * i + (i >> 3)) % different.length] ?? '');
      const shown = ({ rule, line, message, kind, more }: LogMatch) => [rule.id, line, message.trimEnd(), kind, more];
      const repeated = await scanLog(log(lines.join('\n')), own, { now, limit: 5 });
      const unique = lines.map((line, i) => ({ line, spaces: ' '.repeat(1 + (i % 2000)) }));
      const text = unique.map(({ line, spaces }) => (/\d$/.test(line) ? line : `${line}${spaces}`)).join('\n');
      expect(repeated.map(shown)).toEqual((await scanLog(log(text), own, { now, limit: 5 })).map(shown));
    });

    it('gives a repeated first line of a message the lines behind it, and counts these lines only elsewhere', async () => {
      const traceback = (name: string) =>
        `Traceback (most recent call last):\n  File "/a/qa.py", line 3, in fill\n${name}: ALPHA`;
      const names = Array.from({ length: 30 }, (_, i) => `${String.fromCharCode(97 + (i % 3))}Error`);
      const text = names.map((name) => `${traceback(name)}\naError: ALPHA\n`).join('');
      const both = [...own, ...rules.filter(({ id }) => id === 'python-traceback')];
      const matches = await scanLog(log(text), both, { now, limit: 1 });
      expect(matches.map(({ rule, message, more }) => `${rule.id} ${message} ${more ?? ''}`)).toEqual([
        'python-traceback Traceback (most recent call last): aError: ALPHA (qa.py, fill) ',
        'alpha aError: ALPHA 29',
        'python-traceback Traceback (most recent call last): bError: ALPHA (qa.py, fill) ',
        'python-traceback Traceback (most recent call last): cError: ALPHA (qa.py, fill) 27',
      ]);
    });
  });
});
