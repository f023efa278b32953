import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requestOfCopy } from '../../../validation/runs/inputs/input-copy.ts';
import { EventWriter } from '../../../validation/runs/store/event-log.ts';
import { type RunRecord, thisProcess } from '../../../validation/runs/store/record.ts';
import { RunDir } from '../../../validation/runs/store/store.ts';
import { CLI, GPMC, Relval } from '../../e2e/relval.ts';
import { xpath } from './graphs.ts';

let relval: Relval;
beforeAll(() => {
  relval = new Relval();
});
afterAll(() => relval.remove());

const WORKFLOW = `name: bins
stages:
  - { name: bins, command: "seq 2 >bins.txt", outputs: [bins.txt] }
  - { name: map, after: [bins], each: { lines: bins.txt, of: bins, matching: "^[0-9]+$" }, command: "true" }
  - { name: merge, after: [map], command: "true" }
`;

/** A run that stopped after its first phase, when the second had begun. */
function someRun(id: string, end: Partial<RunRecord> = {}): void {
  const input = join(relval.dir, 'bins.yaml');
  writeFileSync(input, WORKFLOW);
  const run = new RunDir(join(relval.runs, id));
  const copy = requestOfCopy(run, { input, set: [], setAppend: [], lenient: false, local: true });
  mkdirSync(dirname(copy.input), { recursive: true });
  copyFileSync(input, copy.input);
  run.writeRecord({
    schema: 'relval-run-1',
    id,
    name: 'bins',
    workflow: 'bins',
    request: { input, set: [], setAppend: [], lenient: false, local: true },
    state: 'running',
    process: thisProcess(),
    project: `relval-${id}`,
    created: 1_860_000_000_000,
    totals: { steps: 4, succeeded: 2, failed: 0, broken: 0, running: 1 },
    ...end,
  });
  const events = new EventWriter(run.eventsFile);
  const ended = { attempt: 1, task: '', retried: false } as const;
  events.append({ time: 1, type: 'planned', phase: 0, steps: [{ id: 'bins', stage: 'bins' }] });
  events.append({ time: 2, type: 'step-ended', step: 'bins', state: 'succeeded', ...ended });
  const later = ['map0001', 'map0002'].map((step) => ({ id: step, stage: 'map' }));
  events.append({ time: 3, type: 'planned', phase: 1, steps: [...later, { id: 'merge', stage: 'merge' }] });
  events.append({ time: 4, type: 'step-submitted', step: 'map0001', attempt: 1, task: '' });
  events.append({ time: 5, type: 'step-running', step: 'map0001', attempt: 1, task: '', worker: 'w' });
  events.append({ time: 6, type: 'step-ended', step: 'map0002', state: 'failed', ...ended });
}

describe('relval graph', () => {
  it('draws a JDL as SVG', async () => {
    const { code, stdout, stderr } = await relval.run('graph', GPMC);
    expect(code, stderr).toBe(0);
    expect(xpath(stdout, 'string(/*/*[1])')).toBe('gpmc');
    expect(xpath(stdout, 'string(/*/*[2])')).toMatch(/^sim: 5 steps\. simResMerge: 1 step, after sim\./);
  });

  it('draws 10,000 steps with the settings of the command line', async () => {
    const { code, stdout } = await relval.run(
      'graph',
      GPMC,
      '--set',
      'Split=production:1-10000',
      '--format',
      'mermaid',
    );
    expect(code).toBe(0);
    expect(stdout).toContain('sim<br/>10,000 steps');
  });

  it('draws a run with its states, also the steps that were not known when it started', async () => {
    someRun('bins-20290615-080000');
    const { code, stdout, stderr } = await relval.run('graph', 'bins-2029', '--format', 'mermaid');
    expect(code, stderr).toBe(0);
    const labels = [...stdout.matchAll(/\("(.*)"\)$/gm)].map(([, label]) => label);
    expect(labels).toEqual([
      'bins<br/>✓ succeeded',
      'map0001<br/>▶ running',
      'map0002<br/>✗ failed',
      'merge<br/>· waiting',
    ]);
  });

  it('draws a run that has ended with the states of its report, and steps that did not run', async () => {
    someRun('bins-20290615-070000', { state: 'ended', verdict: 'failed', judged: { bins: 'failed' } });
    const { stdout } = await relval.run('graph', 'bins-20290615-070000', '--format', 'mermaid');
    expect([...stdout.matchAll(/\("(.*)"\)$/gm)].map(([, label]) => label)).toEqual([
      'bins<br/>✗ failed',
      'map0001<br/>▶ running',
      'map0002<br/>✗ failed',
      'merge<br/>– not run',
    ]);
  });

  it('writes to a file, in the format of its extension', async () => {
    const file = join(relval.dir, 'gpmc.dot');
    const { code, stdout } = await relval.run('graph', GPMC, '-o', file, '--collapse', 'stages');
    expect(code).toBe(0);
    expect(stdout).toBe('');
    expect(readFileSync(file, 'utf8')).toMatch(/^digraph "gpmc" \{[\s\S]*label="sim\\n5 steps"/);
  });

  it('leaves a file as it is when the disk has no space for the new one', () => {
    const file = join(relval.dir, 'kept.svg');
    writeFileSync(file, 'before');
    // No file may have more than 1 kB.
    const command = `ulimit -f 1; '${process.execPath}' '${CLI}' graph '${GPMC}' -o '${file}'`;
    const { status, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([2, expect.stringContaining('kept.svg cannot be written')]);
    expect(readFileSync(file, 'utf8')).toBe('before');
    expect(existsSync(`${file}.new`)).toBe(false);
  });

  it('ends with 2 and says why: no such file, no such run, settings for a run, a file that cannot be written, too much', async () => {
    someRun('bins-20290615-090000');
    const refused = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await relval.run('graph', ...args);
      expect(code, stdout + stderr).toBe(2);
      expect(stderr).not.toMatch(/^\s+at /m);
      return stderr;
    };
    expect(await refused('nothing.jdl')).toContain('nothing.jdl: no such file');
    expect(await refused('nothing')).toContain('no run nothing');
    expect(await refused('last', '--set', 'TTL=1')).toContain('bins-20290615-090000 is a run');
    expect(await refused(GPMC, '-o', join(relval.dir, 'no', 'x.svg'))).toMatch(/x\.svg cannot be written/);
    expect(await refused(GPMC, '--set', 'Split=production:1-5000', '--collapse', 'none')).toContain('--collapse auto');
    expect(existsSync(join(relval.dir, 'no'))).toBe(false);
  });
});
