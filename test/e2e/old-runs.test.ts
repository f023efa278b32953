import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Relval } from './relval.ts';

/** One run of each state, made by version 0.1.0 in this place. */
const ARCHIVE = join(import.meta.dirname, '../fixtures/runs/version-0.1.0.tar.gz');
const MADE_IN = '/tmp/relval-fixture';
/** Before the runs were made. */
const BEFORE = new Date('2026-11-01');
const INTERRUPTED = 'interrupted-20261129-174040';
const KILLED = INTERRUPTED.replace('interrupted', 'killed');

/** What the interrupted run would be if its relval had been killed: its record says that it runs, and has no end. */
function killRun(runs: string): void {
  execFileSync('cp', ['-a', join(runs, INTERRUPTED), join(runs, KILLED)]);
  rmSync(join(runs, KILLED, 'report'), { recursive: true });
  rmSync(join(runs, KILLED, 'outcome.json'));
  const record = join(runs, KILLED, 'run.json');
  const { verdict: _verdict, reason: _reason, ended: _ended, ...rest } = JSON.parse(readFileSync(record, 'utf8'));
  writeFileSync(record, JSON.stringify({ ...rest, state: 'running', name: 'killed' }));
  const events = join(runs, KILLED, 'events.ndjson');
  const lines = readFileSync(events, 'utf8').split('\n');
  writeFileSync(events, lines.filter((line) => !line.includes('"type":"ended"')).join('\n'));
}

describe('runs that version 0.1.0 has made', () => {
  const relval = new Relval();
  afterAll(() => relval.remove());

  beforeAll(() => {
    execFileSync('tar', ['-xzf', ARCHIVE, '-C', relval.dir, '--no-same-owner']);
    killRun(relval.runs);
    // As if they had been made here: a run knows its own place, and its steps store below it.
    for (const entry of readdirSync(relval.runs, { recursive: true, withFileTypes: true })) {
      // A bundle of logs says how long each of them is.
      if (!entry.isFile() || entry.name.endsWith('.logs')) continue;
      const file = join(entry.parentPath, entry.name);
      const text = readFileSync(file, 'latin1');
      const moved = text.replaceAll(MADE_IN, relval.dir);
      const here = file.includes(KILLED) ? moved.replaceAll(INTERRUPTED, KILLED) : moved;
      if (here === text) continue;
      writeFileSync(file, here, 'latin1');
      // Makeflow repeats a step of which a file has another size, and a younger time, than its log says.
      utimesSync(file, BEFORE, BEFORE);
    }
    for (const run of readdirSync(relval.runs)) {
      execFileSync('mkdir', ['-p', join(relval.runs, run, 'input/tree', relval.dir)]);
      const tree = join(relval.runs, run, 'input/tree');
      execFileSync('cp', ['-a', `${tree}${MADE_IN}/.`, `${tree}${relval.dir}`]);
    }
  });

  it('are listed with their states', async () => {
    const { stdout } = await relval.run('list', '--json');
    expect(JSON.parse(stdout).map(({ name, status }: { name: string; status: string }) => [name, status])).toEqual([
      ['passed', 'passed'],
      ['failed', 'failed'],
      ['interrupted', 'interrupted'],
      ['killed', 'interrupted'],
      ['broken', 'broken'],
    ]);
  });

  it('are shown: status, report in each format, logs', async () => {
    const states = {
      passed: 'passed',
      failed: '2 failed',
      interrupted: '1 not run',
      killed: 'interrupted',
      broken: '1 broken',
    };
    for (const [name, words] of Object.entries(states))
      expect([name, (await relval.run('status', name)).stdout]).toEqual([name, expect.stringContaining(words)]);
    const none = await relval.run('report', 'killed');
    expect([none.code, none.stderr]).toEqual([
      2,
      expect.stringContaining('has no report yet, because it is interrupted'),
    ]);
    expect((await relval.run('logs', 'killed', 'sim0001')).stdout).toContain('simulated');
    for (const [name, status] of Object.entries({ passed: 0, failed: 1, interrupted: 130, broken: 3 })) {
      const { stdout, code } = await relval.run('report', name, '--format', 'json');
      expect(code).toBe(status);
      expect(JSON.parse(stdout).verdict).toBe(name);
      for (const format of ['text', 'html', 'junit']) {
        expect((await relval.run('report', name, '--format', format)).code).toBe(status);
      }
    }
    expect((await relval.run('logs', 'failed', 'sim0001')).stdout).toContain('segmentation violation');
  });

  it('are compared, and judged again', async () => {
    const { stdout, code } = await relval.run('diff', 'passed', 'failed');
    expect(code).toBe(0);
    expect(stdout).toContain('segmentation violation');
    for (const name of ['interrupted', 'broken']) expect((await relval.run('diff', 'passed', name)).code).toBe(0);
    expect((await relval.run('diff', 'passed', 'killed')).code).toBe(2);
    const again = await relval.run('report', 'failed', '--policy', 'strict', '--format', 'json');
    expect(JSON.parse(again.stdout).verdict).toBe('failed');
  });

  it('are resumed: what has succeeded is not run again', async () => {
    writeFileSync(join(relval.dir, 'go'), '');
    const { code, stdout } = await relval.run('resume', 'interrupted');
    expect(stdout).toContain('PASSED');
    expect(code).toBe(0);
    const record = JSON.parse((await relval.run('list', '--json')).stdout).find(
      ({ name }: { name: string }) => name === 'interrupted',
    );
    const attempts = readdirSync(join(record.directory, 'steps', 'sim0001'));
    expect(attempts).toEqual(['1']);
    expect((await relval.run('resume', 'broken')).code).toBe(3);
    const killed = await relval.run('resume', 'killed');
    expect([killed.code, killed.stdout]).toEqual([0, expect.stringContaining('PASSED')]);
    for (const name of ['passed', 'failed']) {
      const refused = await relval.run('resume', name);
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(`is ${name}`)]);
    }
  });
});
