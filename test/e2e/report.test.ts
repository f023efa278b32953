import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../validation/report/model.ts';
import { validateJunit } from '../validation/report/junit-schema.ts';
import { Relval, ROOT } from './relval.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Set to make the pictures of the documentation anew: RELVAL_PICTURES=docs/images. */
const PICTURES = process.env.RELVAL_PICTURES;

const HISTOGRAM = 'E-ProcessOutput: no histogram hPt';
const PEDESTALS = 'E-AliCDBGrid::PutEntry: cannot write TPC/Calib/Pedestals of run';
const CRASH = ` *** Break *** Segmentation violation
===========================================================
There was a crash.
This is the entire stack trace of all threads:
===========================================================
#0  0x00007f2c8a1e46c2 in waitpid () from /lib64/libc.so.6
#1  0x00007f2c8b9d7c1e in TUnixSystem::StackTrace() () from libCore.so
#2  <signal handler called>
#3  0x00007f2c7d03f2a4 in AliTPCtracker::FollowProlongation(AliTPCseed&, int, int) () from libTPCrec.so
#4  0x00007f2c7d0441b7 in AliTPCtracker::Clusters2Tracks() () from libTPCrec.so
<script>document.title = 'owned'</script>`;

interface Release {
  /** What sim0003 writes into rec.log. */
  crash: string;
  mergeSeconds: number;
  calibration: string;
}

/** The same validation of another release: what its steps do differs. */
function workflow({ crash, mergeSeconds, calibration }: Release): string {
  return JSON.stringify({
    name: 'nightly',
    defaults: { resources: { cores: 1, memory: '100MB', disk: '100MB' } },
    stages: [
      {
        name: 'sim',
        each: { jobs: '1-3' },
        command: [
          'echo "I-AliReconstruction::Run: job $RELVAL_INDEX at $(date)" >rec.log',
          `if [ $RELVAL_INDEX = 2 ]; then echo '${HISTOGRAM}' >qa.log; fi`,
          `if [ $RELVAL_INDEX = 3 ]; then cat >>rec.log <<'END'\n${crash}\nEND\nfi`,
        ].join('\n'),
      },
      { name: 'merge', after: ['sim'], command: `sleep ${mergeSeconds}` },
      { name: 'calib', after: ['sim'], command: calibration },
    ],
  });
}

const YESTERDAY: Release = {
  crash: 'I-AliReconstruction::Run: done',
  mergeSeconds: 2.4,
  calibration: `echo '${PEDESTALS}' $$ in $PWD`,
};
const TODAY: Release = { crash: CRASH, mergeSeconds: 3.7, calibration: 'echo done' };

const relval = new Relval();
const ids: string[] = [];
let browser: Browser;

const reportOf = (id: string): Report => JSON.parse(fileOf(id, 'report.json'));
const fileOf = (id: string, name: string): string => readFileSync(join(relval.runs, id, 'report', name), 'utf8');
const line = (text: string, start: string): string => text.split('\n').find((one) => one.includes(start)) ?? '';

async function run(release: Release): Promise<string> {
  const file = join(relval.dir, 'nightly.yaml');
  writeFileSync(file, workflow(release));
  const contacts = join(relval.dir, 'contacts.yaml');
  writeFileSync(contacts, 'components: [{name: TPC, contacts: [Ann Example <ann@example.org>]}]\n');
  const { stdout, stderr } = await relval.run('run', file, '--local', '--components', contacts);
  const id = /^(nightly-\S+):/.exec(stdout)?.[1];
  if (id === undefined) throw new Error(stdout + stderr);
  ids.push(id);
  return id;
}

let today: string;
let yesterday: string;

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-quic'] });
  for (let day = 0; day < 4; day++) {
    yesterday = await run(YESTERDAY);
    expect((await relval.run('accept', yesterday, '--note', 'known', '--by', 'Bob')).code).toBe(0);
  }
  today = await run(TODAY);
}, 240_000);

afterAll(async () => {
  await browser?.close();
  relval.remove();
});

describe('a release with a new error, a known one, a fixed one and a step that is slower by half', () => {
  it('is told as exactly that by the model', () => {
    const { verdict, findings, fixed, changes, reference, components } = reportOf(today);
    expect(verdict).toBe('failed');
    expect(reference).toMatchObject({ run: yesterday, runs: [yesterday, ids[2], ids[1], ids[0]] });
    expect(findings.map(({ age, step, rule, severity }) => `${age} ${severity} ${rule} ${step}`).sort()).toEqual([
      'known error process-output sim0002',
      'new error segmentation-violation sim0003',
    ]);
    expect(fixed?.map(({ rule, step }) => `${rule} ${step}`)).toEqual(['cdb-grid-put-entry calib']);
    // Steps that take no time may take a second more on a machine with much else to do.
    const slower = changes?.filter(({ usual, quantity }) => usual > 2 && quantity === 'duration');
    expect(slower?.map(({ step, direction }) => `${step} ${direction}`)).toEqual(['merge more']);
    expect(components?.[0]).toMatchObject({ name: 'TPC', contacts: ['Ann Example <ann@example.org>'], newErrors: 1 });
  });

  it('is told by the text', async () => {
    const { stdout } = await relval.run('report', today);
    expect(stdout).toMatch(/^FAILED {2}nightly/);
    expect(line(stdout, 'steps failed')).toBe(
      '2 of 5 steps failed, with 1 new error and 1 known one: sim0003: *** Break *** Segmentation violation (logs/rec.log:2)',
    );
    const at = (text: string) => stdout.indexOf(text);
    expect(at('New: 1 error')).toBeGreaterThan(0);
    expect(at('New: 1 error')).toBeLessThan(at('Known: 1 error'));
    expect(at('Known: 1 error')).toBeLessThan(at('Fixed: 1 error'));
    expect(stdout).toContain('  error segmentation-violation in sim0003, logs/rec.log:2 (TPC)\n');
    expect(stdout).toContain('    in AliTPCtracker::FollowProlongation, called by AliTPCtracker::Clusters2Tracks\n');
    expect(stdout).toContain(`fixed cdb-grid-put-entry in calib, stdout.log:2 (TPC)\n`);
    expect(stdout).toMatch(
      /Times and sizes that changed: \d\n(?: .*\n)* {2}merge: \d\.\d s, usually \d\.\d s \(\d+ % more;/,
    );
    expect(stdout).toContain('  TPC: 1 new of 1 error; Ann Example <ann@example.org>\n');
  });

  it('is told by the JUnit file', () => {
    const xml = fileOf(today, 'junit.xml');
    for (const id of ids) validateJunit(fileOf(id, 'junit.xml'));
    expect(xml).toContain('tests="5" failures="2" errors="0" skipped="0"');
    expect(line(xml, '<failure type="segmentation-violation"')).toContain('message="new: *** Break *** Segmentation');
    expect(line(xml, '<failure type="process-output"')).toContain(`message="known: ${HISTOGRAM}"`);
    expect(xml).toContain(`compared with ${yesterday}\nfixed: calib stdout.log:2 [cdb-grid-put-entry]`);
    expect(xml.match(/changed: merge: \d\.\d s, usually \d\.\d s/g)).toHaveLength(2);
  });

  it('is told by the difference of the two runs', async () => {
    const { stdout } = await relval.run('diff', yesterday, today, '--json');
    const diff = JSON.parse(stdout);
    const steps = (part: { step: string }[]) => part.map(({ step }) => step);
    expect(steps(diff.changes)).toContain('merge');
    expect([steps(diff.new), steps(diff.known), steps(diff.fixed)]).toEqual([['sim0003'], ['sim0002'], ['calib']]);
    expect((await relval.run('diff', yesterday, today)).stdout).toMatch(/calib: failed → succeeded/);
  });

  it('is judged again by other criteria, and the stored report stays', async () => {
    const before = fileOf(today, 'report.json');
    const again = await relval.run('report', today, '--policy', 'new-errors', '--format', 'json');
    expect(JSON.parse(again.stdout)).toMatchObject({ verdict: 'failed', policy: { name: 'new-errors' } });
    // Yesterday's run has what the run before it had, and that was accepted.
    const known = await relval.run('report', yesterday, '--policy', 'new-errors');
    expect(known.stdout).toMatch(
      /^PASSED .*\nno new errors; policy new-errors accepts 2 known errors in sim0002, calib/,
    );
    expect(fileOf(today, 'report.json')).toBe(before);
  });
});

describe('the page of the report in a browser', () => {
  async function open(options: Parameters<Browser['newPage']>[0] = {}): Promise<{ page: Page; trouble: string[] }> {
    const page = await browser.newPage(options);
    const trouble: string[] = [];
    page.on('console', (message) => trouble.push(message.text()));
    page.on('pageerror', (error) => trouble.push(error.message));
    page.on('request', (request) => request.url().startsWith('file:') || trouble.push(request.url()));
    await page.goto(pathToFileURL(join(relval.runs, today, 'report', 'index.html')).href);
    return { page, trouble };
  }

  it.each([
    ['light', 1200],
    ['dark', 1200],
    ['light', 380],
    ['dark', 380],
  ] as const)(
    'is accessible, runs and asks for nothing, and has no need to be moved sideways: %s, %i px',
    async (colorScheme, width) => {
      // The policy of the page would keep axe out as well: what it does itself is looked at before, without that.
      const { page, trouble } = await open({ colorScheme, viewport: { width, height: 800 } });
      expect(await page.title()).toContain('failed');
      expect(trouble).toEqual([]);
      const overflow = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect(overflow).toBe(0);
      // Nor has any of its tables, as wide as the screen or as a sheet of paper; logs are folded, and not printed.
      const tables = "[...document.querySelectorAll('.scroll')].map((one) => one.scrollWidth - one.clientWidth)";
      expect(Math.max(...((await page.evaluate(tables)) as number[]))).toBeLessThanOrEqual(0);
      expect(await page.locator('#steps ~ .scroll td.logs a').first().isVisible()).toBe(false);
      await page.locator('#steps ~ .scroll td.logs summary').first().click();
      expect(await page.locator('#steps ~ .scroll td.logs a').first().isVisible()).toBe(true);
      await page.emulateMedia({ media: 'print' });
      await page.setViewportSize({ width: 700, height: 900 });
      expect(await page.locator('td.logs').first().isVisible()).toBe(false);
      expect(Math.max(...((await page.evaluate(tables)) as number[]))).toBeLessThanOrEqual(0);
      await page.emulateMedia({ media: 'screen' });
      await page.setViewportSize({ width, height: 800 });
      if (PICTURES && colorScheme === 'light') {
        mkdirSync(join(ROOT, PICTURES), { recursive: true });
        const path = join(ROOT, PICTURES, width > 500 ? 'report.png' : 'report-phone.png');
        await page.screenshot({ path, clip: { x: 0, y: 0, width, height: width > 500 ? 900 : 800 }, fullPage: true });
      }
      await page.close();
      const checked = await browser.newPage({ colorScheme, viewport: { width, height: 800 }, bypassCSP: true });
      await checked.goto(pathToFileURL(join(relval.runs, today, 'report', 'index.html')).href);
      await checked.evaluate(AXE);
      const violations = await checked.evaluate(
        "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes[0].html))",
      );
      expect(violations).toEqual([]);
      await checked.close();
    },
    60_000,
  );

  it('gives the answer first: four numbers that lead to what they count', async () => {
    const { page } = await open();
    expect(await page.locator('.answer li').allInnerTexts()).toEqual([
      '1 new error',
      '1 known error',
      '1 fixed',
      expect.stringMatching(/^[1-9] changed times and sizes$/),
    ]);
    expect(await page.locator('main > section > h2').allInnerTexts()).toEqual([
      'New: 1 error',
      'Known: 1 error',
      'Fixed: 1 error',
      'Components and contacts',
      expect.stringMatching(/^Times and sizes that changed: [1-9]$/),
      'Steps',
      'Timing',
      'Provenance',
    ]);
    expect(await page.locator('section:has(#new) article').innerText()).toContain('segmentation-violation');
    await page.close();
  }, 60_000);

  it('leads to the line of the log', async () => {
    const { page } = await open();
    const link = page.locator('section:has(#new) article a').first();
    expect(await link.getAttribute('href')).toContain('rec.log#:~:text=***%20Break');
    await link.click();
    await page.waitForURL(/rec\.log/);
    expect(await page.locator('body').innerText()).toContain('*** Break *** Segmentation violation');
    await page.close();
  }, 60_000);

  it('prints', async () => {
    const { page } = await open();
    const pdf = await page.pdf({ format: 'A4' });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    await page.close();
  }, 60_000);
});
