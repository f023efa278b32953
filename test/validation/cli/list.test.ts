import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLI, Relval } from '../../e2e/relval.ts';
import { atTerminal } from './terminal.ts';

let relval: Relval;
beforeEach(() => {
  relval = new Relval();
  run('mc-1', { created: Date.UTC(2026, 0, 1), verdict: 'passed', release: 'v5-01' });
  run('mc-2', { created: Date.UTC(2026, 0, 2), verdict: 'failed', release: 'v5-02' });
  run('reco-3', { created: Date.UTC(2026, 0, 3), verdict: 'failed', accepted: { time: 1, by: 'Ann', note: 'known' } });
});
afterEach(() => relval.remove());

function run(id: string, over: Record<string, unknown>): void {
  const [name = ''] = id.split('-');
  mkdirSync(join(relval.runs, id), { recursive: true });
  const record = {
    schema: 'relval-run-1',
    id,
    name,
    workflow: name,
    request: { input: '/a.jdl', set: [], setAppend: [], lenient: false, local: true },
    state: 'ended',
    process: { pid: 1, start: '1', host: 'h' },
    project: `relval-${id}`,
    totals: { steps: 4, succeeded: 3, failed: 1, broken: 0, running: 0 },
    ...over,
  };
  writeFileSync(join(relval.runs, id, 'run.json'), JSON.stringify(record));
}

async function ids(...flags: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await relval.run('list', '--json', ...flags);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout).map(({ id }: { id: string }) => id);
}

describe('relval list', () => {
  it('shows a list that does not fit on the screen in the pager, unless it must not', async () => {
    for (let n = 10; n < 70; n++) run(`mc-${n}`, { created: Date.UTC(2026, 1, 1, n), verdict: 'passed' });
    const env = { XDG_CONFIG_HOME: relval.dir, RELVAL_RUNS: relval.runs, PAGER: 'sed s/^/paged:/' };
    const list = [process.execPath, CLI, 'list'];
    expect(await atTerminal(list, env, relval.dir)).toContain('paged:mc-69');
    expect(await atTerminal([...list, '--no-pager'], env, relval.dir)).not.toContain('paged:');
    expect(await atTerminal([...list, '--last', '5'], env, relval.dir)).not.toContain('paged:');
    expect(await atTerminal(list, { ...env, PAGER: 'no-such-pager' }, relval.dir)).toContain('mc-69');
  });

  it('has a header, the newest run last, and times with their zone', async () => {
    const { stdout } = await relval.run('list', '--utc');
    const lines = stdout.trim().split('\n');
    expect(lines.map((line) => line.split(/ {2,}/).slice(0, 5))).toEqual([
      ['run', 'status', 'steps', 'release', 'started'],
      ['mc-1', 'passed', '3/4', 'v5-01', '2026-01-01 00:00:00 UTC'],
      ['mc-2', 'failed', '3/4', 'v5-02', '2026-01-02 00:00:00 UTC'],
      ['reco-3', 'failed (accepted)', '3/4', '2026-01-03 00:00:00 UTC', expect.anything()],
    ]);
    expect((await relval.run('list')).stdout).toMatch(/ 2026-01-0\d \d\d:\d\d:\d\d [+-]\d\d:\d\d/);
  });

  it('shows the runs that are asked for', async () => {
    expect(await ids('--status', 'failed')).toEqual(['mc-2', 'reco-3']);
    expect(await ids('--status', 'passed,broken')).toEqual(['mc-1']);
    expect(await ids('--workflow', 'mc', '--newest-first')).toEqual(['mc-2', 'mc-1']);
    expect(await ids('--release', 'v5-*', '--since', '2026-01-01T12:00Z')).toEqual(['mc-2']);
    expect(await ids('--accepted')).toEqual(['reco-3']);
    expect(await ids('--no-accepted', '--last', '1')).toEqual(['mc-2']);
    const none = await relval.run('list', '--name', 'other');
    expect(none.stdout).toContain('none of 3 runs');
  });

  it.each([
    [['--status', 'bad'], '--status bad: expected some of preparing, running'],
    [['--since', 'yesterday'], '--since yesterday: expected an age such as 7d'],
    [['--last', '0'], '--last: expected a number of runs'],
  ])('%j is a mistake', async (flags, message) => {
    const { code, stderr } = await relval.run('list', ...flags);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
