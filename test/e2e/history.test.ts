import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Trend } from '../../validation/history/trend.ts';
import type { Workflows } from '../../validation/server/api.ts';
import { launchBrowser, openPage, Serve } from './page.ts';
import { Relval } from './relval.ts';
import { NIGHTLY, releaseOf, runOf, writeNights } from './thirty-nights.mjs';

const relval = new Relval();
const serve = new Serve(relval.runs);
let browser: Browser;

beforeAll(async () => {
  writeNights(relval.runs);
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await serve.remove();
  relval.remove();
});

describe('relval trend', () => {
  it('shows the nights and the news, in lines that a terminal has room for', async () => {
    const { code, stdout, stderr } = await relval.run('trend', NIGHTLY);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('30 nights, 2026-10-01 to 2026-10-30');
    expect(stdout).toMatch(/^2026-10-12 {2}v5-09-46 {2}✗ failed +10\/13 /m);
    expect(stdout).toContain(`since 2026-10-12 (${releaseOf(12)}); last good night: 2026-10-11 (${releaseOf(11)})`);
    expect(stdout).toContain(`gone since 2026-10-20 (${releaseOf(20)}); last bad night: 2026-10-19 (${releaseOf(19)})`);
    expect(stdout).toMatch(/sim0004: failed in 5 and succeeded only in a later attempt in 4 of 30 nights/);
    expect(stdout).toMatch(/reco: time 2\.\d % more each night: 2\d min.* → 4\d min/);
    const table = stdout.split('\n\n')[1]?.split('\n') ?? [];
    expect(table).toHaveLength(31);
    expect(Math.max(...table.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('gives JSON and CSV of some nights', async () => {
    const { stdout } = await relval.run('trend', NIGHTLY, '--json', '--since', '2026-10-10', '--last', '5');
    const trend = JSON.parse(stdout) as Trend;
    expect([trend.schema, trend.total, trend.nights.length]).toEqual(['relval-trend-1', 21, 5]);
    const csv = await relval.run('trend', NIGHTLY, '--csv', '--release', '*v5-09-41');
    expect(csv.stdout.split('\r\n').map((row) => row.split(',')[1])).toEqual(['run', runOf(2), runOf(3), undefined]);
  });

  it('lists all workflows without a name, a line each', async () => {
    const { code, stdout } = await relval.run('trend');
    expect(code).toBe(0);
    const [head, row, ...rest] = stdout.split('\n');
    expect(head).toMatch(/^Name +Nights +Last nights +Passed +Newest +Release$/);
    expect(row).toMatch(/^mc-nightly +30 +[✓✗!–]{7,} +61 % +2026-10-30 +passed +v5-09-55$/);
    expect(Math.max(...[head, row].map((line) => line?.length ?? 0))).toBeLessThanOrEqual(80);
    expect(rest.join('\n')).toContain('relval trend NAME');
    const { workflows } = JSON.parse((await relval.run('trend', '--json', '--last', '3')).stdout) as Workflows;
    expect(workflows).toMatchObject([{ name: NIGHTLY, runs: 30, passRate: 1, nights: [{}, {}, { run: runOf(30) }] }]);
  });

  it.each([
    [['trend', 'nobody'], /no history of nobody in .*; there are mc-nightly, mc$/m],
    [['trend', NIGHTLY, '--since', 'monday'], /--since monday: expected a date such as 2026-11-01/],
    [['trend', NIGHTLY, '--last', '0'], /--last: expected a number of nights/],
    [['trend', NIGHTLY, '--json', '--csv'], /--json or --csv, not both/],
    [['trend', NIGHTLY, '--release', 'v9*'], /none of the 30 nights of mc-nightly matches/],
    [['trend', '--csv'], /--csv needs the name of a history/],
    [['trend', '--release', 'v9*'], /no run in .* matches --since and --release/],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await relval.run(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });

  it('completes names, and does not offer the history as a run', async () => {
    expect((await relval.run('__complete', '--', 'trend', '')).stdout).toBe(`${NIGHTLY}\t\n`);
    expect((await relval.run('__complete', '--', 'status', 'h')).stdout.trim()).toBe('');
  });

  it('says the same after gc, and where the runs are there after its lines were deleted', async () => {
    const news = async (): Promise<unknown> => {
      const { findings, steps, drifts } = JSON.parse((await relval.run('trend', NIGHTLY, '--json')).stdout) as Trend;
      const { removed: _, ...last } = steps[0]?.last ?? {};
      return [findings.map(({ course, rule, marks, bad }) => [course, rule, marks, bad]), last, drifts.length];
    };
    const before = await news();
    rmSync(join(relval.runs, 'history'), { recursive: true });
    expect(await news()).toEqual(before);
    rmSync(join(relval.runs, 'history'), { recursive: true });
    const { code } = await relval.run('gc', '--keep', '3', '--yes');
    expect(code).toBe(0);
    expect(JSON.parse((await relval.run('list', '--json')).stdout).length).toBeLessThan(15);
    expect(await news()).toEqual(before);
    const { stdout } = await relval.run('trend', NIGHTLY);
    expect(stdout).toMatch(/^2026-10-01 .*run removed$/m);
    expect(
      readFileSync(join(relval.runs, 'history', 'runs.ndjson'), 'utf8')
        .trimEnd()
        .split('\n'),
    ).toHaveLength(30);
  });
});

describe('the page of a history', () => {
  beforeAll(() => serve.start());
  const address = () => `${serve.url}/workflows/${NIGHTLY}`;

  it('is reached from the runs, and leads to a run, by keyboard', async () => {
    const { page, wrongs } = await openPage(browser, serve.url);
    await page.getByRole('link', { name: NIGHTLY, exact: true }).first().focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: NIGHTLY }).waitFor();
    expect(page.url()).toBe(address());
    await page.locator('.verdicts li').nth(29).waitFor();
    // Those of the first nights were removed: there is nowhere to go.
    expect(await page.locator('.verdicts a').count()).toBeLessThan(15);
    await page.locator('.verdicts a').last().focus();
    await page.locator('.told').getByText('2026-10-30').waitFor();
    await page.keyboard.press('2');
    await page.locator('button[aria-pressed=true]', { hasText: 'memory' }).waitFor();
    await page.locator('.verdicts a').last().focus();
    await page.keyboard.press('Enter');
    await page.locator('.answer h1').waitFor();
    expect(page.url()).toBe(`${serve.url}/runs/${runOf(30)}`);
    await page.locator('.crumbs').getByRole('link', { name: NIGHTLY }).click();
    await page.locator('.nights').waitFor();
    expect(wrongs).toEqual([]);
    await page.context().close();
  });

  it('is reached from the list of all workflows, whose squares lead to the nights that still exist', async () => {
    const { page, wrongs } = await openPage(browser, serve.url);
    await page.getByRole('link', { name: NIGHTLY, exact: true }).first().waitFor();
    await page.keyboard.press('w');
    await page.getByRole('row', { name: NIGHTLY }).getByText('61 %').waitFor();
    expect(page.url()).toBe(`${serve.url}/workflows`);
    expect(await page.getByRole('navigation').locator('[aria-current=page]').textContent()).toBe('Workflows');
    expect(await page.locator('.strip li').count()).toBe(30);
    expect(await page.locator('.strip a').count()).toBeLessThan(15);
    expect(await page.locator('.square').first().getAttribute('title')).toBe(
      `2026-10-01 (${releaseOf(1)}): passed, run removed`,
    );
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.locator('.nights').waitFor();
    expect(page.url()).toBe(address());
    await page.keyboard.press('u');
    await page.getByRole('heading', { name: 'Workflows', exact: true }).waitFor();
    expect(wrongs).toEqual([]);
    await page.context().close();
  });

  it('shows new findings and since when, flaky findings, drifts and fixed findings', async () => {
    const { page } = await openPage(browser, address());
    const part = (name: RegExp) => page.getByRole('region', { name });
    await part(/^Fixed/)
      .getByText(`Since 2026-10-12 (${releaseOf(12)}); last good night: 2026-10-11`)
      .waitFor();
    await part(/^Fixed/)
      .getByText(`Gone since 2026-10-20 (${releaseOf(20)})`)
      .waitFor();
    await part(/^Flaky/)
      .getByText('Failed in 5 and succeeded only in a later attempt in 4 of 30 nights')
      .waitFor();
    await part(/^Stages that change/)
      .getByText(/^Time 2\.\d % more each night/)
      .waitFor();
    await part(/^There in every night/)
      .getByText('In 21 of 21 nights')
      .waitFor();
    expect(await page.locator('.nights .drift').count()).toBe(1);
    // The pointer over a night
    const plot = await page.locator('.plot').nth(3).boundingBox();
    if (!plot) throw new Error('no plot');
    await page.mouse.move(plot.x + (plot.width / 30) * 11.5, plot.y + 5);
    await page.locator('.told').getByText('2026-10-12').waitFor();
    await page.getByLabel('Releases that match a pattern').fill('nothing');
    await page.keyboard.press('Enter');
    await page.getByText('No night matches the filter.').waitFor();
    await page.context().close();
  });

  const looks = ([1280, 390] as const).flatMap((width) =>
    (['light', 'dark'] as const).flatMap((scheme) =>
      ([`/workflows/${NIGHTLY}`, '/workflows'] as const).map((path) => [width, scheme, path] as const),
    ),
  );
  it.each(looks)('has nothing that axe-core finds wrong, and fits: %i pixels, %s, %s', async (width, scheme, path) => {
    const viewport = { width, height: 800 };
    const { page } = await openPage(browser, `${serve.url}${path}`, { colorScheme: scheme, viewport, bypassCSP: true });
    await page.locator('.nights, .strip').first().waitFor();
    await page.evaluate(axe.source);
    const { violations } = (await page.evaluate('axe.run()')) as axe.AxeResults;
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    await page.context().close();
  });
});
