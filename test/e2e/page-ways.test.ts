import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchBrowser, openPage, Serve } from './page.ts';
import { finding, writeEvents, writeLargeRun, writeReport, writeRun } from './page-stores.mjs';

const NOW = Date.now();
const CRASH = '/runs/crash/steps/sim0001';
const serve = new Serve();
let browser: Browser;

beforeAll(async () => {
  mkdirSync(serve.runs, { recursive: true });
  writeLargeRun(
    serve.runs,
    { id: 'large', created: NOW - 9e6, verdict: 'failed', reason: '2 of 600 steps failed' },
    600,
  );
  const run = {
    id: 'crash',
    created: NOW - 60_000,
    verdict: 'failed',
    reason: '1 of 1 steps failed',
    steps: 1,
    failed: 1,
  } as const;
  const directory = writeRun(serve.runs, run);
  const logs = join(directory, 'steps', 'sim0001', '1', 'logs');
  mkdirSync(logs, { recursive: true });
  writeFileSync(join(logs, '..', 'stdout.log'), 'started\nended\n');
  writeFileSync(join(logs, 'rec.log'), 'one\ntwo\n *** Break ***\n');
  const step = { step: 'sim0001', attempt: 1 };
  writeEvents(directory, [
    { time: NOW - 60_000, type: 'created', name: 'crash', workflow: 'mc' },
    { time: NOW - 60_000, type: 'planned', phase: 0, steps: [{ id: 'sim0001', stage: 'sim' }] },
    { time: NOW - 50_000, type: 'step-running', ...step, worker: '127.0.0.1:1' },
    { time: NOW - 40_000, type: 'step-ended', ...step, state: 'failed', retried: false, seconds: 9 },
    { time: NOW - 30_000, type: 'ended', verdict: 'failed', reason: '1 of 1 steps failed' },
  ]);
  const found = { ...finding('sim0001', 'sim', 'break', 'new', 3), file: 'logs/rec.log' };
  writeReport(directory, run, { findings: [found], fixed: [], reference: { run: 'large', start: 0, runs: [] } });
  await serve.start();
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await serve.remove();
});

it('has what was asked for while the server was away as soon as it is back', async () => {
  const { page } = await openPage(browser, `${serve.url}/runs/large`);
  await page.locator('.answer h1').getByText('Failed').waitFor();
  await page.locator('.finding').first().waitFor();
  // This run was never planned, so there is no graph of it: that is what the server says of it.
  const answers = { 2: page.locator('.steps [data-row]').first(), 4: page.getByText('cannot be made again') };
  for (const [key, answer] of Object.entries(answers)) {
    await serve.stop();
    await page.getByText('connection lost').waitFor();
    await page.keyboard.press(key);
    await page.getByRole('alert').getByText('The server does not answer.').waitFor();
    await serve.start();
    await answer.waitFor({ timeout: 20_000 });
    await page.getByText('The server does not answer.').waitFor({ state: 'detached' });
  }
  await page.context().close();
});

it('shows the steps that failed first, and leads from one of them to the log that says why', async () => {
  const { page, wrongs } = await openPage(browser, `${serve.url}/runs/large?view=steps`);
  await page.locator('.steps [data-row="0"]').getByText('failed').waitFor();
  await page.locator('.steps [data-row="2"]').getByText('succeeded').waitFor();
  await page.goto(`${serve.url}${CRASH}`);
  await page.locator('.row.selected').getByText('*** Break ***').waitFor();
  await page.getByRole('link', { name: 'stdout' }).click();
  await page.getByText('ended', { exact: true }).waitFor();
  await page.getByRole('link', { name: '1 finding' }).click();
  await page.locator('.row.selected').getByText('*** Break ***').waitFor();
  expect(page.url()).toBe(`${serve.url}${CRASH}?stream=logs%2Frec.log&attempt=1#L3`);
  // Back, and by reload: the same log, the same line
  await page.reload();
  await page.locator('.row.selected').getByText('*** Break ***').waitFor();
  await page.goBack();
  await page.getByText('ended', { exact: true }).waitFor();
  expect(wrongs).toEqual([]);
  await page.context().close();
});

it('says that a line of a link is not there', async () => {
  const { page } = await openPage(browser, `${serve.url}${CRASH}#L1200`);
  await page.getByText('2 lines, 14 B; there is no line 1,200', { exact: true }).waitFor();
  await page.context().close();
});
