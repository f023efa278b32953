import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HistoryLine } from '../../../validation/history/line.ts';
import { appendLines, linesOf } from '../../../validation/history/store.ts';
import { removeRuns } from '../../../validation/runs/retention/removal.ts';
import { RunStore } from '../../../validation/runs/store/store.ts';
import type { Trend, Workflows } from '../../../validation/server/api.ts';
import { FIRST, NIGHTLY, releaseOf, runOf, writeNight, writeNights } from '../../e2e/thirty-nights.mjs';
import { Serving, until } from './serving.ts';

const serving = new Serving();
const path = `workflows/${NIGHTLY}/history`;

beforeAll(async () => {
  writeNights(serving.runs, 26);
  // Two runs made by others: in one the report is a link to another file, in the other it is invalid.
  writeNight(serving.runs, 27);
  writeFileSync(join(serving.dir, 'secret.json'), '{"findings": [], "steps": [], "secret": 1}');
  rmSync(join(serving.runs, runOf(27), 'report', 'report.json'));
  symlinkSync(join(serving.dir, 'secret.json'), join(serving.runs, runOf(27), 'report', 'report.json'));
  writeNight(serving.runs, 28);
  writeFileSync(join(serving.runs, runOf(28), 'report', 'report.json'), '{"findings": [{"step": {}}], "steps": 5}');
  await serving.start();
});
afterAll(() => serving.close());

describe('the history of a workflow by REST', () => {
  it('lists the names that have a history', async () => {
    const { workflows } = await serving.api<Workflows>('workflows');
    expect(workflows).toMatchObject([{ name: NIGHTLY, workflow: 'mc', runs: 28, verdict: 'passed' }]);
    expect(workflows[0]?.nights.map(({ run }) => run)).toEqual(Array.from({ length: 28 }, (_, n) => runOf(n + 1)));
    expect(workflows[0]?.passRate).toBeCloseTo(15 / 26);
    const { workflows: short } = await serving.api<Workflows>('workflows?last=2');
    expect(short[0]).toMatchObject({ runs: 28, passRate: 1, nights: [{ run: runOf(27) }, { run: runOf(28) }] });
  });

  it('gives the message of the library, and writes nothing', async () => {
    const trend = await serving.api<Trend>(path);
    expect(trend.nights).toHaveLength(28);
    expect(trend.findings.find(({ course }) => course === 'fixed')).toMatchObject({
      came: { after: { run: runOf(12), release: releaseOf(12) }, before: { run: runOf(11) } },
      went: { after: { run: runOf(20), release: releaseOf(20) } },
    });
    expect(trend.steps.map(({ step }) => step)).toEqual(['sim0004']);
    expect(trend.drifts.map(({ stage }) => stage)).toEqual(['reco']);
    expect(existsSync(join(serving.runs, 'history'))).toBe(false);
  });

  it('reads no files outside the run, and such a night is unknown', async () => {
    const { nights } = await serving.api<Trend>(path);
    expect(nights.slice(26)).toMatchObject([
      { judged: false, stages: [] },
      { judged: false, stages: [] },
    ]);
  });

  it('takes a number of nights, a date and a pattern of releases', async () => {
    expect((await serving.api<Trend>(`${path}?last=3`)).nights.map(({ run }) => run)).toEqual(
      [26, 27, 28].map((night) => runOf(night)),
    );
    expect((await serving.api<Trend>(`${path}?since=2026-10-20`)).total).toBe(9);
    expect((await serving.api<Trend>(`${path}?release=*v5-09-41`)).nights.map(({ run }) => run)).toEqual(
      [2, 3].map((night) => runOf(night)),
    );
    expect((await serving.api<Trend>(`${path}?release=nothing`)).nights).toEqual([]);
  });

  it('gives CSV with one row for each night', async () => {
    const answer = await serving.get(`/api/v1/${path}?format=csv`);
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    const [head = '', first = '', ...rows] = (await answer.text()).split('\r\n');
    expect(head).toMatch(/^date,run,release,workflow,verdict,.*,reco duration median,/);
    expect(first).toMatch(/^2026-10-01T03:00:00\.000Z,mc-nightly-20261001-030000,AliPhysics::v5-09-40,mc,passed,/);
    expect(first.split(',')).toHaveLength(head.split(',').length);
    expect(rows).toHaveLength(28);
  });

  it.each([
    ['workflows/nobody/history', 404, 'no run of nobody has ended'],
    [`${path}?last=0`, 400, 'last'],
    [`${path}?since=yesterday`, 400, 'expected a date such as 2026-11-01'],
    [`${path}?since=2026-02-30`, 400, 'expected a date'],
    [`${path}?format=xml`, 400, 'format'],
    ['workflows/__proto__/history', 404, ''],
    ['workflows/..%2f..%2fetc/history', 404, ''],
  ])('refuses %s', async (asked, status, message) => {
    const { status: got, body } = await serving.raw(`/api/v1/${asked}`);
    expect(got).toBe(status);
    expect(body).toContain(message);
  });

  it('is behind the same guards as the other routes', async () => {
    expect((await serving.raw(`/api/v1/${path}`, { host: 'evil.example' })).status).toBe(421);
    expect((await serving.raw('/api/v1/workflows', { origin: 'http://evil.example' })).status).toBe(403);
    expect((await serving.raw(`/api/v1/${path}`, {}, 'POST', '{}')).status).toBe(404);
  });

  it('knows a new night, and one whose run was removed', async () => {
    writeNight(serving.runs, 29);
    await until('the new night', async () => (await serving.api<Trend>(path)).nights.length === 29);
    const gone = await removeRuns(new RunStore(serving.runs), { keep: 8 });
    expect(gone).toContain(runOf(1));
    const trend = await until('the removed runs', async () => {
      const now = await serving.api<Trend>(path);
      return now.nights.filter(({ removed }) => removed).length === gone.length && now;
    });
    expect(trend.nights).toHaveLength(29);
    expect(trend.findings.find(({ course }) => course === 'fixed')?.came.after.release).toBe(releaseOf(12));
    // A new server has only the lines that gc has kept.
    await serving.stop();
    await serving.start();
    expect((await serving.api<Trend>(path)).findings.find(({ course }) => course === 'fixed')).toMatchObject({
      came: { after: { release: releaseOf(12) } },
      went: { after: { release: releaseOf(20) } },
    });
  });

  it('of any length is read beside other work', async () => {
    const [found] = new RunStore(serving.runs).list();
    if (!found) throw new Error('there is a run');
    const { lines } = await linesOf([{ path: found.run.path, record: found.record }], new Map());
    const [line] = lines as [HistoryLine];
    const [finding, stage] = [line.findings[0], line.stages[0]];
    const long = Array.from({ length: 1000 }, (_, n) => ({
      ...{ ...line, id: `gone-${n}`, name: 'long', created: FIRST + n },
      stages: Array.from({ length: 60 }, (_one, m) => ({ ...stage, name: `stage ${m}`, failedSteps: [`f${n % 3}`] })),
      findings: Array.from({ length: 60 }, (_one, m) => ({ ...finding, key: `${m * (n % 3)}` })),
    }));
    appendLines(serving.runs, long as HistoryLine[]);
    let longest = 0;
    let last = performance.now();
    const other = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 5);
    const begin = performance.now();
    const answer = await serving.raw('/api/v1/workflows/long/history?last=3');
    const took = performance.now() - begin;
    clearInterval(other);
    expect([answer.status, (JSON.parse(answer.body) as Trend).total]).toEqual([200, 1000]);
    // Both take longer on a machine that is busy.
    expect(longest).toBeLessThan(took / 4);
  });

  it('does without a file of lines that is none', async () => {
    rmSync(join(serving.runs, 'history'), { recursive: true, force: true });
    mkdirSync(join(serving.runs, 'history', 'runs.ndjson'), { recursive: true });
    await serving.stop();
    await serving.start();
    expect((await serving.api<Trend>(path)).nights.length).toBeGreaterThan(5);
  });
});
