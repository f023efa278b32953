import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, openPage, Serve } from './page.ts';
import { finding, writeEvents, writeReport, writeRun } from './page-stores.mjs';

const NOW = Date.now();
const STEP = '/runs/folds/steps/sim0001';
const serve = new Serve();
let browser: Browser;

/** Lines 2-5 are a trace, 7-20,006 are repeated, 20,008-20,107 are repeated with a finding in line 20,050. */
beforeAll(async () => {
  mkdirSync(serve.runs, { recursive: true });
  const run = {
    id: 'folds',
    created: NOW - 60_000,
    verdict: 'failed',
    reason: 'it failed',
    steps: 1,
    failed: 1,
  } as const;
  const directory = writeRun(serve.runs, run);
  const logs = join(directory, 'steps', 'sim0001', '1');
  mkdirSync(logs, { recursive: true });
  const lines = [
    ...['begin', '+ export A=1', '+ cd x', '+ ls', '+ aliroot', 'started'],
    ...Array.from({ length: 20_000 }, (_, n) => `event ${n}`),
    'reconstruction',
    ...Array.from({ length: 100 }, (_, n) => `E-TPC: cluster ${n} is bad`),
    'end',
  ];
  writeFileSync(join(logs, 'stdout.log'), `${lines.join('\n')}\n`);
  writeEvents(directory, [
    { time: NOW, type: 'created', name: 'folds', workflow: 'mc' },
    { time: NOW, type: 'planned', phase: 0, steps: [{ id: 'sim0001', stage: 'sim' }] },
    { time: NOW, type: 'step-ended', step: 'sim0001', attempt: 1, state: 'failed', retried: false, seconds: 9 },
    { time: NOW, type: 'ended', verdict: 'failed', reason: 'it failed' },
  ]);
  writeReport(directory, run, { findings: [finding('sim0001', 'sim', 'bad-cluster', 'new', 20_050)], fixed: [] });
  await serve.start();
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await serve.remove();
});

describe('a log with groups', () => {
  it('folds them, but for one with a finding, and unfolds them by a click, a search and a link', async () => {
    const { page, wrongs } = await openPage(browser, `${serve.url}${STEP}?stream=stdout#L1`);
    page.setDefaultTimeout(20_000);
    await page.getByText('20,108 lines').waitFor();
    await page.keyboard.press('f');
    await page.getByRole('button', { name: '3 more lines of the shell’s commands' }).waitFor();
    await page.getByRole('button', { name: '19,999 more lines like this one' }).waitFor();
    // All that is left fits on a few screens: the group with the finding is open.
    await page.keyboard.press('e');
    await page.locator('.row.selected').getByText('E-TPC: cluster 42 is bad').waitFor();
    await page.getByText('E-TPC: cluster 41 is bad').waitFor();
    await page.keyboard.press('g');
    await page.getByRole('button', { name: '3 more lines of the shell’s commands' }).click();
    await page.getByText('+ cd x').waitFor();
    await page.getByLabel('Search the log').fill('event 12345');
    await page.getByLabel('Search the log').press('Enter');
    await page.locator('.row.current').getByText('event 12345').waitFor();
    await page.goto(`${serve.url}${STEP}?stream=stdout#L15000`);
    await page.locator('.row.selected').getByText('event 14993').waitFor();
    await page.evaluate(axe.source);
    const { violations } = (await page.evaluate('axe.run()')) as axe.AxeResults;
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    expect(wrongs).toEqual([]);
    await page.context().close();
  });

  it('gives its lines to the clipboard, as text and as a link', async () => {
    const { page } = await openPage(browser, `${serve.url}${STEP}?stream=stdout#L1`, {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    page.setDefaultTimeout(20_000);
    await page.getByLabel('Line 2', { exact: true }).click();
    await page.getByLabel('Line 5', { exact: true }).click({ modifiers: ['Shift'] });
    await page.getByRole('button', { name: 'Copy text' }).click();
    await page.getByText('text copied').waitFor();
    const clipboard = () => page.evaluate('navigator.clipboard.readText()');
    expect(await clipboard()).toBe('+ export A=1\n+ cd x\n+ ls\n+ aliroot\n');
    await page.getByRole('button', { name: 'Copy link' }).click();
    await page.getByText('link copied').waitFor();
    expect(await clipboard()).toBe(`${serve.url}${STEP}?stream=stdout#L2-L5`);
    await page.context().close();
  });
});
