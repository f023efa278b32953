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

it('writes the exception for a finding, shows it, and runs a single step again', async () => {
  const token = join(relval.dir, 'token');
  const rules = join(relval.dir, 'rules.yaml');
  writeFileSync(token, `${TOKEN}\n`, { mode: 0o600 });
  const workflow = join(relval.dir, 'w.yaml');
  const stages = [{ name: 'noisy', command: 'echo "E-ProcessOutput: no histogram of run 17"' }];
  writeFileSync(workflow, JSON.stringify({ name: 'w', stages }));
  expect((await relval.run('run', workflow, '--local', '--no-check')).code).toBe(1);
  const { id, directory } = await relval.onlyRun();
  await serve.start('--token-file', token, '--exceptions', rules);
  const { page, wrongs } = await openPage(browser, `${serve.url}/runs/${id}`);
  await page.getByRole('button', { name: 'Except…' }).first().click();
  await page.getByLabel('Reason').fill('comes with the next tag');
  await page.getByLabel(/^Owner/).fill('Ann');
  await page.getByRole('button', { name: 'Show the exception' }).click();
  await page.locator('.yaml').getByText('E-ProcessOutput: no histogram').waitFor();
  expect(existsSync(rules)).toBe(false);
  await page.getByLabel(/^Token of the server/).fill(TOKEN);
  await page.getByRole('button', { name: 'Add to the rule file' }).click();
  await page.getByText('The exception is in the rule file.').waitFor();
  expect((await relval.run('report', id, '--rules', rules)).code).toBe(0);
  await page.getByRole('button', { name: 'Close' }).click();

  await page.goto(`${serve.url}/runs/${id}/steps/noisy`);
  await page.getByRole('button', { name: 'Retry this step…' }).click();
  await page.getByRole('button', { name: 'Retry this step', exact: true }).click();
  await page.locator('.answer h1').getByText('Failed').waitFor({ timeout: 60_000 });
  expect(existsSync(join(directory, 'steps', 'noisy', '2'))).toBe(true);
  expect(wrongs).toEqual([]);
});

it('shows times in the local time zone, or in UTC, and remembers which', async () => {
  const workflow = join(relval.dir, 'w.yaml');
  writeFileSync(workflow, JSON.stringify({ name: 'w', stages: [{ name: 'one', command: 'true' }] }));
  await relval.run('run', workflow, '--local', '--no-check');
  const { created } = await relval.onlyRun();
  await serve.start();
  const { page } = await openPage(browser, `${serve.url}/`, { timezoneId: 'Asia/Kolkata' });
  const shown = () => page.locator('tbody time').first().getAttribute('title');
  await page.locator('tbody time').waitFor();
  expect(await shown()).toMatch(/ \+05:30$/);
  expect(Date.parse((await shown())?.replace(' ', 'T').replace(' ', '') ?? '')).toBe(Math.floor(created / 1000) * 1000);
  await page.keyboard.press('z');
  await page.getByRole('button', { name: /UTC/ }).waitFor();
  expect(await shown()).toBe(`${new Date(created).toISOString().slice(0, 19).replace('T', ' ')} UTC`);
  await page.reload();
  await page.getByRole('button', { name: /UTC/ }).waitFor();
});
