import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { launchBrowser, openPage, Serve } from './page.ts';
import { Relval } from './relval.ts';

const TOKEN = 'a-token-0123456789-that-is-long-enough';
let relval: Relval;
let serve: Serve;
let browser: Browser;

beforeEach(async () => {
  relval = new Relval();
  serve = new Serve(relval.runs);
  browser = await launchBrowser();
});
afterEach(async () => {
  await browser?.close();
  await serve.remove();
  relval.remove();
});

/** Fills in the token, and sends the form of an action. */
async function send(page: Page, name: string): Promise<void> {
  await page.getByLabel('Token of the server').fill(TOKEN);
  await page.getByRole('button', { name, exact: true }).click();
}

it('starts a run from the form, and runs its failed step again', async () => {
  const token = join(relval.dir, 'token');
  writeFileSync(token, `${TOKEN}\n`, { mode: 0o600 });
  const inputs = join(relval.dir, 'inputs');
  const mended = join(relval.dir, 'mended');
  mkdirSync(inputs);
  const stages = [
    { name: 'first', command: `[ -e ${mended} ]` },
    { name: 'second', command: 'true' },
  ];
  writeFileSync(join(inputs, 'two.yaml'), JSON.stringify({ name: 'two', stages }));
  await serve.start('--token-file', token, '--inputs', inputs);
  const { page, wrongs } = await openPage(browser, `${serve.url}/`);
  await page.getByRole('button', { name: 'Start a run…' }).click();
  await page.getByLabel('What').selectOption(join(inputs, 'two.yaml'));
  await page.getByLabel(/^Name of the run/).fill('frompage');
  await send(page, 'Start a run');
  await page.locator('tbody a[data-row-link^="frompage-"]').click();
  await page.locator('.answer h1').getByText('Failed').waitFor({ timeout: 60_000 });

  // Grey, and a click says why.
  await page.getByRole('button', { name: 'Resume…' }).click();
  await page.getByText('Not possible now: only interrupted and broken runs can be resumed.').waitFor();
  await page.getByRole('button', { name: 'Close' }).click();
  writeFileSync(mended, '');
  await page.getByRole('button', { name: 'Retry failed steps…' }).click();
  await send(page, 'Retry failed steps');
  await page.locator('.answer h1').getByText('Passed').waitFor({ timeout: 60_000 });
  const { directory } = await relval.onlyRun();
  expect(existsSync(join(directory, 'steps', 'first', '2'))).toBe(true);
  expect(existsSync(join(directory, 'steps', 'second', '2'))).toBe(false);
  expect(wrongs).toEqual([]);
});

it('of a server without a token shows what could be done, grey, with the reason', async () => {
  const workflow = join(relval.dir, 'w.yaml');
  writeFileSync(workflow, JSON.stringify({ name: 'w', stages: [{ name: 'bad', command: 'exit 3' }] }));
  expect((await relval.run('run', workflow, '--local', '--no-check')).code).toBe(1);
  await serve.start();
  const { page, wrongs } = await openPage(browser, `${serve.url}/`);
  for (const name of ['Start a run…', 'Retry failed steps…', 'Accept…']) {
    if (name !== 'Start a run…') await page.goto(`${serve.url}/runs/${(await relval.onlyRun()).id}`);
    const button = page.getByRole('button', { name });
    await button.waitFor();
    expect(await button.getAttribute('title')).toContain('--token-file');
    await button.click();
    await page.getByText('Not possible now: this server only shows runs').waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
  }
  expect(wrongs).toEqual([]);
});
