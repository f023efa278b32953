// node test/bench/page.mjs [--times 5] [--steps 10000] [--only HISTOGRAMS]     (--only: the lines whose names contain this, and the empty page)
// How long the page takes in a real browser, and what it costs: from the navigation until rows are drawn and two more
// frames have passed (ms, median, least and most of several cold contexts), with the CPU time of the tab, beside an empty
// page; from a click on a tab until its rows are drawn (ms); from a line's being written to its being drawn (ms); and memory of the tab (MB, its share of shared pages counted once) after it has been through a log of 100 MB.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { thisProcess } from '../../dist/modules/validation/runs/store/record.js';
import { writeEvents, writeHistograms, writeLargeRun, writeLog, writeManyRuns, writeRun } from '../e2e/page-stores.mjs';

const { values: flags } = parseArgs({
  options: {
    times: { type: 'string', default: '5' },
    steps: { type: 'string', default: '10000' },
    only: { type: 'string' },
  },
});
/** As names of measurements have it: 10,000. */
const STEPS = Number(flags.steps).toLocaleString('en');
const CLI = join(import.meta.dirname, '..', '..', 'dist', 'validation', 'cli', 'main.js');
const dir = mkdtempSync(join(tmpdir(), 'page-bench-'));
const runs = join(dir, 'runs');
mkdirSync(runs);
const now = Date.now();
writeManyRuns(runs, 5000, now);
const large = writeLargeRun(
  runs,
  { id: 'large', created: now - 9e6, verdict: 'failed', reason: 'some steps failed' },
  Number(flags.steps),
);
writeLog(join(large, 'steps', 'sim00077', '1'), 100e6);
const compared = { id: 'compared', created: now - 8e6, verdict: /** @type {const} */ ('failed'), reason: 'changed' };
writeHistograms(writeRun(runs, compared), compared, 5000);
const live = writeRun(runs, { id: 'live', created: now, process: thisProcess(), steps: 1 });
const log = join(live, 'steps', 'sim0001', '1', 'stdout.log');
mkdirSync(join(log, '..'), { recursive: true });
writeFileSync(log, 'begin\n');
writeEvents(live, [
  { time: now, type: 'created', name: 'live', workflow: 'mc' },
  { time: now, type: 'planned', phase: 0, steps: [{ id: 'sim0001', stage: 'sim' }] },
  { time: now, type: 'step-submitted', step: 'sim0001', attempt: 1 },
  { time: now, type: 'step-running', step: 'sim0001', worker: '127.0.0.1:1' },
]);

const server = spawn(process.execPath, [CLI, 'serve', '--runs', runs, '--listen', '127.0.0.1:0'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [line] = await once(server.stdout, 'data');
const [url] = /http:\/\/[\d.:]+/.exec(String(line)) ?? [];
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage'],
});

/** Tells in `window.drawn` when something was first there, and drawn. @param {string} selector @param {string} text */
const watch = (selector, text) => `(() => {
  const look = () => {
    const found = [...document.querySelectorAll(${JSON.stringify(selector)})].some((one) => one.textContent.includes(${JSON.stringify(text)}));
    if (!found) return requestAnimationFrame(look);
    requestAnimationFrame(() => requestAnimationFrame(() => { window.drawn = performance.now(); }));
  };
  requestAnimationFrame(look);
})()`;

/** @param {number[]} values */
const words = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  return `${Math.round(sorted[sorted.length >> 1] ?? 0)} (${Math.round(sorted[0] ?? 0)} to ${Math.round(sorted.at(-1) ?? 0)})`;
};

/** Tells the CPU time of a tab so far, in ms. @param {import('playwright-core').Page} page */
async function costOf(page) {
  const tab = await page.context().newCDPSession(page);
  await tab.send('Performance.enable');
  return async () => {
    const { metrics } = await tab.send('Performance.getMetrics');
    return 1000 * (metrics.find((one) => one.name === 'ProcessTime')?.value ?? 0);
  };
}

/** A page without anything: what the browser itself needs. */
const EMPTY = 'empty page';

/** @param {string} name @param {string} path @param {string} selector @param {string} text */
async function measure(name, path, selector, text) {
  if (flags.only && name !== EMPTY && !name.includes(flags.only)) return;
  const times = [];
  const costs = [];
  for (let n = 0; n < Number(flags.times); n++) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    await page.addInitScript(watch(selector, text));
    await page.route('**/empty', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><p>empty' }),
    );
    await page.goto(`${url}${path}`);
    while (!(await page.evaluate('window.drawn'))) await sleep(20);
    times.push(Number(await page.evaluate('window.drawn')));
    costs.push(await (await costOf(page))());
    await context.close();
  }
  console.log(`${name.padEnd(34)} ${words(times)} ms, CPU of the tab ${words(costs)} ms`);
}

/**
 * From a click on a tab of a page that is there until something is drawn, without the time until the browser begins to handle
 * the click. @param {string} name @param {string} path @param {string} tab @param {string} selector @param {string} text
 */
async function measureClick(name, path, tab, selector, text) {
  if (flags.only && !name.includes(flags.only)) return;
  const times = [];
  const costs = [];
  for (let n = 0; n < Number(flags.times); n++) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    const tabCost = await costOf(page);
    await page.goto(`${url}${path}`);
    const link = page.getByRole('link', { name: tab });
    await link.waitFor();
    await page.waitForLoadState('networkidle');
    await page.evaluate(
      `window.drawn = 0; addEventListener('click', () => { window.clicked = performance.now(); ${watch(selector, text)}; }, { capture: true, once: true })`,
    );
    const before = await tabCost();
    await link.click();
    while (!(await page.evaluate('window.drawn'))) await sleep(20);
    times.push(Number(await page.evaluate('window.drawn - window.clicked')));
    costs.push((await tabCost()) - before);
    await context.close();
  }
  console.log(`${name.padEnd(34)} ${words(times)} ms, CPU of the tab ${words(costs)} ms`);
}

/** A newcomer's walk on a phone: from the link in a mail to the page of a failed run, and from there to the line that says why. */
async function walk() {
  const name = `mail to the line, 2 clicks of ${STEPS}`;
  if (flags.only && !name.includes(flags.only)) return;
  const times = [];
  for (let n = 0; n < Number(flags.times); n++) {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true });
    const page = await context.newPage();
    const begin = performance.now();
    await page.goto(`${url}/runs/large`);
    await page.locator('.finding .places a').first().tap();
    await page.locator('.log .row.selected').waitFor();
    times.push(performance.now() - begin);
    await context.close();
  }
  console.log(`${name.padEnd(34)} ${words(times)} ms`);
}

/** The delay of a live line, and the memory of a tab with a large log. */
async function liveAndMemory() {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  await page.goto(`${url}/runs/live/steps/sim0001`);
  await page.getByText('begin').waitFor();
  const delays = [];
  for (let n = 0; n < 20; n++) {
    await page.evaluate(`window.drawn = 0; ${watch('.log .text', `stamp ${n} .`)}`);
    await sleep(100 + ((n * 37) % 100));
    const written = Date.now();
    appendFileSync(log, `stamp ${n} .\n`);
    while (!(await page.evaluate('window.drawn'))) await sleep(20);
    delays.push(Number(await page.evaluate('performance.timeOrigin + window.drawn')) - written);
  }
  console.log(`${'live line to the screen'.padEnd(34)} ${words(delays)} ms`);
  await page.context().close();

  const reader = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  await reader.goto(`${url}/runs/large/steps/sim00077`);
  await reader.getByText('1,780,000 lines').waitFor();
  for (let n = 0; n <= 200; n++) {
    await reader.evaluate(`document.querySelector('.log').scrollTop = ${(n / 200) * 8e6}`);
    await sleep(30);
  }
  await sleep(1000);
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const sizes = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024);
  console.log(`${'memory of the tab with 100 MB'.padEnd(34)} ${Math.round(Math.max(...sizes))} MB`);
}

try {
  await measure(EMPTY, '/empty', 'p', 'empty');
  await measure('list of 5,000 runs', '/', 'tbody tr', 'passed');
  await measure(`run of ${STEPS} steps, its table`, '/runs/large?view=steps', '.steps [data-row]', 'sim00077');
  await measure(`run of ${STEPS} steps, its timeline`, '/runs/large?view=timeline', '.legend', 'waits');
  await measure('5,000 compared histograms', '/runs/compared?view=histograms', '.object .values', 'Point at a bin');
  await measureClick('click: 5,000 compared histograms', '/runs/compared', 'Histograms', '.object-row', 'changed');
  await measure('log of 100 MB at its end', '/runs/large/steps/sim00077', '.log .row', '1780000');
  await measure('line 900,000 of it', '/runs/large/steps/sim00077#L900000', '.log .row', 'needle 9');
  await walk();
  if (!flags.only) await liveAndMemory();
  const [, most = '0'] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8')) ?? [];
  console.log(`${'most memory of the server'.padEnd(34)} ${Math.round(Number(most) / 1024)} MB`);
} finally {
  await browser.close();
  server.kill();
  rmSync(dir, { recursive: true, force: true });
}
