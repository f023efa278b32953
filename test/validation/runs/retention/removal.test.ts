import { spawn } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tmp from 'tmp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { emptyTrash, keptRuns, removeRun, whileRemoving } from '../../../../validation/runs/retention/removal.ts';
import { lockRun } from '../../../../validation/runs/store/lock.ts';
import { type RunRecord, thisProcess } from '../../../../validation/runs/store/record.ts';
import { type RunDir, RunStore } from '../../../../validation/runs/store/store.ts';

let directory: tmp.DirResult;
let store: RunStore;
beforeEach(() => {
  directory = tmp.dirSync({ unsafeCleanup: true });
  store = new RunStore(directory.name);
});
afterEach(() => directory.removeCallback());

function make(change: Partial<RunRecord> = {}): { run: RunDir; id: string; path: string } {
  const { id, run } = store.create('mc', new Date());
  run.writeRecord({
    schema: 'relval-run-1',
    id,
    name: 'mc',
    workflow: 'mc',
    request: { input: '/x.jdl', set: [], setAppend: [], lenient: false, local: true },
    state: 'ended',
    verdict: 'passed',
    process: thisProcess(),
    project: 'p',
    created: Date.now(),
    totals: { steps: 0, succeeded: 0, failed: 0, broken: 0, running: 0 },
    ...change,
  });
  return { run, id, path: run.path };
}

describe('removing runs', () => {
  it('measures the freed space, and counts links within a run once', async () => {
    const { path } = make();
    writeFileSync(join(path, 'a'), Buffer.alloc(1 << 20, 1));
    linkSync(join(path, 'a'), join(path, 'b'));
    const [found] = await keptRuns(store);
    expect(found?.size).toBeGreaterThanOrEqual(1 << 20);
    expect(found?.size).toBeLessThan(1.5 * (1 << 20));
  });

  it('takes a run away, and nothing else', async () => {
    const [one, other] = [make(), make()];
    expect(await whileRemoving(store, () => removeRun(store, one))).toBe(true);
    expect(store.list().map(({ record }) => record.id)).toEqual([other.id]);
    expect(readdirSync(directory.name)).toEqual(['.gc.lock', '.trash', other.id].sort());
  });

  it('keeps a run that was resumed after the decision', async () => {
    const one = make({ state: 'running', verdict: undefined });
    expect(await removeRun(store, one)).toBe(false);
    expect(existsSync(join(one.path, 'run.json'))).toBe(true);
  });

  it('keeps a run that a process is about to resume, or that was accepted in the meantime', async () => {
    const one = make({ verdict: 'interrupted' });
    const lock = lockRun(one.path);
    expect(await removeRun(store, one)).toBe(false);
    expect(existsSync(join(one.path, 'run.json'))).toBe(true);
    lock?.release();
    one.run.writeRecord({ ...one.run.readRecord(), accepted: { time: 1, by: 'me', note: 'good' } });
    expect(await removeRun(store, one)).toBe(false);
    const { accepted: _accepted, ...rest } = one.run.readRecord();
    one.run.writeRecord(rest);
    expect(await removeRun(store, one)).toBe(true);
  });

  it('shows no half run after a crash in the middle, and the next one finishes it', async () => {
    const { path } = make();
    mkdirSync(join(directory.name, '.trash'));
    const { renameSync } = await import('node:fs');
    renameSync(path, join(directory.name, '.trash', 'mc-1'));
    expect(store.list()).toEqual([]);
    expect(() => store.find('last')).toThrow(/no runs/);
    await whileRemoving(store, () => emptyTrash(store));
    expect(readdirSync(directory.name)).toEqual(['.gc.lock']);
  });

  it('is done by one process at a time', async () => {
    await whileRemoving(store, async () => {
      await expect(whileRemoving(store, async () => {})).rejects.toThrow(/another process is removing runs in /);
    });
    await whileRemoving(store, async () => {});
  });

  it('works although a killed process has left its lock', async () => {
    const lock = join(directory.name, '.gc.lock');
    const child = spawn('flock', ['--no-fork', lock, 'sh', '-c', 'echo locked; exec sleep 60']);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await expect(whileRemoving(store, async () => {})).rejects.toThrow(/another process is removing runs in /);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    expect(await whileRemoving(store, async () => 'done')).toBe('done');
  });
});
