import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, openPage, Serve } from './page.ts';
import { finding, writeEvents, writeReport, writeRun } from './page-stores.mjs';

const NOW = Date.now();
const serve = new Serve();
let browser: Browser;

beforeAll(async () => {
  await serve.start();
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await serve.remove();
});

describe('hostile content', () => {
  const evil = `"><img src=x onerror=alert(1)><script>alert(2)</script>\u202e\u001b]8;;javascript:alert(3)\u0007\u001b[31m{{7*7}}'`;

  beforeAll(() => {
    const run = {
      id: 'hostile',
      name: evil,
      workflow: evil,
      release: evil,
      reason: evil,
      created: NOW - 5000,
      verdict: 'failed',
      steps: 1,
      failed: 1,
    } as const;
    const directory = writeRun(serve.runs, run);
    mkdirSync(join(directory, 'steps', 'sim0001', '1', 'logs'), { recursive: true });
    writeFileSync(
      join(directory, 'steps', 'sim0001', '1', 'stdout.log'),
      `${evil}\n${evil.repeat(300)}\n\u0000\u0007\u009b31m\n`,
    );
    writeFileSync(join(directory, 'steps', 'sim0001', '1', 'logs', '<img src=x onerror=alert(4)>.log'), evil);
    writeEvents(directory, [
      { time: NOW, type: 'created', name: evil, workflow: evil },
      { time: NOW, type: 'planned', phase: 0, steps: [{ id: 'sim0001', stage: evil }] },
      { time: NOW, type: 'step-submitted', step: 'sim0001', attempt: 1 },
      { time: NOW, type: 'step-running', step: 'sim0001', worker: evil },
      {
        time: NOW + 1,
        type: 'step-ended',
        step: 'sim0001',
        attempt: 1,
        state: 'failed',
        retried: false,
        seconds: 1,
        message: evil,
        host: evil,
      },
      { time: NOW + 2, type: 'ended', verdict: 'failed', reason: evil },
    ]);
    const bad = {
      ...finding('sim0001', evil, evil, 'new'),
      message: evil,
      component: evil,
      known: evil,
      context: { before: [evil], after: [evil] },
    };
    writeReport(directory, run, {
      findings: [bad],
      fixed: [bad],
      reference: { run: evil, start: 0, runs: [] },
      components: [{ name: evil, contacts: [evil], errors: 1, newErrors: 1, warnings: 0 }],
      changes: [
        {
          stage: evil,
          step: 'sim0001',
          quantity: 'duration',
          value: 1,
          usual: 2,
          spread: 0,
          runs: 3,
          direction: 'more',
        },
      ],
      provenance: { [evil]: evil },
    });
  });

  it.each([
    '/',
    `/?search=${encodeURIComponent(evil)}&workflow=${encodeURIComponent(evil)}`,
    '/runs/hostile',
    '/runs/hostile?view=steps',
    '/runs/hostile?view=timeline',
    '/runs/hostile?view=graph',
    '/runs/hostile?view=resources',
    '/runs/hostile/steps/sim0001',
    `/runs/hostile/steps/sim0001?stream=${encodeURIComponent('logs/<img src=x onerror=alert(4)>.log')}`,
    `/runs/${encodeURIComponent(evil)}/steps/${encodeURIComponent(evil)}`,
    '/compare/hostile/hostile',
    `/compare/${encodeURIComponent(evil)}/hostile`,
  ])('stays text at %s', async (path) => {
    const { page, wrongs } = await openPage(browser, `${serve.url}${path}`);
    await page.locator('main').waitFor();
    await page.waitForLoadState('networkidle');
    expect(await page.locator('img, script:not([src]), a[href^="javascript"], [onerror]').count()).toBe(0);
    expect(wrongs).toEqual([]);
    await page.context().close();
  });
});
