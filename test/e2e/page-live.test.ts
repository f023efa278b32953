import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { launchBrowser, openPage, Serve } from './page.ts';
import { GPMC, Relval } from './relval.ts';

const TOKEN = 'a-token-0123456789-that-is-long-enough';
let relval: Relval;
let serve: Serve;
let browser: Browser;

beforeEach(async () => {
  relval = new Relval();
  serve = new Serve(relval.runs);
  const file = join(relval.dir, 'token');
  writeFileSync(file, `${TOKEN}\n`, { mode: 0o600 });
  await serve.start('--token-file', file);
  browser = await launchBrowser();
});
afterEach(async () => {
  await browser?.close();
  await serve.remove();
  relval.remove();
});

it('shows a run appear, go on, and end, with its steps, its log, its graph and its workers, without being asked again', async () => {
  const list = await openPage(browser, `${serve.url}/`);
  await list.page.getByText('There are no runs yet.').waitFor();
  const { ended } = relval.start('run', GPMC, '--local', '--set', 'RELVAL_DEMO_FAIL=3');
  const link = list.page.locator('tbody a[data-row-link]');
  await link.waitFor();
  await link.click();
  const { page } = list;
  await page.locator('.answer h1').getByText('Running').waitFor();
  const cluster = await openPage(browser, `${serve.url}/cluster`);
  await cluster.page.getByText('✓ subscribed').waitFor();
  await cluster.page.getByRole('heading', { name: 'Demand' }).waitFor();
  await cluster.page.getByText(/Launches and ends: the last \d/).waitFor();
  await page.locator('.steps').getByText('running').first().waitFor();
  expect(await page.title()).toMatch(/^\d\/9 running: gpmc/);
  const log = await openPage(browser, `${page.url()}/steps/sim0001`);
  await log.page.locator('.log .row').first().waitFor();
  const { code } = await ended;
  expect(code).toBe(1);
  await page.locator('.answer h1').getByText('Failed').waitFor();
  await page.getByText(/1 of 9 steps failed/).waitFor();
  expect(await page.title()).toMatch(/^failed: gpmc/);
  await log.page.locator('h1 .badge').getByText('succeeded').waitFor();

  await page.keyboard.press('1');
  const place = page.getByRole('link', { name: /sim0003 logs\/rec\.log:\d+/ });
  await place.click();
  await page.locator('.row.selected').getByText('Segmentation violation').waitFor();
  await page.keyboard.press('u');
  await page.locator('.answer h1').getByText('Failed').waitFor();
  await page.keyboard.press('4');
  await page.locator('.graph svg .failed', { hasText: 'sim0003' }).waitFor();
  await page.locator('.graph a', { hasText: 'sim0003' }).click();
  await page.getByRole('heading', { name: 'sim0003' }).waitFor();

  await page.keyboard.press('u');
  await page.getByRole('button', { name: 'Accept…' }).click();
  await page.getByLabel('Why it is good').fill('a known crash of the stand-in');
  await page.getByLabel('Token of the server').fill('a wrong one');
  await page.getByRole('button', { name: 'Accept', exact: true }).click();
  await page.getByText('The server does not take this token.').waitFor();
  await page.getByLabel('Token of the server').fill(TOKEN);
  await page.getByRole('button', { name: 'Accept', exact: true }).click();
  await page.getByText(/Accepted by .*: a known crash of the stand-in/).waitFor();
  expect([...list.wrongs, ...cluster.wrongs, ...log.wrongs]).toEqual([]);
});
