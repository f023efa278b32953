import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { thisProcess } from '../../../../validation/runs/store/record.ts';
import { RunStore } from '../../../../validation/runs/store/store.ts';
import { changeCache } from './cached.ts';

const RUNS = 250;
let dir: string;
let store: RunStore;
let cacheHome: string | undefined;

const idOf = (n: number): string => `mc-20300101-${String(n).padStart(6, '0')}`;
const fileOf = (n: number): string => join(dir, 'runs', idOf(n), 'run.json');

function writeRecord(n: number, name: string): void {
  const record = {
    schema: 'relval-run-1',
    id: idOf(n),
    name,
    workflow: 'mc',
    request: { input: '/x/gpmc.jdl', set: [], setAppend: [], lenient: false, local: true },
    state: 'ended',
    verdict: 'passed',
    process: thisProcess(),
    project: 'p',
    created: n,
    totals: { steps: 1, succeeded: 1, failed: 0, broken: 0, running: 0 },
  };
  writeFileSync(fileOf(n), JSON.stringify(record));
}

const names = (): string[] => store.list().map(({ record }) => record.name);
/** Of the cache's only file. */
const cacheFile = (): string => join(dir, 'cache', 'relval', readdirSync(join(dir, 'cache', 'relval'))[0] as string);

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'record-cache-'));
  cacheHome = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = join(dir, 'cache');
  for (let n = 0; n < RUNS; n++) {
    mkdirSync(join(dir, 'runs', idOf(n)), { recursive: true });
    writeRecord(n, 'first');
  }
  store = new RunStore(join(dir, 'runs'));
  // What was written in the last moments is never kept.
  vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 60_000);
});

afterEach(() => {
  vi.restoreAllMocks();
  if (cacheHome === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = cacheHome;
  rmSync(dir, { recursive: true, force: true });
});

describe('many runs', () => {
  it('are the same, read from their files or from the cache', () => {
    const first = store.look();
    expect(readFileSync(cacheFile(), 'utf8')).toContain(idOf(7));
    expect(store.look()).toEqual(first);
    expect(first.runs).toHaveLength(RUNS);
  });

  it('have the same summaries, read from their files or from the cache', () => {
    const { runs } = store.look();
    const first = store.overview();
    expect(first.runs).toHaveLength(RUNS);
    expect(store.overview()).toEqual(first);
    for (const [n, { run, record }] of first.runs.entries()) {
      expect(run.path).toBe(runs[n]?.run.path);
      expect(runs[n]?.record).toMatchObject(JSON.parse(JSON.stringify(record)));
    }
    const kept = readdirSync(join(dir, 'cache', 'relval')).find((name) => name.startsWith('summaries-')) as string;
    changeCache(join(dir, 'cache', 'relval', kept), (content) => content.replaceAll('"first"', '"cached"'));
    expect(new Set(store.overview().runs.map(({ record }) => record.name))).toEqual(new Set(['cached']));
  });

  it('leave nothing of a cache that could not be written, or whose process was killed', () => {
    names();
    const file = cacheFile();
    rmSync(file);
    mkdirSync(join(file, 'in-the-way'), { recursive: true });
    names();
    expect(readdirSync(join(file, '..'))).toEqual([basename(file)]);
    rmSync(file, { recursive: true });
    writeFileSync(`${file}.new`, 'a part');
    // It is not older than that by the clock, which the test sets.
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 1000);
    names();
    names();
    expect(readdirSync(join(file, '..'))).toEqual([basename(file)]);
    expect(readFileSync(file, 'utf8')).toContain(idOf(7));
  });

  it('are read from the cache, in the way that this build reads them', () => {
    names();
    changeCache(cacheFile(), (content) => content.replaceAll('"first"', '"cached"'));
    expect(new Set(names())).toEqual(new Set(['cached']));
    writeFileSync(cacheFile(), readFileSync(cacheFile(), 'utf8').replace(/^\S+/, 'other.js'));
    expect(new Set(names())).toEqual(new Set(['first']));
  });

  it('show what has changed since, what is gone, and what cannot be read any more', () => {
    names();
    writeRecord(3, 'other');
    rmSync(join(dir, 'runs', idOf(4)), { recursive: true });
    writeFileSync(fileOf(5), '{}');
    const { runs, unreadable } = store.look();
    expect(runs).toHaveLength(RUNS - 2);
    expect(runs.find(({ record }) => record.id === idOf(3))?.record.name).toBe('other');
    expect(unreadable.map(({ name }) => name)).toEqual([idOf(5)]);
  });

  it('are each read from its own entry, after some were added, removed and replaced by others', () => {
    const look = (): Record<string, string> =>
      Object.fromEntries(store.overview().runs.map(({ run, record }) => [basename(run.path), record.name]));
    const expected: Record<string, string> = {};
    for (let n = 0; n < RUNS; n++) {
      writeRecord(n, `name ${n}`);
      expected[idOf(n)] = `name ${n}`;
    }
    expect(look()).toEqual(expected);
    // So few that the cache stays as it is, and then so many that it is written again.
    for (const some of [3, 30]) {
      for (let n = 0; n < some; n++) {
        const [gone, fresh, moved] = [some + 5 * n, 1000 * some + n, 100 + some + n] as const;
        rmSync(join(dir, 'runs', idOf(gone)), { recursive: true, force: true });
        delete expected[idOf(gone)];
        mkdirSync(join(dir, 'runs', idOf(fresh)));
        writeRecord(fresh, `fresh ${fresh}`);
        expected[idOf(fresh)] = `fresh ${fresh}`;
        if (expected[idOf(moved)] === undefined) continue;
        writeRecord(moved, `moved ${moved}`);
        expected[idOf(moved)] = `moved ${moved}`;
      }
      for (let again = 0; again < 3; again++) expect(look()).toEqual(expected);
    }
  });

  it('are read from their files where the cache is damaged, or cannot be written', () => {
    names();
    for (const damage of ['', '[]', '{"build":', 'null']) {
      writeFileSync(cacheFile(), damage);
      expect(names()).toHaveLength(RUNS);
    }
    rmSync(join(dir, 'cache'), { recursive: true });
    writeFileSync(join(dir, 'cache'), 'no directory');
    expect(names()).toHaveLength(RUNS);
  });

  it('that were written a moment ago are not kept: their files may change again at the same time', () => {
    vi.restoreAllMocks();
    names();
    expect(() => cacheFile()).toThrow();
  });
});
