import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, openPage, Serve } from './page.ts';
import { Relval } from './relval.ts';

/** More steps than are drawn one by one. */
const STEPS = 14;
const relval = new Relval();
const serve = new Serve(relval.runs);
let browser: Browser;
let id = '';

beforeAll(async () => {
  const file = join(relval.dir, 'chain.yaml');
  const later = ['qa', 'merge', 'plots', 'check'].map(
    (name, n, all) => `  - { name: ${name}, after: [${all[n - 1] ?? 'sim'}], command: 'true' }`,
  );
  const sim = `  - { name: sim, each: { jobs: 1-${STEPS} }, command: 'true' }`;
  writeFileSync(file, ['name: chain', 'stages:', sim, ...later, ''].join('\n'));
  const { code, stdout, stderr } = await relval.run('run', file, '--local', '--no-check');
  if (code !== 0) throw new Error(stdout + stderr);
  id = basename((await relval.onlyRun()).directory);
  await serve.start();
  browser = await launchBrowser();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await serve.remove();
  relval.remove();
});

const link = (page: Page, name: string) => page.locator('.graph a').filter({ hasText: name });
async function opened(width: number, query = ''): Promise<{ page: Page; wrongs: string[] }> {
  const found = await openPage(browser, `${serve.url}/runs/${id}?view=graph${query}`, {
    viewport: { width, height: 800 },
    bypassCSP: true,
  });
  await link(found.page, 'plots').waitFor();
  return found;
}

describe('the graph of a run', () => {
  it('is drawn to the right on a wide page, and down on a narrow one', async () => {
    for (const [width, direction] of [
      [1280, 'right'],
      [390, 'down'],
    ] as const) {
      const { page, wrongs } = await opened(width);
      const [sim, check] = await Promise.all(['sim', 'check'].map((name) => link(page, name).first().boundingBox()));
      if (!sim || !check) throw new Error('the graph is not drawn');
      if (direction === 'right') expect(check.x).toBeGreaterThan(sim.x + 2 * sim.width);
      else expect([Math.abs(check.x - sim.x) < sim.width, check.y > sim.y + sim.height]).toEqual([true, true]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      const drawing = await page.locator('.graph').evaluate((one) => [one.scrollWidth, one.clientWidth]);
      expect(drawing[0]).toBe(drawing[1]);
      expect(wrongs).toEqual([]);
      await page.context().close();
    }
  });

  it('unfolds a large stage by a click, folds it again, and goes back by the history of the browser', async () => {
    const { page, wrongs } = await opened(1280);
    expect(await link(page, 'sim0014').count()).toBe(0);
    await link(page, 'sim').click();
    await link(page, 'sim0014').waitFor();
    expect(await page.locator('.graph a').count()).toBe(STEPS + 4);
    expect(new URL(page.url()).searchParams.get('open')).toBe('sim');
    await page.evaluate(axe.source);
    const { violations } = (await page.evaluate('axe.run()')) as axe.AxeResults;
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    await page.getByRole('button', { name: 'fold sim' }).click();
    await link(page, '14 steps').waitFor();
    await page.goBack();
    await link(page, 'sim0014').waitFor();
    await link(page, 'sim0014').click();
    await page.getByRole('heading', { name: 'sim0014' }).waitFor();
    expect(page.url()).toContain(`/runs/${id}/steps/sim0014`);
    expect(wrongs).toEqual([]);
    await page.context().close();
  });

  it('unfolds by keyboard, and the focus goes on with the steps of the stage', async () => {
    const { page } = await opened(1280);
    await link(page, 'sim').focus();
    await page.keyboard.press('Enter');
    await link(page, 'sim0001').waitFor();
    const focused = () => page.evaluate('document.activeElement.textContent');
    await page.waitForFunction("document.activeElement.closest('.graph a') !== null");
    expect(await focused()).toContain('sim0001');
    await page.keyboard.press('Tab');
    expect(await focused()).toContain('sim0002');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'sim0002' }).waitFor();
    await page.context().close();
  });
});
