import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { thisProcess } from '../../validation/runs/store/record.ts';
import { launchBrowser, openPage, Serve } from './page.ts';
import { writeEvents, writeLargeRun, writeLog, writeManyRuns, writeReport, writeRun } from './page-stores.mjs';
import { until } from './relval.ts';

const NOW = Date.now();
const LARGE = 'mc-large';
const serve = new Serve();
let browser: Browser;

beforeAll(async () => {
  mkdirSync(serve.runs, { recursive: true });
  writeManyRuns(serve.runs, 60, NOW);
  const run = { id: LARGE, created: NOW - 7_200_000, verdict: 'failed', reason: '20 of 10000 steps failed' } as const;
  const directory = writeLargeRun(serve.runs, run, 10_000);
  writeLog(join(directory, 'steps', 'sim00077', '1'), 100e6);
  await serve.start();
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await serve.remove();
});

/** Numbers of the lines that are in the document. */
async function linesOf(page: Page): Promise<number[]> {
  const texts = await page.locator('.log .ln').allTextContents();
  return texts.map((text) => Number(text.replace(/\D/g, '')));
}

describe('the list of runs', () => {
  it('shows the newest first, filters, searches, and tells what is new', async () => {
    const { page, wrongs } = await openPage(browser, `${serve.url}/`);
    await page.getByText('61 runs').waitFor();
    expect(await page.locator('.history .strip').count()).toBe(5);
    await page.getByText('new error').first().waitFor();
    await page.getByLabel('Status').selectOption('broken');
    await page.getByText(/^\d runs?$/).waitFor();
    const badges = await page.locator('tbody .badge').allTextContents();
    expect(new Set(badges.map((text) => text.trim()))).toEqual(new Set(['! broken']));
    await page.getByLabel('Search runs').fill('no such run');
    await page.getByText('No run matches the filter.').waitFor();
    expect(new URL(page.url()).search).toBe('?status=broken&search=no+such+run');
    expect(wrongs).toEqual([]);
    await page.context().close();
  });

  it('can be used by keyboard only, up to the log and back', async () => {
    const { page } = await openPage(browser, `${serve.url}/`);
    await page.locator('tbody tr').first().waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type(LARGE);
    await page.getByText('1 run', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: LARGE }).waitFor();
    await page.keyboard.press('2');
    await page.getByText('10,000 steps').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('exit status 139');
    await page.getByText('20 of 10,000 steps').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await until('the first row has the focus', 5, async () =>
      (await page.evaluate('document.activeElement.textContent')) === 'sim00077' ? true : undefined,
    );
    await page.keyboard.press('Enter');
    await page.getByText('1,780,000 lines').waitFor();
    await page.keyboard.press('g');
    await until('line 1', 10, async () => ((await linesOf(page)).includes(1) ? true : undefined));
    await page.keyboard.press('G');
    await until('the last line', 10, async () => ((await linesOf(page)).includes(1_780_000) ? true : undefined));
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('search the log').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('u');
    await page.getByRole('heading', { name: LARGE }).waitFor();
    await page.context().close();
  });
});

describe('a run of 10,000 steps', () => {
  it('sorts and filters its steps, of which only those that are seen are in the document', async () => {
    const { page } = await openPage(browser, `${serve.url}/runs/${LARGE}?view=steps`);
    await page.getByText('10,000 steps').waitFor();
    expect(await page.locator('.steps [data-row]').count()).toBeLessThan(80);
    await page.getByRole('button', { name: 'State' }).click();
    await page.locator('.steps [data-row="0"]').getByText('failed').waitFor();
    await page.evaluate("document.querySelector('.steps').scrollTop = 1e9");
    await page.locator('.steps [data-row="9999"]').waitFor();
    await page.context().close();
  });

  it('is drawn over time, by step and by worker, and can be looked at closer', async () => {
    const { page, wrongs } = await openPage(browser, `${serve.url}/runs/${LARGE}?view=timeline`);
    await page.getByRole('img', { name: /10000 steps on 200 workers/ }).waitFor();
    const coloured = (): Promise<number> =>
      page.evaluate(`(() => {
        const canvas = document.querySelector('.timeline canvas');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let n = 0; n < data.length; n += 4) if (data[n + 3] > 0 && data[n + 1] > data[n] + 30) count++;
        return count;
      })()`);
    const whole = await coloured();
    expect(whole).toBeGreaterThan(1000);
    // Too many for a row each: their number is drawn. Of a time that is chosen with the mouse each step has its bar.
    await page.getByText('The height is the number of running steps').waitFor();
    const box = (await page.locator('.timeline canvas').boundingBox()) ?? { x: 0, y: 0, width: 0 };
    await page.mouse.move(box.x + 200, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + 220, box.y + 60);
    await page.mouse.up();
    await page.getByText('Point at a bar').waitFor();
    await until('larger bars', 5, async () => ((await coloured()) > 1000 ? true : undefined));
    await page.keyboard.press('0');
    await page.getByText('The height is the number of running steps').waitFor();
    await page.getByRole('button', { name: 'by worker' }).click();
    await until('rows of workers', 5, async () => ((await coloured()) > 1000 ? true : undefined));
    expect(wrongs).toEqual([]);
    await page.context().close();
  });
});

describe('a log of 100 MB', () => {
  const path = `/runs/${LARGE}/steps/sim00077`;

  it('is searched as a whole, from match to match', async () => {
    const { page } = await openPage(browser, `${serve.url}${path}`);
    await page.getByText('1,780,000 lines').waitFor();
    await page.getByLabel('Search the log').fill('needle 1[0-9]');
    await page.getByRole('button', { name: 'Regular expression' }).click();
    await page.getByText('1 of 8 lines').waitFor();
    await page.locator('.row.current mark').getByText('needle 10').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('n');
    await page.locator('.row.current mark').getByText('needle 11').waitFor();
    await page.keyboard.press('N');
    await page.keyboard.press('N');
    await page.locator('.row.current mark').getByText('needle 17').waitFor();
    expect(await linesOf(page)).toContain(1_700_000);
    await page.context().close();
  });

  it('has links to lines and ranges, which open where they mean', async () => {
    const first = await openPage(browser, `${serve.url}${path}#L1234567`);
    await first.page.locator('.row.selected').getByText('event 1234567 track').waitFor();
    await first.page.locator('.ln', { hasText: '1234570' }).click({ modifiers: ['Shift'] });
    const shared = first.page.url();
    expect(new URL(shared).hash).toBe('#L1234567-L1234570');
    const second = await openPage(browser, shared);
    await second.page.locator('.row.selected').first().waitFor();
    expect(await second.page.locator('.row.selected .ln').allTextContents()).toEqual([
      '1234567',
      '1234568',
      '1234569',
      '1234570',
    ]);
    await first.page.context().close();
    await second.page.context().close();
  });

  it('wraps long lines, at its end, in the middle, and back', async () => {
    const { page } = await openPage(browser, `${serve.url}${path}?stream=stdout&wrap=1`);
    const last = page.locator('.log .row[data-row="1779999"]');
    await last.waitFor();
    const box = async () => (await page.locator('.log').boundingBox()) ?? { y: 0, height: 0 };
    // The last line has 370 characters: it takes more than one row, and all of it is seen.
    const { y = 0, height = 0 } = (await last.boundingBox()) ?? {};
    expect(height).toBeGreaterThan(30);
    expect(Math.abs(y + height - (await box()).y - (await box()).height)).toBeLessThan(4);
    await page.locator('.log').hover();
    await page.mouse.wheel(0, -1000);
    await until('further up', 5, async () => ((await last.count()) === 0 ? true : undefined));
    await page.mouse.wheel(0, 5000);
    await last.waitFor();
    await page.keyboard.press('w');
    await until('one row', 5, async () => ((await last.boundingBox())?.height === 18 ? true : undefined));
    await page.context().close();
  });

  it('scrolls line by line and through all of it', async () => {
    const { page } = await openPage(browser, `${serve.url}${path}#L900000`);
    await page.locator('.row.selected').getByText('needle 9').waitFor();
    const top = Math.min(...(await linesOf(page)));
    await page.locator('.log').hover();
    await page.mouse.wheel(0, 180);
    await until('ten lines further', 5, async () =>
      Math.min(...(await linesOf(page))) === top + 10 ? true : undefined,
    );
    await page.evaluate("document.querySelector('.log').scrollTop = 4e6");
    await until('the middle', 10, async () => {
      const [line = 0] = await linesOf(page);
      return Math.abs(line - 890_000) < 2000 ? true : undefined;
    });
    await page
      .locator('.log .row')
      .filter({ hasText: /event \d+ track/ })
      .first()
      .waitFor();
    await page.context().close();
  });
});

describe('a log that is being written', () => {
  const run = { id: 'live', created: NOW - 1000, process: thisProcess(), steps: 1 };
  const log = join(serve.runs, 'live', 'steps', 'sim0001', '1', 'stdout.log');
  const path = '/runs/live/steps/sim0001';
  let written = 0;
  const write = (count: number): void => {
    let text = '';
    for (let n = 0; n < count; n++) text += `line ${++written} of the log\n`;
    appendFileSync(log, text);
  };

  beforeAll(() => {
    const directory = writeRun(serve.runs, run);
    mkdirSync(join(log, '..'), { recursive: true });
    writeFileSync(log, '');
    writeEvents(directory, [
      { time: NOW, type: 'created', name: 'live', workflow: 'mc' },
      { time: NOW, type: 'planned', phase: 0, steps: [{ id: 'sim0001', stage: 'sim' }] },
      { time: NOW, type: 'step-submitted', step: 'sim0001', attempt: 1 },
      { time: NOW, type: 'step-running', step: 'sim0001', attempt: 1, worker: '127.0.0.1:1' },
    ]);
  });

  it('is followed by two browsers, through a crash of the server, to its end, without a line lost or twice', async () => {
    const other = await launchBrowser();
    write(100);
    // The last line is cut in the middle, as a buffer that is flushed does.
    appendFileSync(log, 'line 10');
    const one = await openPage(browser, `${serve.url}${path}`);
    const two = await openPage(other, `${serve.url}${path}`);
    for (const { page } of [one, two]) await page.getByText('line 100 of the log').waitFor();
    appendFileSync(log, '1 of the log\n');
    written = 101;
    write(400);
    for (const { page } of [one, two]) await page.getByText('line 501 of the log').waitFor();
    await serve.stop();
    write(3000);
    await one.page.getByText('connection lost').waitFor();
    await serve.start();
    for (const { page } of [one, two]) await page.getByText('line 3501 of the log').waitFor();
    write(10);
    writeEvents(join(serve.runs, 'live'), [
      {
        time: NOW + 5000,
        type: 'step-ended',
        step: 'sim0001',
        attempt: 1,
        state: 'succeeded',
        retried: false,
        seconds: 5,
      },
    ]);
    for (const { page } of [one, two]) {
      await page.getByText('line 3511 of the log').waitFor();
      await page.locator('h1 .badge').getByText('succeeded').waitFor();
      await page.getByText('still written').waitFor({ state: 'detached' });
    }
    // All lines, from the first to the last: each says its own number.
    const { page } = one;
    await page.locator('.log').focus();
    await page.keyboard.press('g');
    const seen = new Map<number, string>();
    for (let top = 1; seen.size < 3511; top += 20) {
      await page.evaluate(`location.hash = '#L${Math.min(top, 3511)}'`);
      await until('the lines', 10, async () =>
        (await page.locator('.log .text', { hasText: /^…$/ }).count()) === 0 &&
        (await linesOf(page)).includes(Math.min(top, 3511))
          ? true
          : undefined,
      );
      const numbers = await linesOf(page);
      const texts = await page.locator('.log .text').allTextContents();
      for (const [n, number] of numbers.entries()) seen.set(number, texts[n] ?? '');
      if (top > 4000) break;
    }
    expect(seen.size).toBe(3511);
    for (const [number, text] of seen) expect(text).toBe(`line ${number} of the log`);
    expect([...one.wrongs, ...two.wrongs]).toEqual([]);
    await page.context().close();
    await other.close();
  });
});

describe('for everyone', () => {
  const views = [
    '/',
    `/runs/${LARGE}`,
    `/runs/${LARGE}?view=steps`,
    `/runs/${LARGE}?view=timeline`,
    `/runs/${LARGE}?view=resources`,
    `/runs/${LARGE}/steps/sim00077`,
    `/compare/live/${LARGE}`,
    '/cluster',
    '/workflows/mc-nightly',
    '/nothing/here',
  ];

  it.each(['light', 'dark'] as const)('has nothing that axe-core finds wrong in any view, %s', async (colorScheme) => {
    for (const view of views) {
      // Its policy would not let the test's own script in.
      const { page } = await openPage(browser, `${serve.url}${view}`, { colorScheme, bypassCSP: true });
      await page.waitForLoadState('networkidle');
      await page.evaluate(axe.source);
      const found = (await page.evaluate('axe.run()')) as axe.AxeResults;
      const wrongs = found.violations.map(({ id, nodes }) => `${view} ${id}: ${nodes[0]?.html}`);
      expect(wrongs).toEqual([]);
      await page.context().close();
    }
  });

  it('fits a screen of 360 pixels: nothing but tables and logs scrolls sideways', async () => {
    for (const view of views) {
      const { page } = await openPage(browser, `${serve.url}${view}`, { viewport: { width: 360, height: 720 } });
      await page.waitForLoadState('networkidle');
      expect([view, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([view, 360]);
      await page.context().close();
    }
  });

  it('keeps the choice of dark or light', async () => {
    const { page } = await openPage(browser, `${serve.url}/`, { colorScheme: 'light' });
    await page.locator('tbody tr').first().waitFor();
    // Keys are heard when the page has drawn itself.
    await page.getByRole('heading').first().waitFor();
    await page.keyboard.press('t');
    await page.reload();
    expect(await page.evaluate('getComputedStyle(document.documentElement).backgroundColor')).toBe('rgb(20, 24, 29)');
    await page.context().close();
  });

  it('loads less than 200 kB, all from the server itself', async () => {
    const { page, wrongs } = await openPage(browser, `${serve.url}/cluster`);
    await page.waitForLoadState('networkidle');
    const bytes = await page.evaluate(
      "performance.getEntriesByType('resource').filter(({name}) => name.includes('/assets/')).reduce((sum, one) => sum + one.encodedBodySize, 0)",
    );
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(200_000);
    expect(wrongs).toEqual([]);
    await page.context().close();
  });

  it('says what to do where there is nothing', async () => {
    const { page } = await openPage(browser, `${serve.url}/runs/no-such-run`);
    await page.getByRole('alert').waitFor();
    await page.goto(`${serve.url}/nothing/here`);
    await page.getByText('There is nothing at this address.').waitFor();
    await page.context().close();
  });
});

it('is built without anything that a page could be told by others', () => {
  const html = readFileSync(join(import.meta.dirname, '..', '..', 'dist', 'validation', 'web', 'index.html'), 'utf8');
  expect(html).not.toMatch(/https?:|<style|style=| on\w+=|<script>/);
});

describe('the answer about a run', () => {
  it('says what to do about one that did not come to its end, and when it was compared with none', async () => {
    const at = { workflow: 'answers', created: NOW - 60_000, seconds: 30 };
    const stopped = { ...at, id: 'stopped', verdict: 'interrupted', reason: 'stopped by SIGINT', steps: 2 } as const;
    writeRun(serve.runs, stopped);
    const first = { ...at, id: 'first', verdict: 'passed', reason: 'all 2 steps succeeded', steps: 2 } as const;
    writeReport(writeRun(serve.runs, first), first);
    const reason = 'no step was run: pre-flight: catalog: cannot be asked';
    const unready = { ...at, id: 'unready', verdict: 'broken', reason } as const;
    const directory = writeRun(serve.runs, unready);
    writeReport(directory, unready);
    const record = JSON.parse(readFileSync(join(directory, 'run.json'), 'utf8'));
    const checks = ['tools: makeflow 8', 'catalog: failed: cannot be asked; is <it> running?'];
    writeFileSync(join(directory, 'run.json'), JSON.stringify({ ...record, checks }));
    for (const width of [1280, 360]) {
      const answerOf = async (id: string): Promise<string> => {
        const { page, wrongs } = await openPage(browser, `${serve.url}/runs/${id}`, {
          viewport: { width, height: 640 },
          colorScheme: width === 360 ? 'dark' : 'light',
        });
        await page.locator('.answer .facts').waitFor();
        await page.locator('main .notice:not([role])').waitFor();
        const texts = await page.locator('.answer, main .notice').allInnerTexts();
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
        expect(wrongs).toEqual([]);
        await page.context().close();
        return texts.join('\n');
      };
      expect(await answerOf('stopped')).toMatch(/stopped by SIGINT[\s\S]*To continue: relval resume stopped/);
      expect(await answerOf('first')).toContain('compared with no run');
      const broken = await answerOf('unready');
      expect(broken).toMatch(
        /no step was run: the pre-flight checks failed\s+catalog: cannot be asked; is <it> running\?/,
      );
      expect(broken).toMatch(/After you have corrected this: relval resume unready/);
      expect(broken).toContain('No step came to its end');
      expect(broken).not.toContain('makeflow 8');
    }
  });
});
