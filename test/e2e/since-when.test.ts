import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HistoryLine } from '../../validation/history/line.ts';
import type { Trend } from '../../validation/history/trend.ts';
import type { Report } from '../../validation/report/model.ts';
import type { StepDetail } from '../../validation/server/api.ts';
import { launchBrowser, openPage, Serve } from './page.ts';
import { GPMC, Relval } from './relval.ts';

const NAME = 'nightly';
const relval = new Relval();
const serve = new Serve(relval.runs);
let browser: Browser;
const ids: string[] = [];

/** A run of the example with crashes in some steps. @returns its id */
async function night(crashes: string): Promise<string> {
  const { code, stdout, stderr } = await relval.run(
    ...['run', GPMC, '--local', '--name', NAME, '--set', `RELVAL_DEMO_FAIL=${crashes}`],
  );
  if (code !== (crashes === '' ? 0 : 1)) throw new Error(`${stdout}${stderr}`);
  const runs = JSON.parse((await relval.run('list', '--json')).stdout) as { id: string }[];
  return runs.map(({ id }) => id).find((id) => !ids.includes(id)) ?? '';
}

const lines = (): HistoryLine[] =>
  readFileSync(join(relval.runs, 'history', 'runs.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as HistoryLine);
const reportOf = (id: string): Report =>
  JSON.parse(readFileSync(join(relval.runs, id, 'report', 'report.json'), 'utf8')) as Report;
/** The crash of a run, and since when it is there. */
function crashOf(id: string) {
  const { findings, since } = reportOf(id);
  const crash = findings.find(({ step, severity, file }) => step === 'sim0003' && severity === 'error' && file);
  return { crash, since: since?.[crash?.fingerprint ?? ''] };
}

beforeAll(async () => {
  for (const crashes of ['', '3', '3']) ids.push(await night(crashes));
  browser = await launchBrowser();
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await serve.remove();
  relval.remove();
});

describe('since when', () => {
  it('is in the history when a run ends, before anybody looks, and stays when the run is removed by hand', async () => {
    expect(lines().map(({ id, verdict }) => [id, verdict])).toEqual([
      [ids[0], 'passed'],
      [ids[1], 'failed'],
      [ids[2], 'failed'],
    ]);
    // The lines are those that a look makes: the look has nothing to add.
    await relval.run('trend', NAME);
    expect(lines()).toHaveLength(3);
    rmSync(join(relval.runs, ids[0] ?? ''), { recursive: true });
    const trend = JSON.parse((await relval.run('trend', NAME, '--json')).stdout) as Trend;
    expect(trend.nights.map(({ run, removed }) => [run, removed])).toEqual([
      [ids[0], true],
      [ids[1], undefined],
      [ids[2], undefined],
    ]);
  });

  it('is in the report of each run, as data, text and HTML', async () => {
    const [good, first, second] = ids as [string, string, string];
    expect(crashOf(first).since).toMatchObject({ course: 'open', first: { run: first }, lastGood: { run: good } });
    expect(crashOf(second).since).toMatchObject({ first: { run: first }, lastGood: { run: good }, bad: 2, known: 3 });
    const today = new Date().toISOString().slice(0, 4);
    const told = new RegExp(`Since ${today}-\\d\\d-\\d\\d.*; last good night: ${today}`);
    expect((await relval.run('report', second)).stdout).toMatch(told);
    const html = readFileSync(join(relval.runs, second, 'report', 'index.html'), 'utf8');
    expect(html).toMatch(told);
    expect((await relval.run('report', first)).stdout).toContain('First seen in this run; last good night: ');
  });

  it('is on the page beside the finding and beside the log, and leads to the first bad night', async () => {
    await serve.start();
    const [good, first, second] = ids as [string, string, string];
    const { page, wrongs } = await openPage(browser, `${serve.url}/runs/${second}`);
    const since = page.locator('.since').first();
    await since.getByText(/^Since .* last good night: /).waitFor();
    expect(await since.getByRole('link', { name: 'compare it with the last good night' }).getAttribute('href')).toBe(
      `/compare/${good}/${first}`,
    );
    await since.getByRole('link', { name: 'first bad night' }).click();
    await page.getByText('First seen in this run; last good night: ').first().waitFor();
    expect(page.url()).toBe(`${serve.url}/runs/${first}`);
    await page.goto(`${serve.url}/runs/${second}/steps/sim0003`);
    await page
      .locator('.found-here summary')
      .getByText(/, since \d{4}-/)
      .waitFor();
    expect(wrongs).toEqual([]);
    await page.context().close();
    const { crash } = crashOf(second);
    const response = await fetch(`${serve.url}/api/v1/runs/${second}/steps/sim0003`);
    const { findingsSince } = (await response.json()) as StepDetail;
    expect(findingsSince?.[crash?.fingerprint ?? '']).toMatchObject({ first: { run: first } });
  });

  it('is written again when a step is retried', async () => {
    const last = ids[2] ?? '';
    await relval.run('retry', last, 'sim0003');
    expect(existsSync(join(relval.runs, last, 'report', 'report.json'))).toBe(true);
    expect(
      lines()
        .filter(({ id }) => id === last)
        .at(-1)
        ?.stages.find(({ name }) => name === 'sim')?.failedSteps,
    ).toEqual(['sim0003']);
    expect(lines()).toHaveLength(4);
  });
});
