// node test/e2e/page-pictures.mjs [--to docs/images] [--size 1000x640] [--dark] [--runs DIR] [--only NAME,NAME]
// Takes the pictures of the page that the documentation shows, of real runs of the example, in a real Chromium. With --runs
// the runs are kept there, and taken again the next time; other sizes and colours are for looking at what was changed.
// Needs `npm run build`, and pngquant for small files. Takes about three minutes.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { serveCluster } from './cluster-states.mjs';
import { writeLargeRun, writeLog, writeManyRuns } from './page-stores.mjs';
import { writeNights } from './thirty-nights.mjs';

const ROOT = join(import.meta.dirname, '..', '..');
const CLI = join(ROOT, 'dist', 'validation', 'cli', 'main.js');
const GPMC = join(ROOT, 'makeflows', 'examples', 'gpmc', 'gpmc.jdl');
const LARGE = 'mc-large-20261101-100000';
const { values: flags } = parseArgs({
  options: {
    to: { type: 'string', default: join(ROOT, 'docs', 'images') },
    size: { type: 'string', default: '1000x640' },
    dark: { type: 'boolean', default: false },
    runs: { type: 'string' },
    only: { type: 'string' },
  },
});
const only = flags.only?.split(',');
const [width = 1000, height = 640] = flags.size.split('x').map(Number);
const dir = mkdtempSync(join(tmpdir(), 'page-pictures-'));
const runs = flags.runs ?? join(dir, 'runs');
const env = { ...process.env, XDG_CONFIG_HOME: dir, RELVAL_RUNS: runs };

/** @param {string[]} args */
const relval = (...args) =>
  promisify(execFile)(process.execPath, [CLI, ...args], { cwd: dir, env }).catch(() => undefined);
/** @returns {string[]} runs of the example, the oldest first */
const own = () =>
  readdirSync(runs)
    .filter((name) => name.startsWith('gpmc-'))
    .sort();

async function makeRuns() {
  mkdirSync(runs, { recursive: true });
  const now = Date.now();
  writeManyRuns(runs, 400, now);
  const large = writeLargeRun(
    runs,
    {
      id: LARGE,
      name: 'mc-large',
      created: now - 9e6,
      verdict: 'failed',
      reason: '20 of 10000 steps failed',
      release: 'v5-09-60',
    },
    10_000,
  );
  writeLog(join(large, 'steps', 'sim00077', '1'), 100e6);
  writeNights(runs, 30, 'sim-nightly');
  // The one before has another crash: so there is something new, something known and something fixed.
  for (const crashes of ['', '2,4', '3,4'])
    await relval('run', GPMC, '--local', '--set', `RELVAL_DEMO_FAIL=${crashes}`);
}

/** Two runs that differ only in a distribution. @returns {Promise<string>} the second */
async function shiftedRun() {
  const physics = () =>
    readdirSync(runs)
      .filter((name) => name.startsWith('physics-'))
      .sort();
  for (const shift of ['0', '0.03'].slice(physics().length))
    await relval('run', GPMC, '--local', '--name', 'physics', '--set', `RELVAL_DEMO_SHIFT=${shift}`);
  return physics()[1] ?? '';
}

/** @typedef {import('playwright-core').Page} Page */
if (!existsSync(join(runs, LARGE))) await makeRuns();
const [, before = '', failed = ''] = own();
const shifted = await shiftedRun();
const cluster = await serveCluster();
const server = spawn(
  process.execPath,
  [CLI, 'serve', '--runs', runs, '--listen', '127.0.0.1:0', '--framework', cluster.url],
  {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
const [said] = await once(server.stdout, 'data');
const [url] = /http:\/\/[\d.:]+/.exec(String(said)) ?? [];
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage'],
});
const colorScheme = flags.dark ? 'dark' : 'light';

/**
 * @param {string} name @param {string} path @param {(page: Page) => Promise<unknown>} ready
 * @param {{width: number, height: number}} viewport
 */
async function take(name, path, ready, viewport = { width, height }) {
  if (only && !only.includes(name)) return;
  const context = await browser.newContext({ viewport, colorScheme });
  const page = await context.newPage();
  await page.goto(`${url}${path}`);
  await page.waitForLoadState('networkidle');
  await ready(page);
  await sleep(400);
  await page.screenshot({ path: join(flags.to, `page-${name}.png`) });
  await context.close();
}
/** @param {string} text */
const text = (text) => (/** @type {Page} */ page) => page.getByText(text).first().waitFor();
/** @param {string} selector */
const there = (selector) => (/** @type {Page} */ page) => page.locator(selector).first().waitFor();

try {
  const step = `/runs/${failed}/steps/sim0003?stream=logs%2Frec.log`;
  await take('runs', '/', there('tbody tr'));
  await take('workflows', '/workflows', there('.strip a'));
  await take('history', '/workflows/sim-nightly', there('.nights .median'), { width: 1280, height: 1000 });
  await take('compare', `/compare/${before}/${failed}`, there('h1'));
  await take('run', `/runs/${failed}`, there('.answer'));
  await take('steps', `/runs/${LARGE}?view=steps`, text('10,000 steps'));
  await take('timeline', `/runs/${LARGE}?view=timeline`, there('.timeline canvas'));
  await take('graph', `/runs/${failed}?view=graph`, there('.graph svg'));
  await take('resources', `/runs/${LARGE}?view=resources`, there('svg, table'));
  await take('finding', `${step}#L23`, there('.row.selected'));
  await take('beside', `${step}&beside=good`, there('.pane + .pane .row'));
  await take('diff', `${step}&beside=good&diff=1`, there('.diff .changed'));
  await take('log', `/runs/${LARGE}/steps/sim00077`, async (page) => {
    await page.getByLabel('Search the log').fill('needle');
    await page.getByLabel('Search the log').press('Enter');
    await page.getByText(/^1 of \d+ lines$/).waitFor({ timeout: 60_000 });
  });
  await take('times', `/runs/${failed}/steps/sim0003?stream=stdout&beside=good`, async (page) => {
    await page.keyboard.press('i');
    await page.keyboard.press('i');
    await page.locator('.time').first().waitFor();
  });
  await take('keys', step, async (page) => {
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
  });
  const shown = there('.histogram svg');
  await take('histograms', `/runs/${shifted}?view=histograms`, shown, { width: 1280, height: 1100 });
  await take('histogramsnarrow', `/runs/${shifted}?view=histograms`, shown, { width: 390, height: 1560 });
  await take('histogramsreport', `/api/v1/runs/${shifted}/report/index.html#histograms`, shown, {
    width: 1000,
    height: 900,
  });
  await take('narrow', `/runs/${failed}`, there('.answer'), { width: 360, height: 640 });
  await take('cluster', '/cluster', text('Demand'), { width: 1000, height: 900 });
  if (!only || only.includes('live')) {
    const running = spawn(process.execPath, [CLI, 'run', GPMC, '--local', '--set', 'RELVAL_DEMO_SECONDS=12'], {
      cwd: dir,
      env,
      stdio: 'ignore',
    });
    const ended = once(running, 'exit');
    try {
      for (let n = 0; own().length < 4 && n < 300; n++) await sleep(100);
      const live = own()[3] ?? '';
      await sleep(9000);
      await take('live', `/runs/${live}`, there('.answer'));
    } finally {
      running.kill('SIGINT');
      await ended;
      for (const name of own().slice(3)) rmSync(join(runs, name), { recursive: true, force: true });
    }
  }
  const taken = readdirSync(flags.to).filter(
    (name) => /^page-[a-z]+\.png$/.test(name) && (!only || only.includes(name.slice(5, -4))),
  );
  const files = taken.map((name) => join(flags.to, name));
  await promisify(execFile)('pngquant', ['--force', '--ext', '.png', '--strip', '48', '--', ...files]);
} finally {
  await browser.close();
  server.kill();
  cluster.close();
  rmSync(dir, { recursive: true, force: true });
}
