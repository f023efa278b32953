import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ProxyOfPath } from '../validation/server/path-proxy.ts';
import { launchBrowser, openPage, Serve } from './page.ts';
import { writeLargeRun, writeLog } from './page-stores.mjs';

const serve = new Serve();
let browser: Browser;
const proxy = new ProxyOfPath(() => Number(new URL(serve.url).port), true);
let address: string;

beforeAll(async () => {
  mkdirSync(serve.runs, { recursive: true });
  const run = { id: 'r1', created: Date.now() - 9e6, verdict: 'failed', reason: 'some steps failed' } as const;
  writeLog(join(writeLargeRun(serve.runs, run, 20), 'steps', 'sim00001', '1'), 2000);
  address = await proxy.start();
  await serve.start('--public-url', `http://${address}/sub/`);
  browser = await launchBrowser();
});
afterAll(async () => {
  proxy.close();
  await browser?.close();
  await serve.remove();
});

it('is whole below a path of a proxy: page, interface, WebSockets, links, and addresses that are opened anew', async () => {
  const asked: string[] = [];
  const { page, wrongs } = await openPage(browser, 'about:blank');
  wrongs.length = 0;
  page.on('request', (request) => asked.push(request.url()));
  page.on('websocket', (socket) => {
    asked.push(socket.url());
    socket.on('socketerror', (error) => wrongs.push(error));
  });
  const at = () => new URL(page.url()).pathname;

  await page.goto(`http://${address}/sub/`);
  await page.locator('a[href="/sub/runs/r1"]').first().click();
  await page.locator('.answer h1').getByText('Failed').waitFor();
  expect(at()).toBe('/sub/runs/r1');
  await page.reload();
  await page.locator('.answer h1').getByText('Failed').waitFor();
  await page.goto(`http://${address}/sub/runs/r1/steps/sim00001`);
  await page.locator('.log .row').first().waitFor();
  await page.getByRole('link', { name: 'Cluster' }).click();
  await page.waitForURL(`http://${address}/sub/cluster`);
  await page.goBack();
  expect(at()).toBe('/sub/runs/r1/steps/sim00001');
  await page.getByRole('link', { name: 'relval' }).click();
  await page.waitForURL(`http://${address}/sub/`);

  expect(asked.filter((url) => !new URL(url).pathname.startsWith('/sub/'))).toEqual([]);
  expect(asked.some((url) => url.startsWith('ws:'))).toBe(true);
  expect(wrongs.filter((wrong) => !wrong.startsWith('request:'))).toEqual([]);
});
