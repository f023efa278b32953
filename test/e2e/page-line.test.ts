import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import axe from 'axe-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, openPage, Serve } from './page.ts';
import { finding, writeEvents, writeReport, writeRun } from './page-stores.mjs';
import { ROOT } from './relval.ts';

const NOW = Date.now();
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true };
const STEPS = Array.from({ length: 12 }, (_, n) => `sim${String(n + 1).padStart(4, '0')}`);
const serve = new Serve();
let browser: Browser;

/** A run in which every step has the same crash in line 3000 of a log of its own, and the last one ends without a word. */
beforeAll(async () => {
  mkdirSync(serve.runs, { recursive: true });
  const run = {
    id: 'nightly',
    created: NOW - 60_000,
    verdict: 'failed',
    reason: '12 of 12 steps failed',
    steps: 12,
    failed: 12,
  } as const;
  const directory = writeRun(serve.runs, run);
  for (const step of STEPS) {
    const logs = join(directory, 'steps', step, '1', 'logs');
    mkdirSync(logs, { recursive: true });
    writeFileSync(join(logs, '..', 'stdout.log'), 'started\nended\n');
    const lines = Array.from({ length: 6000 }, (_, n) => (n === 2999 ? ' *** Break *** crash' : `event ${n + 1}`));
    writeFileSync(join(logs, 'rec.log'), `${lines.join('\n')}\n`);
  }
  writeEvents(directory, [
    { time: NOW - 60_000, type: 'created', name: 'nightly', workflow: 'mc' },
    { time: NOW - 60_000, type: 'planned', phase: 0, steps: STEPS.map((id) => ({ id, stage: 'sim' })) },
    ...STEPS.map((step) => ({
      ...{ time: NOW - 40_000, type: 'step-ended', step, attempt: 1, state: 'failed', retried: false, seconds: 9 },
    })),
    { time: NOW - 30_000, type: 'ended', verdict: 'failed', reason: run.reason },
  ]);
  const crash = (step: string) => ({
    ...finding(step, 'sim', 'crash', 'new', 3000),
    file: 'logs/rec.log',
    fingerprint: '0123456789abcdef',
    component: 'TPC',
    trace: ['AliTPCtracker::Follow', 'AliTPCtracker::Clusters2Tracks'],
  });
  const silent = {
    ...{ step: 'sim0012', stage: 'sim', attempt: 1, severity: 'error', rule: 'exit-status', age: 'new' },
    message: 'exit status 1',
    lastLines: { file: 'stdout.log', lines: ['started', 'ended'] },
  };
  writeReport(directory, run, {
    findings: [...STEPS.slice(0, 11).map(crash), silent],
    fixed: [],
    components: [{ name: 'TPC', contacts: ['Ann Example <ann@example.org>'], errors: 1, newErrors: 1, warnings: 0 }],
    reference: { run: 'earlier', start: 0, runs: [] },
  });
  await serve.start();
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await serve.remove();
});

/** The text of the mail about the run, as `relval notify` would send it. */
async function mailText(): Promise<string> {
  const config = join(serve.dir, 'relval.yaml');
  writeFileSync(
    config,
    `serve:\n  publicUrl: ${serve.url}\nnotify:\n  channels:\n    - {type: email, to: [shift@example.org], from: relval@example.org, host: smtp.example.org}\n`,
  );
  const cli = join(ROOT, 'dist', 'validation', 'cli', 'main.js');
  const args = ['notify', 'nightly', '--runs', serve.runs, '--config', config, '--dry-run', '--force'];
  const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args], { cwd: serve.dir });
  return stdout;
}

describe('the way to the line on a phone', () => {
  it('takes two clicks from the mail', async () => {
    const mail = await mailText();
    const [link = ''] = new RegExp(`${serve.url}/runs/nightly(?=\\s)`).exec(mail) ?? [];
    expect(mail).toContain('failed');
    const { page, wrongs } = await openPage(browser, link, PHONE); // the first click
    await page.locator('.finding .places a').first().tap(); // the second
    const line = page.locator('.row.selected.found').getByText('*** Break *** crash');
    await line.waitFor();
    expect(new URL(page.url()).hash).toBe('#L3000');
    // In the window, not only in the list, which is longer than the window.
    await expect.poll(async () => (await line.boundingBox())?.y).toBeLessThan((PHONE.viewport?.height ?? 0) - 20);
    const width = (await page.evaluate('document.documentElement.scrollWidth')) as number;
    expect(width).toBeLessThanOrEqual(390);
    expect(wrongs).toEqual([]);
    await page.context().close();
  });

  it('opens a failed step at its finding, with what the report says of it', async () => {
    const { page, wrongs } = await openPage(browser, `${serve.url}/runs/nightly/steps/sim0002`, PHONE);
    await page.locator('.row.selected.found').getByText('*** Break *** crash').waitFor();
    expect(page.url()).toContain('?stream=logs%2Frec.log&attempt=1#L3000');
    const found = page.locator('.found-here summary');
    expect(await found.textContent()).toContain('crash, TPC (Ann Example <ann@example.org>), new: not in earlier');
    await found.tap();
    await page.getByText('In AliTPCtracker::Follow, called by AliTPCtracker::Clusters2Tracks').waitFor();
    await page.evaluate(axe.source);
    const { violations } = (await page.evaluate('axe.run()')) as axe.AxeResults;
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    expect(wrongs).toEqual([]);
    await page.context().close();
  });

  it('keeps what else the address says', async () => {
    const { page } = await openPage(browser, `${serve.url}/runs/nightly/steps/sim0003?wrap=1`, PHONE);
    await page.locator('.log.wrap .row.selected.found').waitFor();
    expect(page.url()).toContain('?wrap=1&stream=logs%2Frec.log&attempt=1#L3000');
    await page.context().close();
  });

  it('opens a step that ended without a word at the end of the log that it wrote last', async () => {
    const { page } = await openPage(browser, `${serve.url}/runs/nightly/steps/sim0012`, PHONE);
    await page.locator('.row').getByText('ended', { exact: true }).waitFor();
    expect(new URL(page.url()).search).toBe('?stream=stdout&attempt=1');
    await page.locator('.found-here summary').getByText('exit-status').waitFor();
    await page.context().close();
  });

  it('unfolds the places of a finding that are not listed at once, in the page and in the report file', async () => {
    const { page } = await openPage(browser, `${serve.url}/runs/nightly`, PHONE);
    await page.getByText('and 3 more').tap();
    await page.getByRole('link', { name: 'sim0011 logs/rec.log:3000' }).tap();
    await page.locator('.row.selected.found').waitFor();
    expect(page.url()).toContain('/steps/sim0011?');
    await page.context().close();
  });
});
