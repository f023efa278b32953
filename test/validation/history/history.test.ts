import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tmp from 'tmp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeFlock } from '../../../framework/tools/flock.ts';
import { trendCsv } from '../../../validation/history/csv.ts';
import { type HistoryLine, lineSchema } from '../../../validation/history/line.ts';
import { lineOf } from '../../../validation/history/make-line.ts';
import { chosenNights, namesIn, nightsOf } from '../../../validation/history/nights.ts';
import { addLine, appendLines, type RecordedRun, readLines } from '../../../validation/history/store.ts';
import { type Trend, trendOf } from '../../../validation/history/trend.ts';
import { reportSchema } from '../../../validation/report/schema.ts';
import { accepted, changeEnded } from '../../../validation/runs/judging/accept.ts';
import { removeRuns } from '../../../validation/runs/retention/removal.ts';
import type { RunRecord } from '../../../validation/runs/store/record.ts';
import { RunDir, RunStore } from '../../../validation/runs/store/store.ts';
import {
  BROKEN,
  FIRST,
  FLAKY,
  NIGHTLY,
  REGRESSION,
  releaseOf,
  runOf,
  STOPPED,
  writeNight,
  writeNights,
} from '../../e2e/thirty-nights.mjs';

let directory: tmp.DirResult;
let store: RunStore;
beforeEach(() => {
  directory = tmp.dirSync({ unsafeCleanup: true });
  store = new RunStore(directory.name);
});
afterEach(() => directory.removeCallback());

const CACHE = ['history', 'runs.ndjson'];
const night = (number: number) => ({ run: runOf(number), release: releaseOf(number) });

function runs(): RecordedRun[] {
  return store.list().map(({ run, record }) => ({ path: run.path, record }));
}

/** The trend, computed as by `relval trend`. */
async function look(name = NIGHTLY, last = 30): Promise<{ trend: Trend; fresh: HistoryLine[] }> {
  const found = await nightsOf(name, runs(), readLines(store.dir));
  if (!found) throw new Error(`no history of ${name}`);
  appendLines(store.dir, found.fresh);
  return { trend: trendOf(name, found.nights, last), fresh: found.fresh };
}

/** Checks the trend of the thirty nights. It must not depend on which runs still exist. */
function expectNews(trend: Trend): void {
  const of = (course: string) => trend.findings.filter((finding) => finding.course === course);
  expect(of('fixed')).toMatchObject([
    {
      rule: 'segmentation-violation',
      component: 'TPC',
      stage: 'reco',
      steps: ['reco0002', 'reco0005'],
      came: { before: night(REGRESSION.first - 1), after: night(REGRESSION.first) },
      went: { before: night(REGRESSION.last), after: night(REGRESSION.last + 1) },
      bad: 7,
    },
  ]);
  expect(of('open')).toEqual([]);
  expect(of('flaky')).toMatchObject([{ rule: 'ocdb', bad: FLAKY.failed.length, last: night(25) }]);
  // The stage did not run for a week, which is not a fix.
  expect(of('always')).toMatchObject([{ rule: 'warning', component: 'ITS', bad: 21, known: 21 }]);
  expect(trend.steps).toMatchObject([
    { step: 'sim0004', stage: 'sim', failed: FLAKY.failed.length, retried: FLAKY.retried.length, last: night(29) },
  ]);
  expect(trend.drifts).toMatchObject([
    { stage: 'reco', quantity: 'duration', kind: 'drift', from: night(1), to: night(30) },
  ]);
  expect(trend.drifts[0]?.perNight).toBeCloseTo(0.02, 2);
}

describe('the history of thirty nights', () => {
  it('has nights as runs leave them', () => {
    writeNights(store.dir);
    expect(runs()).toHaveLength(30);
    for (const { run, record } of store.list()) {
      expect(reportSchema.safeParse(JSON.parse(readFileSync(join(run.reportDir, 'report.json'), 'utf8'))).error).toBe(
        undefined,
      );
      const view = run.readView();
      expect(view.verdict).toBe(record.verdict);
      expect(view.counts.succeeded).toBe(record.totals.succeeded);
    }
  });

  it('names new, fixed and flaky findings and drifts, each with its release', async () => {
    writeNights(store.dir);
    const { trend } = await look();
    expect(trend.total).toBe(30);
    expect(trend.nights.map(({ verdict }) => verdict).filter((verdict) => verdict === 'failed')).toHaveLength(11);
    expectNews(trend);
    const marks = trend.findings.find(({ rule }) => rule === 'segmentation-violation')?.marks ?? '';
    expect(marks[BROKEN - 1]).toBe('?');
    expect(marks[STOPPED - 1]).toBe('?');
  });

  it('is the same after gc has removed the older half, and does not need the cache before that', async () => {
    writeNights(store.dir);
    const all = runs().length;
    const gone = await removeRuns(store, { keep: 3 });
    expect(gone.length).toBeGreaterThanOrEqual(15);
    expect(gone).toContain(runOf(1));
    expect(gone).toContain(runOf(REGRESSION.first));
    expect(runs()).toHaveLength(all - gone.length);
    const { trend, fresh } = await look();
    expectNews(trend);
    expect(trend.nights.filter(({ removed }) => removed).map(({ run }) => run)).toEqual(gone.sort());
    // The remaining runs are read now.
    expect(fresh).toHaveLength(30 - gone.length);
  });

  it('lets gc make space on a full disk, and says that lines are lost if there is still no space', async () => {
    writeNights(store.dir, 10);
    mkdirSync(join(store.dir, 'history'));
    symlinkSync('/dev/full', join(store.dir, ...CACHE));
    await expect(removeRuns(store, { keep: 2 })).rejects.toThrow(
      /runs were removed, but the history .* could not keep/,
    );
    expect(runs().length).toBeLessThan(10);
  });

  it('keeps gc from removing runs whose lines cannot be written', async () => {
    writeNights(store.dir, 10);
    writeFileSync(join(store.dir, 'history'), '');
    await expect(removeRuns(store, { keep: 2 })).rejects.toThrow(/the history in .* cannot be written/);
    expect(runs()).toHaveLength(10);
  });

  it('is the same after its cache was deleted or damaged, and ignores invalid lines', async () => {
    writeNights(store.dir);
    await look();
    rmSync(join(store.dir, 'history'), { recursive: true });
    expectNews((await look()).trend);
    const file = join(store.dir, ...CACHE);
    const [first = '', second = '', third = '', ...rest] = readFileSync(file, 'utf8').split('\n');
    const old = third.replace('"relval-history-1"', '"relval-history-0"');
    writeFileSync(file, [first.slice(0, 200), second.replace('"created"', '"made"'), old, 'null', ...rest].join('\n'));
    const { trend, fresh } = await look();
    expect(fresh.map(({ id }) => id)).toEqual([runOf(1), runOf(2), runOf(3)]);
    expectNews(trend);
    expect((await look()).fresh).toEqual([]);
  });

  it('reads a report once, and again only when it or the record has changed', async () => {
    writeNights(store.dir, 12);
    expect((await look()).fresh).toHaveLength(12);
    expect((await look()).fresh).toEqual([]);
    writeNight(store.dir, 13);
    expect((await look()).fresh).toHaveLength(1);
    const run = store.find(runOf(4));
    run.writeRecord({ ...run.readRecord(), accepted: { time: FIRST, by: 'ann', note: 'known' } });
    const { trend, fresh } = await look();
    expect(fresh).toMatchObject([{ id: runOf(4), accepted: true }]);
    expect(trend.nights[3]).toMatchObject({ run: runOf(4), accepted: true });
    utimesSync(join(run.reportDir, 'report.json'), 1, 1);
    expect((await look()).fresh).toHaveLength(1);
  });

  it('keeps a line after a torn one, and the lines of a later version when it is written anew', async () => {
    writeNights(store.dir, 3);
    await look();
    const file = join(store.dir, ...CACHE);
    const lines = readFileSync(file, 'utf8');
    const later = '{"schema":"relval-history-9","id":"tomorrow"}';
    appendFileSync(file, `${later}\n${lines.repeat(80)}${lines.slice(0, 100)}`);
    writeNight(store.dir, 4);
    const { fresh } = await look();
    expect(fresh).toMatchObject([{ id: runOf(4) }]);
    expect(readLines(store.dir).size).toBe(4);
    appendLines(store.dir, fresh, true);
    const written = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(written).toHaveLength(5);
    expect(written).toContain(later);
    expect(readLines(store.dir).size).toBe(4);
  });

  it('knows that a run was accepted, also after somebody removed it by hand', async () => {
    writeNights(store.dir, 5);
    await look();
    const run = new RunDir(join(store.dir, runOf(3)));
    await changeEnded(run, (record) => accepted(record, 'me', 'good', FIRST));
    rmSync(run.path, { recursive: true });
    const { trend } = await look();
    expect(trend.nights.filter((one) => one.accepted).map((one) => [one.run, one.removed])).toEqual([[runOf(3), true]]);
  });

  it('waits for another process that writes lines, and goes on with other work meanwhile', async () => {
    writeNights(store.dir, 1);
    await look();
    const lock = takeFlock(join(store.dir, 'history', '.lock'));
    expect(lock).toBeDefined();
    let work = 0;
    const worker = setInterval(() => work++, 10);
    const [run] = runs() as [RecordedRun];
    const added = addLine(store.dir, { ...run, record: { ...run.record, release: 'later' } });
    await expect.poll(() => work).toBeGreaterThan(20);
    expect(readLines(store.dir).get(runOf(1))?.release).toBe(releaseOf(1));
    lock?.release();
    await added;
    clearInterval(worker);
    expect(readLines(store.dir).get(runOf(1))?.release).toBe('later');
  });

  it('writes to no named pipe that somebody has put in the place of its file', async () => {
    writeNights(store.dir, 1);
    mkdirSync(join(store.dir, 'history'));
    execFileSync('mkfifo', [join(store.dir, ...CACHE)]);
    const [run] = runs() as [RecordedRun];
    await expect(addLine(store.dir, run)).rejects.toThrow('runs.ndjson is a named pipe');
    expect(readLines(store.dir).size).toBe(0);
  });

  it('leaves out lines with times that cannot be written as dates', async () => {
    writeNights(store.dir, 1);
    const { fresh } = await look();
    const file = join(store.dir, ...CACHE);
    for (const [n, created] of [1e300, 1e15, -1, 9e15].entries())
      appendFileSync(file, `${JSON.stringify({ ...fresh[0], id: `odd-${n}`, created })}\n`);
    const { trend } = await look();
    expect(trendCsv(trend).split('\r\n')).toHaveLength(3);
  });

  it('gives CSV without control characters and formulas, whatever names others have chosen', async () => {
    writeNights(store.dir, 1);
    const { fresh } = await look();
    const release = ' =1+1\u001b]0;x\u0007\u202e\n\u009b2J,';
    appendFileSync(join(store.dir, ...CACHE), `${JSON.stringify({ ...fresh[0], id: 'odd', release })}\n`);
    const csv = trendCsv((await look()).trend);
    expect(csv.replaceAll('\r\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(csv).toContain('"\' =1+1\\x1b]0;x\\x07\\u202e\\x0a\\x9b2J,"');
  });

  it('does not count a run twice that goes on after it had ended', async () => {
    writeNights(store.dir, 3);
    await look();
    const run = store.find(runOf(3));
    const { verdict: _verdict, ended: _ended, ...record } = run.readRecord();
    run.writeRecord({ ...record, state: 'running' });
    expect((await look()).trend.nights.map((one) => one.run)).toEqual([runOf(1), runOf(2)]);
  });

  it('takes nights from a date on, of some releases, and the last ones', async () => {
    writeNights(store.dir);
    const found = await nightsOf(NIGHTLY, runs(), new Map());
    const nights = found?.nights ?? [];
    const since = Date.parse('2026-10-10');
    expect(chosenNights(nights, { since }).map(({ id }) => id)[0]).toBe(runOf(10));
    expect(chosenNights(nights, { release: '*v5-09-4?' })).toHaveLength(19);
    const trend = trendOf(NIGHTLY, nights, 4);
    expect(trend.nights).toHaveLength(4);
    expect(trend.total).toBe(30);
    // A finding that was fixed ten nights ago is no news any more. But older nights still count.
    expect(trend.findings.map(({ course }) => course).sort()).toEqual(['always']);
    expect(trend.findings[0]).toMatchObject({ bad: 21, marks: 'xxxx' });
  });

  it('is found by the name of the runs, or by the workflow', async () => {
    writeNights(store.dir, 4);
    const run = store.find(runOf(4));
    run.writeRecord({ ...run.readRecord(), name: 'other' });
    expect((await look('mc')).trend.nights).toHaveLength(4);
    expect((await look('other')).trend.nights).toHaveLength(1);
    expect(await nightsOf('nobody', runs(), readLines(store.dir))).toBeUndefined();
    expect(namesIn(runs(), new Map(), 30).map(({ name, runs: count }) => [name, count])).toEqual([
      ['other', 1],
      [NIGHTLY, 3],
    ]);
  });
});

it('has the nights of runs that an older version recorded', async () => {
  const fixture = join(import.meta.dirname, '..', '..', 'fixtures', 'runs', 'version-0.1.0.tar.gz');
  execFileSync('tar', ['xzf', fixture, '-C', store.dir, '--strip-components=1']);
  const { trend } = await look('old');
  expect(trend.nights.map(({ name, verdict, totals }) => [name, verdict, totals.succeeded])).toEqual([
    ['passed', 'passed', 3],
    ['failed', 'failed', 1],
    ['interrupted', 'interrupted', 2],
    ['broken', 'broken', 0],
  ]);
  expect(trend.nights[0]?.stages).toMatchObject([
    { name: 'sim', steps: 2, succeeded: 2, duration: { median: expect.closeTo(1.1, 1) } },
    { name: 'merge', steps: 1, succeeded: 1 },
  ]);
  const crash = trend.findings.find(({ text }) => text.includes('segmentation violation'));
  expect(crash).toMatchObject({ stage: 'sim', count: 2, came: { before: { run: trend.nights[0]?.run } } });
  // Failures of the infrastructure are not findings about the release.
  expect(trend.findings.every(({ rule }) => rule !== 'infrastructure')).toBe(true);
});

describe('a line', () => {
  function record(): RunRecord {
    writeNights(store.dir, 1);
    return (store.list()[0] as { record: RunRecord }).record;
  }

  it.each([
    ['none', undefined],
    ['no report', 'text'],
    ['another form', { findings: 3, steps: [] }],
    ['a step that is none', { findings: [], steps: [null] }],
  ])('of a run whose report is unusable says that nothing is known: %s', (_, report) => {
    expect(lineOf(record(), report, 'x')).toMatchObject({
      judged: false,
      stages: [],
      findings: [],
      totals: { steps: 13 },
    });
  });

  it('of a run without a verdict is not made', () => {
    expect(lineOf({ ...record(), state: 'judging' }, undefined, 'x')).toBeUndefined();
  });

  it('is short whatever a report has', () => {
    const step = (n: number) => ({ id: `s${n}`, stage: `stage${n % 400}`, state: 'failed', attempts: 1 });
    const finding = (n: number) => ({
      ...{ step: `s${n}`, stage: 'stage1', attempt: 1, severity: 'error', rule: 'r', fingerprint: `f${n}` },
      message: 'm'.repeat(10_000),
    });
    const numbers = Array.from({ length: 3000 }, (_, n) => n);
    const line = lineOf(record(), { steps: numbers.map(step), findings: numbers.map(finding) }, 'x');
    expect(line?.more).toBe(true);
    expect(line?.errors).toBe(3000);
    expect(JSON.stringify(line).length).toBeLessThan(300_000);
    expect(lineSchema.safeParse(line).error).toBe(undefined);
  });
});
