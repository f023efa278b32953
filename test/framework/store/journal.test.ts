import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Logger } from '../../../framework/log.ts';
import { Journal, JournalError } from '../../../framework/store/journal.ts';

interface Entry {
  n: number;
  text?: string;
}

let dir: string;
let warnings: string[];
const path = () => join(dir, 'journal');
const silent = () => undefined;
const log: Logger = { debug: silent, info: silent, error: silent, warn: (_, message) => void warnings.push(message) };

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'journal-test-'));
  warnings = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Opens the journal, with everything that it holds as its snapshot. */
function open(): { journal: Journal<Entry>; entries: Entry[] } {
  const entries: Entry[] = [];
  const journal = Journal.open<Entry>(dir, {
    log,
    load: (records) => void entries.push(...records),
    snapshot: () => [...entries],
  });
  return { journal, entries };
}

function reread(): Entry[] {
  const { journal, entries } = open();
  journal.close();
  return entries;
}

function written(...entries: Entry[]): void {
  const { journal } = open();
  for (const entry of entries) journal.append([entry]);
  journal.close();
}

describe('Journal', () => {
  it('begins empty, in a directory that it makes', () => {
    dir = join(dir, 'a', 'b');
    expect(reread()).toEqual([]);
    expect(readFileSync(path(), 'utf8')).toBe('{"journal":"mesos-workqueue-framework","version":1}\n');
  });

  it('gives back what was appended, in order, whatever the text', () => {
    const texts = ['', 'two\nlines', 'ü€😀', '"quoted" \\ back', '\u0000'];
    const entries = texts.map((text, n) => ({ n, text }));
    const { journal } = open();
    journal.append(entries.slice(0, 2));
    journal.append([]);
    journal.append(entries.slice(2));
    journal.close();
    expect(reread()).toEqual(entries);
  });

  it('is on the disk when append returns', () => {
    const { journal } = open();
    journal.append([{ n: 1 }]);
    expect(readFileSync(path(), 'utf8')).toContain('{"n":1}');
    journal.close();
  });

  it('drops a torn last record, wherever it is cut, and goes on behind the one before', () => {
    written({ n: 1 }, { n: 2 }, { n: 3, text: 'ü€' });
    const whole = readFileSync(path());
    const lines = whole.toString().split('\n');
    const complete = Buffer.byteLength(`${lines.slice(0, 3).join('\n')}\n`);
    for (let size = complete; size < whole.length; size++) {
      warnings = [];
      writeFileSync(path(), whole.subarray(0, size));
      const { journal, entries } = open();
      expect(entries).toEqual([{ n: 1 }, { n: 2 }]);
      expect(warnings).toHaveLength(size === complete ? 0 : 1);
      entries.push({ n: 4 });
      journal.append([{ n: 4 }]);
      journal.close();
      expect(reread()).toEqual([{ n: 1 }, { n: 2 }, { n: 4 }]);
    }
  });

  it('drops a last record of which only a part reached the disk', () => {
    written({ n: 1 }, { n: 2 });
    const text = readFileSync(path(), 'utf8');
    writeFileSync(path(), text.replace('{"n":2}', '\0\0\0\0\0\0\0'));
    expect(reread()).toEqual([{ n: 1 }]);
    expect(warnings).toHaveLength(1);
  });

  it.each([
    ['a changed byte', (text: string) => text.replace('{"n":1}', '{"n":7}')],
    ['a missing end of line', (text: string) => text.replace('{"n":1}\n', '{"n":1}')],
    ['an empty line', (text: string) => text.replace('\n', '\n\n')],
    ['zeros', (text: string) => text.replace('{"n":1}', '\0\0\0\0\0\0\0')],
  ])('refuses damage before the last record: %s', (_, damage) => {
    written({ n: 1 }, { n: 2 }, { n: 3 });
    const damaged = damage(readFileSync(path(), 'utf8'));
    writeFileSync(path(), damaged);
    expect(open).toThrow(JournalError);
    expect(open).toThrow(/is damaged in line 2.*move it away/);
    // Nothing is repaired behind the operator's back, and the lock is free again.
    expect(readFileSync(path(), 'utf8')).toBe(damaged);
    expect(readdirSync(dir).sort()).toEqual(['journal', 'lock']);
  });

  it.each([
    ['another version', '{"journal":"mesos-workqueue-framework","version":2}\n'],
    ['another file', '#!/bin/sh\n'],
    ['half a header', '{"journal":"mesos-wor'],
    ['nothing', ''],
  ])('refuses %s', (_, text) => {
    writeFileSync(path(), text);
    expect(open).toThrow(/is not a journal of this version/);
    expect(readFileSync(path(), 'utf8')).toBe(text);
  });

  it('says what to do when the directory cannot be written', () => {
    writeFileSync(join(dir, 'file'), '');
    dir = join(dir, 'file', 'below');
    expect(open).toThrow(/cannot be written: .*--state-dir/);
    dir = join(dir, '..', '..');
  });

  it('is rewritten with what still counts when it has grown', () => {
    let live: Entry[] = [];
    const journal = Journal.open<Entry>(dir, { log, load: silent, snapshot: () => live });
    const text = 'x'.repeat(100_000);
    for (let n = 0; n < 100; n++) {
      live = [{ n, text }];
      journal.append(live);
      expect(statSync(path()).size).toBeLessThan(4.3 * 1024 * 1024);
    }
    journal.append([{ n: 100 }]);
    journal.close();
    const entries = reread();
    expect(entries.at(-1)).toEqual({ n: 100 });
    expect(entries.at(-2)).toEqual({ n: 99, text });
    expect(entries.length).toBeLessThan(45);
    expect(existsSync(`${path()}.new`)).toBe(false);
  });
});

describe('the lock of a journal', () => {
  it('is held by one at a time, also within a process', () => {
    const { journal } = open();
    expect(open).toThrow(new RegExp(`process ${process.pid} on .* uses the journal`));
    journal.close();
    expect(reread()).toEqual([]);
    expect(readdirSync(dir).sort()).toEqual(['journal', 'lock']);
  });

  it('of a process that lives is respected, of one that was killed is taken over, whatever the file says', async () => {
    const lock = join(dir, 'lock');
    writeFileSync(lock, '1 on moon\n');
    const child = spawn('flock', ['--no-fork', lock, 'sh', '-c', 'echo locked; exec sleep 60']);
    const ended = once(child, 'exit');
    await once(child.stdout, 'data');
    expect(open).toThrow(/process 1 on moon uses the journal .*Two frameworks .*--state-dir/);
    child.kill('SIGKILL');
    await ended;
    expect(reread()).toEqual([]);
  });

  it('is won by one of many that start at once', () => {
    // Plain JavaScript, so that processes of their own can run it.
    const source = new URL('../../../framework/store/lock.ts', import.meta.url).pathname;
    const compiler = createRequire(import.meta.url)
      .resolve('typescript/package.json')
      .replace('package.json', 'bin/tsc');
    const options = ['--module', 'nodenext', '--target', 'es2023', '--types', 'node', '--ignoreConfig'];
    options.push('--rewriteRelativeImportExtensions');
    execFileSync(process.execPath, [compiler, ...options, '--outDir', dir, source]);
    writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
    const contender = join(dir, 'contender.js');
    writeFileSync(
      contender,
      `import { appendFileSync, readFileSync } from 'node:fs';
      import { takeLock } from './store/lock.js';
      const [lock, out] = process.argv.slice(2);
      const { held } = takeLock(lock);
      appendFileSync(out, held ? 'won ' : 'lost ');
      // Who has it keeps it until all have tried.
      const end = Date.now() + 60_000;
      const hold = () => held && Date.now() < end && readFileSync(out, 'utf8').split(' ').length < 7 && setTimeout(hold, 50);
      hold();`,
    );
    writeFileSync(join(dir, 'lock'), '999999999 gone:1\n');
    const start = `"${process.execPath}" "${contender}" "${join(dir, 'lock')}" "${join(dir, 'out')}"`;
    execFileSync('/bin/sh', ['-c', `for i in 1 2 3 4 5 6; do ${start} & done; wait`]);
    const results = readFileSync(join(dir, 'out'), 'utf8').trim().split(' ');
    expect(results.sort()).toEqual(['lost', 'lost', 'lost', 'lost', 'lost', 'won']);
  });
});
