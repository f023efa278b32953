import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tmp from 'tmp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addLine, readLines } from '../../../validation/history/store.ts';
import type { Report } from '../../../validation/report/model.ts';
import { describeSince, shortSince } from '../../../validation/report/since.ts';
import { withSince } from '../../../validation/runs/judging/history.ts';
import { RunStore } from '../../../validation/runs/store/store.ts';
import { BROKEN, REGRESSION, releaseOf, runOf, writeNights } from '../../e2e/thirty-nights.mjs';

let directory: tmp.DirResult;
let store: RunStore;
beforeEach(() => {
  directory = tmp.dirSync({ unsafeCleanup: true });
  store = new RunStore(directory.name);
  writeNights(store.dir);
});
afterEach(() => directory.removeCallback());

const CRASH = '5e6f00000000aaaa';
const TIMEOUT = '0cdb00000000bbbb';
const EMPTY = '17500000000ccccc';
const day = (night: number) => `2026-10-${String(night).padStart(2, '0')} (${releaseOf(night)})`;

/** The report of a night, judged again. */
async function judged(night: number): Promise<Report> {
  const run = store.find(runOf(night));
  const report = JSON.parse(readFileSync(join(run.reportDir, 'report.json'), 'utf8')) as Report;
  return withSince(run, run.readRecord(), report);
}

describe('since when a finding is there', () => {
  it('is told with the first bad night, the last good one, and how often', async () => {
    const { run, since } = await judged(REGRESSION.first + 2);
    expect(since).toEqual({
      [CRASH]: {
        ...{ course: 'open', bad: 3, known: 14 },
        first: { run: runOf(12), created: expect.any(Number), release: releaseOf(12) },
        lastGood: { run: runOf(11), created: expect.any(Number), release: releaseOf(11) },
      },
    });
    expect(describeSince(since?.[CRASH] as never, run)).toBe(`Since ${day(12)}; last good night: ${day(11)}.`);
  });

  it('counts only nights before the run, and names the run itself where it appeared', async () => {
    const { run, since } = await judged(REGRESSION.first);
    const crash = since?.[CRASH] as never;
    expect(describeSince(crash, run)).toBe(`First seen in this run; last good night: ${day(11)}.`);
    expect(shortSince(crash, run)).toBe('first seen in this run');
  });

  it('is not broken off by a night that cannot tell', async () => {
    expect((await judged(BROKEN + 1)).since?.[CRASH]).toMatchObject({ first: { run: runOf(12) }, bad: 4, known: 15 });
  });

  it('says that a finding is flaky, or always there', async () => {
    const { run, since } = await judged(16);
    expect(since?.[TIMEOUT]).toMatchObject({ course: 'flaky', bad: 4, known: 16 });
    expect(describeSince(since?.[TIMEOUT] as never, run)).toBe('Flaky: it comes and goes, in 4 of 16 nights.');
    const other = await judged(10);
    expect(describeSince(other.since?.[EMPTY] as never, other.run)).toBe(
      `There in every known night, since ${day(1)} or earlier.`,
    );
  });

  it('says that the release did not change', async () => {
    const at = { created: Date.parse('2026-10-02T00:00:00Z'), release: 'A' };
    const since = {
      course: 'open' as const,
      first: { ...at, run: 'b' },
      lastGood: { ...at, run: 'a' },
      bad: 2,
      known: 9,
    };
    expect(describeSince({ ...since, unknown: 1 }, 'c')).toBe(
      'Since 2026-10-02 00:00 (A); last good night: 2026-10-02 00:00 (A); 1 unknown night between. The release did not change (A): the cause may be elsewhere.',
    );
  });

  it('is not told in the first night, nor without findings, nor where the history cannot be read', async () => {
    expect((await judged(1)).since).toBeUndefined();
    expect((await judged(22)).since).toBeUndefined();
    rmSync(join(store.dir, runOf(3)), { recursive: true });
    writeFileSync(join(store.dir, 'history'), '');
    expect((await judged(13)).since?.[CRASH]).toMatchObject({ known: 12 });
  });

  it('is told from lines of removed runs', async () => {
    for (const night of [11, 12, 13]) {
      const run = store.find(runOf(night));
      await addLine(store.dir, { path: run.path, record: run.readRecord() });
    }
    expect([...readLines(store.dir).keys()]).toEqual([11, 12, 13].map((night) => runOf(night)));
    for (const night of [11, 12]) rmSync(join(store.dir, runOf(night)), { recursive: true });
    expect((await judged(13)).since?.[CRASH]).toMatchObject({
      first: { run: runOf(12), removed: true },
      lastGood: { run: runOf(11), removed: true },
      known: 13,
    });
  });
});
