import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderHtml } from '../../validation/report/html.ts';
import { PARTS } from '../../validation/runs/judging/kinds.ts';
import { launchBrowser, openPage, Serve } from './page.ts';
import { writeHistograms, writeReport, writeRun } from './page-stores.mjs';

const serve = new Serve();
let browser: Browser;

beforeAll(async () => {
  mkdirSync(serve.runs, { recursive: true });
  const created = Date.now() - 1e6;
  const run = { id: 'compared', created, verdict: 'failed', reason: '50 histograms changed' } as const;
  writeHistograms(writeRun(serve.runs, run), run, 5000);
  const plain = { ...run, id: 'plain' };
  writeReport(writeRun(serve.runs, plain), plain, {});
  const strange = { ...run, id: 'strange' };
  writeReport(writeRun(serve.runs, strange), strange, {
    checks: { histograms: { references: ['a'], files: [{ objects: [{ name: 1 }], counts: {} }] } },
  });
  const forged = { ...run, id: 'forged' };
  const directory = writeRun(serve.runs, forged);
  writeHistograms(directory, forged, 200);
  const stored = join(directory, 'report', 'histograms.ndjson');
  writeFileSync(
    stored,
    readFileSync(stored, 'utf8').replaceAll('"own":[', '"own":{"a":[').replaceAll('],"ref', ']},"ref'),
  );
  await serve.start();
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await serve.remove();
});

describe('the histograms of a run', () => {
  it('are searched, filtered by state and directory, and shown one by one', async () => {
    const { page, wrongs } = await openPage(browser, `${serve.url}/runs/compared?view=histograms`);
    await page.getByText('5,000 histograms').waitFor();
    await page.locator('.histogram svg').waitFor();
    expect(await page.locator('.object h2').textContent()).toBe('QA/DET0/h00000');
    expect(await page.locator('.object .reason').textContent()).toContain('changed: mean 50 → 60');
    expect(await page.locator('.histogram text').allTextContents()).toContain('p_T (GeV/c)');
    await page.getByLabel('Search histograms').fill('det7/*h00*7');
    await page.getByText(/^\d+ of 5,000 histograms$/).waitFor();
    await page.locator('.object-row a').first().click();
    await page.locator('.object h2', { hasText: 'DET7' }).waitFor();
    await page.getByLabel('Search histograms').fill('');
    await page.getByRole('button', { name: '50 changed', exact: true }).click();
    await page.getByText('50 of 5,000 histograms').waitFor();
    await page.getByRole('button', { name: /^QA / }).click();
    await page.getByRole('button', { name: /^DET0 / }).click();
    await page.getByText(/^\d+ of 5,000 histograms$/).waitFor();
    expect(new URL(page.url()).searchParams.get('directory')).toBe('merge QAresults.root/QA/DET0');
    expect(wrongs).toEqual([]);
    await page.context().close();
  });

  it('tell the values of a bin under the pointer and by keyboard, and have a logarithmic scale', async () => {
    const { page, wrongs } = await openPage(browser, `${serve.url}/runs/compared?view=histograms`);
    await page.locator('.histogram [data-bin="55"]').hover();
    await page.getByText(/^5\.5 to 5\.6 GeV\/c: reference 882 ± 29\.7, this run 882 ± 29\.7, 0\.0 σ$/).waitFor();
    await page.getByRole('slider', { name: 'Bin' }).press('ArrowRight');
    await page.getByText(/^5\.6 to 5\.7 GeV\/c: /).waitFor();
    const before = await page.locator('.histogram .own').getAttribute('d');
    await page.getByRole('button', { name: 'Logarithmic scale' }).click();
    expect(await page.locator('.histogram .own').getAttribute('d')).not.toBe(before);
    await page.keyboard.press('Escape');
    await page.locator('body').press('j');
    await page.locator('.object h2', { hasText: 'h00100' }).waitFor();
    expect(wrongs).toEqual([]);
    await page.context().close();
  });

  it.each([
    ['light', 1280],
    ['dark', 390],
  ] as const)('have no barriers (axe, %s, %i pixels)', async (colorScheme, width) => {
    const { page } = await openPage(browser, `${serve.url}/runs/compared?view=histograms`, {
      colorScheme,
      viewport: { width, height: 844 },
    });
    await page.locator('.histogram svg').waitFor();
    await page.evaluate(axe.source);
    const { violations } = (await page.evaluate('axe.run()')) as axe.AxeResults;
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    const wide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    expect(wide).toBe(0);
    await page.context().close();
  });

  it.each([
    ['light', 1280],
    ['dark', 390],
  ] as const)(
    'have pictures without barriers in the report, which has no script (axe, %s, %i pixels)',
    async (colorScheme, width) => {
      const { page, wrongs } = await openPage(browser, 'about:blank', {
        colorScheme,
        viewport: { width, height: 844 },
      });
      const report = JSON.parse(readFileSync(join(serve.runs, 'compared', 'report', 'report.json'), 'utf8'));
      await page.setContent(renderHtml(report, PARTS));
      expect(await page.locator('figure.histogram').count()).toBe(10);
      const box = page.getByLabel('Logarithmic scale').first();
      await box.check();
      expect(await page.locator('figure .log').first().isVisible()).toBe(true);
      expect(await page.locator('figure .linear').first().isVisible()).toBe(false);
      await page.evaluate(axe.source);
      const { violations } = (await page.evaluate('axe.run()')) as axe.AxeResults;
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
      expect(wrongs).toEqual([]);
      await page.context().close();
    },
  );

  it('have no tab where none were compared, and a word where they are of another form', async () => {
    const { page, wrongs } = await openPage(browser, `${serve.url}/runs/plain?view=histograms`);
    await page.getByRole('link', { name: 'Resources' }).waitFor();
    expect(await page.getByRole('link', { name: 'Histograms' }).count()).toBe(0);
    await page.goto(`${serve.url}/runs/strange?view=histograms`);
    await page.getByText('This release of relval cannot show these results: another one made them.').waitFor();
    await page.goto(`${serve.url}/runs/forged?view=histograms`);
    await page.getByText('The stored object cannot be read.').waitFor();
    expect(await page.locator('.object-row').count()).toBeGreaterThan(5);
    expect(wrongs).toEqual([]);
    await page.context().close();
  });
});
