import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DirResult, dirSync } from 'tmp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunRecord, statusOf, thisProcess } from '../../../../validation/runs/store/record.ts';
import { RunStore, replaceFile } from '../../../../validation/runs/store/store.ts';
import { unawaited } from '../zombie.ts';

let dir: DirResult;
let store: RunStore;
beforeEach(() => {
  dir = dirSync({ unsafeCleanup: true });
  store = new RunStore(dir.name);
});
afterEach(() => dir.removeCallback());

function record(id: string, change: Partial<RunRecord> = {}): RunRecord {
  return {
    schema: 'relval-run-1',
    id,
    name: 'gpmc',
    workflow: 'mc',
    request: { input: '/x/gpmc.jdl', set: [], setAppend: [], lenient: false, local: true },
    state: 'running',
    process: thisProcess(),
    project: `relval-${id}`,
    created: 1000,
    totals: { steps: 9, succeeded: 0, failed: 0, broken: 0, running: 0 },
    ...change,
  };
}

const NOON = new Date('2026-11-22T12:00:00.500Z');

describe('the run store', () => {
  it('names runs by name and UTC time, and distinguishes two of the same second', () => {
    expect(store.create('gpmc', NOON).id).toBe('gpmc-20261122-120000');
    expect(store.create('gpmc', NOON).id).toBe('gpmc-20261122-120000-2');
  });

  it('finds a run by its id, the beginning of it, its directory, or as the last one', () => {
    for (const [second, created] of [
      [0, 1],
      [1, 2],
    ] as const) {
      const { id, run } = store.create('gpmc', new Date(NOON.getTime() + second * 1000));
      run.writeRecord(record(id, { created }));
    }
    const newest = join(store.dir, 'gpmc-20261122-120001');
    for (const wanted of ['gpmc-20261122-120001', 'gpmc', 'last', newest]) expect(store.find(wanted).path).toBe(newest);
    expect(store.find('gpmc-20261122-120000').path).toBe(join(store.dir, 'gpmc-20261122-120000'));
    expect(() => store.find('reco')).toThrow(/no run reco .*gpmc-20261122-120001/);
  });

  it('says why a run cannot be read, and lists the others', () => {
    const { id, run } = store.create('gpmc', NOON);
    run.writeRecord(record(id));
    const odd: Record<string, (path: string) => void> = {
      // The year 33,658.
      late: (path) => writeFileSync(path, JSON.stringify(record('late', { created: 1e15 }))),
      torn: (path) => writeFileSync(path, '{"schema":'),
      typed: (path) => writeFileSync(path, JSON.stringify({ ...record('typed'), name: 7 })),
      huge: (path) => writeFileSync(path, Buffer.alloc(5 * 2 ** 20)),
      pipe: (path) => void execFileSync('mkfifo', [path]),
      folder: (path) => mkdirSync(path),
      linked: (path) => symlinkSync('/dev/zero', path),
    };
    for (const [name, make] of Object.entries(odd)) {
      mkdirSync(join(store.dir, name));
      make(join(store.dir, name, 'run.json'));
    }
    const { runs, unreadable } = store.look();
    expect(runs.map((entry) => entry.record.id)).toEqual([id]);
    const reasons = Object.fromEntries(unreadable.map(({ name, reason }) => [name, reason]));
    expect(Object.keys(reasons).sort()).toEqual(Object.keys(odd).sort());
    expect(reasons.late).toMatch(/run\.json is not a run record of this version: created: /);
    expect(reasons.torn).toMatch(/is no JSON/);
    expect(reasons.typed).toMatch(/: name: /);
    expect(reasons.huge).toMatch(/more than the limit of 4194304/);
    for (const name of ['pipe', 'folder', 'linked']) expect(reasons[name]).toMatch(/is not a regular file/);
  });

  it('lists only runs, the oldest first', () => {
    mkdirSync(join(store.dir, 'something'));
    writeFileSync(join(store.dir, 'file'), '');
    const { id, run } = store.create('gpmc', NOON);
    run.writeRecord(record(id));
    expect(store.list().map((entry) => entry.record.id)).toEqual([id]);
  });

  it('refuses an invalid record, and names the file', () => {
    const { run } = store.create('gpmc', NOON);
    expect(() => run.readRecord()).toThrow(/run\.json cannot be read/);
    writeFileSync(join(run.path, 'run.json'), '{}');
    expect(() => run.readRecord()).toThrow(/run\.json is not a run record/);
  });
});

describe('the status of a run', () => {
  it('is the verdict when it has ended', () => {
    expect(statusOf(record('a', { state: 'ended', verdict: 'failed' }))).toBe('failed');
  });

  it('is interrupted when its process is gone, or its pid is another process now', async () => {
    const gone = { ...thisProcess(), pid: 2 ** 22 + 1 };
    expect(statusOf(record('a', { process: gone }))).toBe('interrupted');
    expect(statusOf(record('a', { process: { ...thisProcess(), start: '1' } }))).toBe('interrupted');
    expect(statusOf(record('a'))).toBe('running');
    // A zombie.
    const { pid, start, end } = await unawaited();
    await end();
    expect(statusOf(record('a', { process: { ...thisProcess(), pid, start } }))).toBe('interrupted');
  });

  it('is the recorded one when its process is on another machine', () => {
    expect(statusOf(record('a', { process: { pid: 1, start: '0', host: 'elsewhere' } }))).toBe('running');
  });
});

describe('a file that is replaced', () => {
  it('has the new text, and at first the mode that was asked for', () => {
    const path = join(dir.name, 'key');
    replaceFile(path, 'one', 0o600);
    replaceFile(path, 'two', 0o600);
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('leaves nothing else behind when it cannot be replaced', () => {
    mkdirSync(join(dir.name, 'result.json', 'full'), { recursive: true });
    expect(() => replaceFile(join(dir.name, 'result.json'), '{}')).toThrow();
    expect(readdirSync(dir.name)).toEqual(['result.json']);
  });
});
