import { mkdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { thisProcess } from '../../validation/runs/store/record.ts';
import { type LogReceiver, startLogReceiver } from '../../validation/step/log-receiver.ts';
import { masksOf } from '../../validation/step/mask.ts';
import { launchBrowser, openPage, Serve } from './page.ts';
import { writeEvents, writeRun } from './page-stores.mjs';
import { until } from './relval.ts';

const TOKEN = 'aToken_0123';
const LINES = 1000;
const PAUSE_MS = 1500;
const PATH = '/runs/timed/steps/sim0001';
const START = Date.now();
const serve = new Serve();
let browser: Browser;
let receiver: LogReceiver;
/** The second attempt, which goes on. */
let live: Socket;
/** Moments before the first and behind the last line of each half of attempt 1. */
const halves: [number, number][] = [];

/** A step that is connected to the receiver. */
async function step(attempt: number): Promise<Socket> {
  const socket = connect(receiver.port, '127.0.0.1');
  socket.write(`relval-log-1 ${TOKEN} sim0001 ${attempt} host ${START} stdout\n`);
  await new Promise((resolve) => socket.once('data', resolve));
  return socket;
}

function lines(attempt: number, from: number, count: number): string {
  return Array.from({ length: count }, (_, n) => `attempt ${attempt}, line ${from + n}\n`).join('');
}

beforeAll(async () => {
  const run = { id: 'timed', created: START, process: thisProcess(), steps: 1 };
  const directory = writeRun(serve.runs, run);
  mkdirSync(directory, { recursive: true });
  const ran = (attempt: number) => [
    { time: START, type: 'step-submitted', step: 'sim0001', attempt },
    { time: START, type: 'step-running', step: 'sim0001', attempt, worker: '127.0.0.1:1' },
  ];
  writeEvents(directory, [
    { time: START, type: 'created', name: 'timed', workflow: 'mc' },
    { time: START, type: 'planned', phase: 0, steps: [{ id: 'sim0001', stage: 'sim' }] },
    ...ran(1),
    { time: START, type: 'step-ended', step: 'sim0001', attempt: 1, state: 'failed', retried: true, seconds: 5 },
    ...ran(2),
  ]);
  receiver = await startLogReceiver({
    listen: { host: '127.0.0.1' },
    tokenOf: () => TOKEN,
    masks: masksOf([]),
    limit: 1 << 20,
    admit: ({ step: id, id: attempt }) => ({ directory: join(directory, 'steps', id, attempt) }),
  });
  const first = await step(1);
  live = await step(2);
  for (const from of [1, LINES + 1]) {
    const before = Date.now();
    first.write(lines(1, from, LINES));
    live.write(lines(2, from, LINES));
    await sleep(PAUSE_MS);
    halves.push([before, Date.now()]);
  }
  first.end();
  await receiver.finish('1');
  await serve.start();
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  live?.destroy();
  await receiver?.close();
  await serve.remove();
});

/** Of the lines that are in the document: number and time. */
async function timesOf(page: Page): Promise<Map<number, string>> {
  const rows = (await page.evaluate(`[...document.querySelectorAll('.log .row')]
    .map((row) => [Number(row.dataset.row) + 1, row.querySelector('.time')?.textContent ?? ''])`)) as [
    number,
    string,
  ][];
  return new Map(rows);
}

/** Numbers of the lines of a pane that can be seen. */
async function seen(page: Page, pane: number): Promise<number[]> {
  return (await page.evaluate(`(() => {
    const log = document.querySelectorAll('.pane .log')[${pane}];
    const box = log.getBoundingClientRect();
    return [...log.querySelectorAll('.row')]
      .filter((row) => row.getBoundingClientRect().bottom > box.top + 9 && row.getBoundingClientRect().top < box.bottom - 9)
      .map((row) => Number(row.dataset.row) + 1);
  })()`)) as number[];
}

/** Seconds since the beginning of the day in UTC, as the browser's clock shows. */
function secondsOf(clock: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = clock.split(':').map(Number);
  return hours * 3600 + minutes * 60 + seconds;
}

it('shows when each line came, by the clock or since the start, also of lines that come now, and remembers it', async () => {
  const { page, wrongs } = await openPage(browser, `${serve.url}${PATH}?attempt=1`, { timezoneId: 'UTC' });
  await page.locator('.log .row').first().waitFor();
  expect(await page.locator('.time').count()).toBe(0);
  await page.keyboard.press('i');
  await page.getByRole('button', { name: 'Times: clock' }).waitFor();
  const timeOf = (line: number): Promise<string> =>
    until(`the time of line ${line}`, 10, async () => (await timesOf(page)).get(line)?.trim() || undefined);
  const last = await timeOf(2 * LINES);
  expect(last).toMatch(/^\d\d:\d\d:\d\d\.\d$/);
  await page.keyboard.press('g');
  const first = await timeOf(1);
  for (const [n, text] of [first, last].entries()) {
    const [before = 0, after = 0] = (halves[n] ?? []).map((ms) => (ms / 1000) % 86_400);
    // A time stands for 0.2 s, and is shown in tenths.
    expect(secondsOf(text)).toBeGreaterThan(before - 0.31);
    expect(secondsOf(text)).toBeLessThan(after);
  }
  await page.keyboard.press('i');
  await page.getByRole('button', { name: 'Times: since start' }).waitFor();
  const since = await timeOf(1);
  expect(since).toMatch(/^\+\d:\d\d\.\d$/);
  expect(Number(since.slice(3))).toBeGreaterThan(((halves[0]?.[0] ?? 0) - START) / 1000 - 0.31);
  await page.keyboard.press('?');
  await page.getByRole('dialog').getByText('times of lines').waitFor();
  await page.keyboard.press('Escape');

  // Remembered, and in the log that goes on
  await page.goto(`${serve.url}${PATH}?attempt=2`);
  await page.getByText(`attempt 2, line ${2 * LINES}`).waitFor();
  expect(await timeOf(2 * LINES)).toMatch(/^\+\d/);
  await page.getByRole('button', { name: 'Times: since start' }).click();
  await page.getByRole('button', { name: 'Show times', exact: true }).click();
  const sent = Date.now();
  live.write(lines(2, 2 * LINES + 1, 3));
  await page.getByText(`attempt 2, line ${2 * LINES + 3}`).waitFor();
  const came = secondsOf(await timeOf(2 * LINES + 3));
  expect(came).toBeGreaterThan(((sent / 1000) % 86_400) - 0.31);
  expect(came).toBeLessThan((Date.now() / 1000) % 86_400);
  expect(wrongs).toEqual([]);
  await page.context().close();
});

it('fits a narrow screen with times, and has nothing that axe-core finds wrong', async () => {
  const { page } = await openPage(browser, `${serve.url}${PATH}?attempt=1#L5`, {
    viewport: { width: 360, height: 720 },
    bypassCSP: true,
  });
  await page.locator('.row.selected').waitFor();
  await page.keyboard.press('i');
  await page.locator('.row.selected .time').waitFor();
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  expect(await page.getByText('attempt 1, line 5', { exact: true }).boundingBox()).toMatchObject({ height: 18 });
  await page.evaluate(axe.source);
  const found = (await page.evaluate('axe.run()')) as axe.AxeResults;
  expect(found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
  await page.context().close();
});

it('lays attempts side by side, which scroll together unless that is switched off', async () => {
  const { page, wrongs } = await openPage(browser, `${serve.url}${PATH}?attempt=2#L500`);
  await page.locator('.row.selected').waitFor();
  await page.getByLabel('Compare with').selectOption('1');
  const top = async (pane: number): Promise<number> => (await seen(page, pane))[0] ?? 0;
  const meet = (what: string, distance: number) =>
    until(what, 10, async () => ((await top(1)) - (await top(0)) === distance ? true : undefined));
  await page.getByText('attempt 1, line 500', { exact: true }).waitFor();
  await meet('both at the same line', 0);
  expect(await top(0)).toBeGreaterThan(400);
  const [left, right] = [page.locator('.pane .log').nth(0), page.locator('.pane .log').nth(1)];
  const before = await top(0);
  await left.hover();
  await page.mouse.wheel(0, 360);
  await until('the left one further', 10, async () => ((await top(0)) === before + 20 ? true : undefined));
  await meet('the right one, too', 0);
  await right.hover();
  await page.mouse.wheel(0, -900);
  await until('the left one goes along', 10, async () => ((await top(0)) === before - 30 ? true : undefined));
  await meet('as the right one', 0);
  // The keys, too, and leaps
  await page.keyboard.press('g');
  await until('line 1 at the right', 10, async () => ((await top(1)) === 1 ? true : undefined));

  await page.keyboard.press('s');
  await page.getByRole('button', { name: 'Scroll together', pressed: false }).waitFor();
  await right.hover();
  await page.mouse.wheel(0, 180);
  await meet('the right one alone', 10);
  // Switched on again the distance stays
  await page.keyboard.press('s');
  await left.hover();
  await page.mouse.wheel(0, 540);
  await until('the left one further', 10, async () => ((await top(0)) === 31 ? true : undefined));
  await meet('the right one as far', 10);
  expect(wrongs).toEqual([]);
  await page.context().close();
});
