import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { launchBrowser, openPage, Serve } from './page.ts';
import { Relval, until } from './relval.ts';

/** Bytes that the run keeps of a log. Its lines have ten of them; before these stands one that names the command. */
const LIMIT = 20_000;
/** A line within the first half. */
const KEPT = 990;

let relval: Relval;
let serve: Serve;
let browser: Browser;
beforeEach(async () => {
  relval = new Relval();
  serve = new Serve(relval.runs);
  await serve.start();
  browser = await launchBrowser();
});
afterEach(async () => {
  await browser?.close();
  await serve.remove();
  relval.remove();
});

/** Number and text of the rows that are in the document. */
async function rowsOf(page: Page): Promise<[number: string, text: string][]> {
  return (await page.evaluate(`[...document.querySelectorAll('.log .row')]
    .map((row) => [row.querySelector('.ln').textContent.trim(), row.querySelector('.text').textContent])`)) as [
    string,
    string,
  ][];
}

it('follows a log beyond the limit of what is kept: what is left out is said, and no line has a number that it loses', async () => {
  const gate = (n: number): string => join(relval.dir, `gate${n}`);
  const part = (n: number, from: number, to: number): string =>
    `until [ -e ${gate(n)} ]; do sleep 0.1; done; seq -f 'line %04g' ${from} ${to};`;
  const command = [
    part(1, 1, 1500),
    part(2, 1501, 5000),
    part(3, 5001, 5600),
    `until [ -e ${gate(4)} ]; do sleep 0.1; done`,
  ];
  const file = join(relval.dir, 'w.yaml');
  writeFileSync(file, `name: w\nstages:\n  - name: loud\n    command: |\n      ${command.join('\n      ')}\n`);
  const { ended } = relval.start('run', file, '--local', '--no-check', '--log-limit', String(LIMIT));
  const id = await until(
    'the run',
    60,
    async () => (await relval.run('list', '--json')).stdout.match(/"id": ?"([^"]+)"/)?.[1],
  );
  const url = `${serve.url}/runs/${id}/steps/loud`;
  await until('the step', 60, () => (existsSync(join(relval.runs, id, 'steps', 'loud', '1')) ? true : undefined));
  const { page, wrongs } = await openPage(browser, url);

  // More than half of the limit, and all of it is there
  writeFileSync(gate(1), '');
  await page.getByText('line 1500', { exact: true }).waitFor();
  expect((await rowsOf(page)).at(-1)).toEqual(['1501', 'line 1500']);
  expect(await page.getByText('left out').count()).toBe(0);

  // Beyond it
  writeFileSync(gate(2), '');
  await page.getByText('line 5000', { exact: true }).waitFor();
  await page.getByText(/, \d+\.\d kB left out, still written$/).waitFor();
  expect((await rowsOf(page)).at(-1)).toEqual(['', 'line 5000']);
  writeFileSync(gate(3), '');
  await page.getByText('line 5600', { exact: true }).waitFor();
  expect((await rowsOf(page)).at(-1)).toEqual(['', 'line 5600']);
  const search = page.getByLabel('Search the log');
  await search.fill('line 5555');
  await search.press('Enter');
  await page.locator('.row.current').getByText('line 5555').waitFor();
  await page.locator('.log').focus();
  await page.keyboard.press('g');
  await page.getByText('line 0001', { exact: true }).waitFor();
  await page.evaluate(`location.hash = '#L${KEPT + 1}'`);
  await page.locator('.row.selected').getByText(`line 0${KEPT}`).waitFor();
  const gap = page.getByText(
    /^\d+\.\d kB left out here; what follows has its line numbers when the attempt has ended$/,
  );
  await gap.waitFor();
  const around = await rowsOf(page);
  expect(around).toContainEqual([String(KEPT + 1), `line 0${KEPT}`]);
  const [, behind] = around.slice(around.findIndex(([, text]) => text.includes('left out')));
  expect(behind?.[0]).toBe('');
  expect(behind?.[1]).toMatch(/^[line ]*[345]?\d*$/);

  // The file that comes at its end is whole: all lines have their numbers, and what was marked is where it was
  writeFileSync(gate(4), '');
  expect((await ended).code).toBe(0);
  await page.getByText('5,601 lines, 56.0 kB', { exact: true }).waitFor();
  await page.locator('.row.selected').getByText(`line 0${KEPT}`).waitFor();
  expect(await page.getByText('left out').count()).toBe(0);
  await page.getByText('1 line', { exact: true }).waitFor();
  await page.keyboard.press('n');
  await page.locator('.row.current').getByText('line 5555').waitFor();
  expect(await rowsOf(page)).toContainEqual(['5556', 'line 5555']);
  const again = await openPage(browser, `${url}#L5556`);
  await again.page.locator('.row.selected').getByText('line 5555').waitFor();
  expect([...wrongs, ...again.wrongs]).toEqual([]);
});
