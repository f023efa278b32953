import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import axe from 'axe-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogDiff } from '../../validation/server/api.ts';
import { launchBrowser, openPage, Serve } from './page.ts';
import { writeEvents, writeReport, writeRun } from './page-stores.mjs';
import { ROOT } from './relval.ts';

const NOW = Date.now();
const EVENTS = 60_000;
const serve = new Serve();
let browser: Browser;

/**
 * A run and a good one before it, whose logs differ in every line by time, number and address; one line more is in the middle,
 * one is missing near the end, and one near the beginning says something else.
 */
beforeAll(async () => {
  mkdirSync(serve.runs, { recursive: true });
  for (const [id, verdict, created] of [
    ['good', 'passed', NOW - 86_400_000],
    ['bad', 'failed', NOW - 60_000],
  ] as const) {
    const run = { id, name: 'nightly', created, verdict, reason: 'it ended', steps: 1 };
    const directory = writeRun(serve.runs, run);
    const logs = join(directory, 'steps', 'sim0001', '1');
    mkdirSync(logs, { recursive: true });
    const lines = Array.from({ length: EVENTS }, (_, n) => {
      if (n === 58_999) return 'I-Rec: the last file is closed';
      if (n === 9) return `I-Rec: magnetic field ${id === 'good' ? 'on' : 'off'}`;
      return `${new Date(created + n).toISOString()} I-Rec: event ${n} at 0x${(created * 1000 + n).toString(16)}`;
    });
    if (id === 'bad') {
      lines.splice(30_000, 0, 'E-TPC: no clusters');
      lines.splice(59_000, 1); // the file that is not closed
    }
    writeFileSync(join(logs, 'stdout.log'), `${lines.join('\n')}\n`);
    if (id === 'bad') writeFileSync(join(logs, 'stderr.log'), 'alone\n');
    writeEvents(directory, [
      { time: created, type: 'created', name: 'nightly', workflow: 'mc' },
      { time: created, type: 'planned', phase: 0, steps: [{ id: 'sim0001', stage: 'sim' }] },
      {
        time: created,
        type: 'step-ended',
        step: 'sim0001',
        attempt: 1,
        state: 'succeeded',
        retried: false,
        seconds: 9,
      },
      { time: created, type: 'ended', verdict, reason: run.reason },
    ]);
    writeReport(directory, run, { findings: [], fixed: [] });
  }
  await serve.start();
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await serve.remove();
});

async function ask(path: string): Promise<{ status: number; body: LogDiff & { error?: { message: string } } }> {
  const response = await fetch(`${serve.url}/api/v1/runs/bad/steps/sim0001/log-diff?${path}`);
  return { status: response.status, body: (await response.json()) as LogDiff };
}

describe('the server', () => {
  it('compares with the last good run, in as many answers as it takes', async () => {
    const places: string[] = [];
    let next: string | undefined;
    do {
      const { body } = await ask(next === undefined ? '' : `after=${next}`);
      expect(body.reference).toEqual({ run: 'good', step: 'sim0001', attempt: 1 });
      for (const { same, a, b, countA, countB } of body.parts) if (!same) places.push(`${a}+${countA} ${b}+${countB}`);
      next = body.next;
    } while (next !== undefined);
    expect(places).toEqual(['10+1 10+1', '30001+0 30001+1', '59000+1 59001+0']);
  });

  it('says what there is not to compare with, and what it cannot read', async () => {
    expect((await ask('stream=stderr')).body.error?.message).toBe('sim0001 of good has no log stderr in attempt 1');
    expect((await ask('reference=none')).body.error?.message).toBe('there is no run none');
    expect((await ask('after=1,2')).status).toBe(400);
    expect((await ask('stream=../../run.json')).status).toBe(404);
  });
});

describe('relval diff --step', () => {
  const diff = async (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
    const cli = join(ROOT, 'dist', 'validation', 'cli', 'main.js');
    const all = [cli, 'diff', ...args, '--runs', serve.runs];
    return promisify(execFile)(process.execPath, all, {
      cwd: serve.dir,
      env: { ...process.env, NO_COLOR: '1' },
      maxBuffer: 1e8,
    }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
    );
  };

  it('shows what differs, with some lines around it', async () => {
    const { stdout } = await diff('bad', '--step', 'sim0001');
    expect(stdout).toMatch(/^--- good sim0001, attempt 1 stdout\.log\n\+\+\+ bad sim0001, attempt 1 stdout\.log\n/);
    expect(stdout.match(/^[-+]\d+: .*/gm)).toEqual([
      '-10: I-Rec: magnetic field on',
      '+10: I-Rec: magnetic field off',
      '+30001: E-TPC: no clusters',
      '-59000: I-Rec: the last file is closed',
    ]);
    expect(stdout).toContain('@@ 29,984 equal lines @@');
    const { parts } = JSON.parse((await diff('good', 'bad', '--step', 'sim0001', '--json')).stdout) as LogDiff;
    expect(parts.filter(({ same }) => !same)).toHaveLength(3);
  });

  it('refuses a step, a log or a reference that is not there', async () => {
    for (const [args, message] of [
      [['bad', '--step', 'nope'], 'step nope of bad has no log'],
      [['bad', '--step', 'sim0001', '--log', 'stderr'], 'attempt 1 of sim0001 of good has no stderr.log'],
      [['good', '--step', 'sim0001'], 'no good run of this workflow is before good'],
      [['bad', '--log', 'stderr'], 'step'],
    ] as const) {
      const { code, stderr } = await diff(...args);
      expect(stderr).toContain(message);
      expect(code).toBe(2);
    }
  });
});

describe('the page', () => {
  const DIFF = '/runs/bad/steps/sim0001?beside=good&diff=1';

  it.each([
    ['light', 1280],
    ['dark', 390],
  ] as const)('shows the differences, folds what is equal, unfolds it (%s, %i pixels)', async (colorScheme, width) => {
    const { page, wrongs } = await openPage(browser, `${serve.url}/runs/bad/steps/sim0001`, {
      colorScheme,
      viewport: { width, height: 844 },
    });
    page.setDefaultTimeout(20_000);
    await page.getByLabel('Compare with').selectOption('good');
    await page.getByRole('button', { name: 'Differences' }).click();
    await page.getByText('3 differences in 60,000 lines', { exact: true }).waitFor();
    expect(new URL(page.url()).search).toBe('?beside=good&diff=1');
    const boxOf = async (text: string) => (await page.getByText(text).boundingBox()) ?? { x: 0, y: 0 };
    const [on, off] = [await boxOf('magnetic field on'), await boxOf('magnetic field off')];
    if (width > 1000) expect(on.y).toBe(off.y);
    else expect(off.y).toBeGreaterThan(on.y);
    await page.getByRole('button', { name: '29,984 equal lines' }).click();
    await page.getByRole('button', { name: '29,784 equal lines' }).waitFor();
    await page.getByText('event 15 at').first().waitFor({ state: 'attached' });
    await page.keyboard.press('n');
    expect(await page.evaluate('document.activeElement.textContent')).toContain('magnetic field');
    await page.evaluate(axe.source);
    const { violations } = (await page.evaluate('axe.run()')) as axe.AxeResults;
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    await page.getByRole('button', { name: 'Only differences' }).click();
    await page.getByRole('button', { name: '9 equal lines', exact: true }).waitFor();
    expect(await page.locator('.diff .same').count()).toBe(0);
    expect(wrongs).toEqual([]);
    await page.context().close();
  });

  it('counts times and numbers on request, and says that a log is not there', async () => {
    const { page } = await openPage(browser, `${serve.url}${DIFF}&exact=1`);
    page.setDefaultTimeout(20_000);
    await page.getByText(/^\d differences? in /).waitFor();
    await page.locator('.diff .changed').getByText('59,500 more lines in the log').first().waitFor();
    await page.getByRole('link', { name: 'stderr' }).click();
    await page.goto(`${serve.url}${DIFF}&stream=stderr`);
    await page.getByRole('alert').getByText('has no log stderr').waitFor();
    await page.context().close();
  });
});
