import axe from 'axe-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveCluster } from './cluster-states.mjs';
import { launchBrowser, openPage, Serve } from './page.ts';

const serve = new Serve();
let framework: { url: string; close: () => void };
let browser: Browser;

beforeAll(async () => {
  framework = await serveCluster();
  await serve.start('--framework', framework.url);
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await serve.remove();
  framework?.close();
});

describe('the demand on the page of the cluster', () => {
  it.each([
    [1280, 'light', 'side by side'],
    [1280, 'dark', 'side by side'],
    [390, 'light', 'one below the other'],
    [390, 'dark', 'one below the other'],
  ] as const)('of Work Queue and of HTCondor at %i pixels, %s: %s', async (width, colorScheme, how) => {
    const viewport = { width, height: 900 };
    const { page, wrongs } = await openPage(browser, `${serve.url}/cluster`, {
      viewport,
      colorScheme,
      bypassCSP: true,
    });
    const part = (name: string) => page.getByRole('region', { name: `Demand of ${name}` });
    await part('HTCondor').waitFor();
    const [one, other] = await Promise.all(['Work Queue', 'HTCondor'].map((name) => part(name).boundingBox()));
    if (!one || !other) throw new Error('no demand is shown');
    if (how === 'side by side') expect([one.y, other.x > one.x + one.width]).toEqual([other.y, true]);
    else expect([one.x, other.y >= one.y + one.height]).toEqual([other.x, true]);
    expect(await part('Work Queue').getByText('2 projects: 42 tasks waiting, 34 on workers').count()).toBe(1);
    // Why comes first, and the terms are folded.
    const text = await part('HTCondor').locator('article').innerText();
    expect(text).toMatch(/^alice\s+⚠ Pool batch has its maximum of 8 workers\.\s+12 tasks waiting/);
    expect(text).not.toContain('pool-full');
    await part('HTCondor').getByText('All sentences').click();
    await part('HTCondor').getByText('schedd@submit.example.org, pool batch, reason pool-full').waitFor();
    const colours = (await page.evaluate(
      "[...document.querySelectorAll('.legend .swatch')].map((one) => getComputedStyle(one).backgroundColor)",
    )) as string[];
    expect([colours.length, new Set(colours).size, colours.includes('rgba(0, 0, 0, 0)')]).toEqual([4, 4, false]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    await page.evaluate(axe.source);
    const { violations } = (await page.evaluate('axe.run()')) as axe.AxeResults;
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    expect(wrongs).toEqual([]);
    await page.context().close();
  });
});
