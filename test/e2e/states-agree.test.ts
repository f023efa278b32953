import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StepState } from '../../validation/report/model.ts';
import { thisProcess } from '../../validation/runs/store/record.ts';
import type { RunDetail, StepPage } from '../../validation/server/api.ts';
import { launchBrowser, openPage, Serve } from './page.ts';
import { writeEvents, writeRun } from './page-stores.mjs';
import { Relval } from './relval.ts';
import { BROKEN, REGRESSION, runOf, STOPPED, writeNight } from './thirty-nights.mjs';

/** One run of each verdict, made by an older version. */
const ARCHIVE = join(import.meta.dirname, '../fixtures/runs/version-0.1.0.tar.gz');
const relval = new Relval();
const serve = new Serve(relval.runs);
let browser: Browser;
let ids: string[] = [];

/** A run as a killed relval leaves it: its record says that it runs, and it has no end. */
function kill(id: string, killed: string): void {
  const directory = join(relval.runs, killed);
  execFileSync('cp', ['-a', join(relval.runs, id), directory]);
  rmSync(join(directory, 'report'), { recursive: true });
  rmSync(join(directory, 'outcome.json'));
  const file = join(directory, 'run.json');
  const { verdict: _verdict, reason: _reason, ended: _ended, ...rest } = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...rest, id: killed, name: 'killed', state: 'running' }));
  const events = join(directory, 'events.ndjson');
  const lines = readFileSync(events, 'utf8').split('\n');
  writeFileSync(events, lines.filter((line) => !line.includes('"type":"ended"')).join('\n'));
}

/** A run that goes on, with a step in each state. */
function writeLive(id: string): void {
  const created = Date.now() - 60_000;
  const directory = writeRun(relval.runs, { id, created, process: thisProcess(), steps: 6 });
  // A run that goes on writes its numbers into its record after each event.
  const file = join(directory, 'run.json');
  const totals = { steps: 6, succeeded: 1, failed: 1, broken: 1, running: 1 };
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), totals }));
  const steps = ['good', 'bad', 'lost', 'runs', 'queued', 'waits'];
  const end = (step: string, state: StepState, exitStatus: number) => ({
    ...{ time: created + 9000, type: 'step-ended', step, attempt: 1, state, retried: false, seconds: 5, exitStatus },
  });
  writeEvents(directory, [
    { time: created, type: 'created', name: id, workflow: 'mc' },
    { time: created, type: 'planned', phase: 0, steps: steps.map((step) => ({ id: step, stage: 'all' })) },
    ...steps.slice(0, 5).map((step) => ({ time: created + 1000, type: 'step-submitted', step, attempt: 1 })),
    ...steps
      .slice(0, 4)
      .map((step) => ({ time: created + 2000, type: 'step-running', step, attempt: 1, worker: '10.0.0.1:9000' })),
    ...[end('good', 'succeeded', 0), end('bad', 'failed', 1), end('lost', 'broken', 1)],
  ]);
}

beforeAll(async () => {
  execFileSync('mkdir', ['-p', relval.runs]);
  execFileSync('tar', ['-xzf', ARCHIVE, '-C', relval.runs, '--no-same-owner', '--strip-components=1']);
  const interrupted = readdirSync(relval.runs).find((name) => name.startsWith('interrupted')) ?? '';
  kill(interrupted, interrupted.replace('interrupted', 'killed'));
  for (const night of [1, REGRESSION.first, BROKEN, STOPPED]) writeNight(relval.runs, night);
  writeLive('live-20261129-200000');
  writeRun(relval.runs, { id: 'early-20261129-210000', created: Date.now(), process: thisProcess(), steps: 0 });
  ids = readdirSync(relval.runs).sort();
  await serve.start();
  browser = await launchBrowser();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await serve.remove();
  relval.remove();
});

async function get<T>(path: string): Promise<T> {
  return (await (await fetch(`${serve.url}/api/v1/${path}`)).json()) as T;
}

interface Counts {
  succeeded: number;
  failed: number;
  broken: number;
}

/** The number of steps in each state, from the table of the steps. */
async function tableOf(id: string): Promise<{ states: Map<StepState, number>; counts: Counts; total: number }> {
  const { steps } = await get<StepPage>(`runs/${id}/steps?limit=1000`);
  const states = new Map<StepState, number>();
  for (const { state } of steps) states.set(state, (states.get(state) ?? 0) + 1);
  const count = (state: StepState): number => states.get(state) ?? 0;
  const counts = { succeeded: count('succeeded'), failed: count('failed'), broken: count('broken') };
  return { states, counts, total: steps.length };
}

const expected: Record<string, string> = {
  passed: 'passed',
  failed: 'failed',
  broken: 'broken',
  interrupted: 'interrupted',
  killed: 'interrupted',
  live: 'running',
  early: 'running',
  [runOf(1)]: 'passed',
  [runOf(REGRESSION.first)]: 'failed',
  [runOf(BROKEN)]: 'broken',
  [runOf(STOPPED)]: 'interrupted',
};
const statusOf = (id: string): string => expected[id] ?? expected[id.split('-')[0] ?? ''] ?? 'none';

describe('runs of all states', () => {
  it('have the same numbers in the head and in the table, by REST', async () => {
    expect(ids).toHaveLength(11);
    for (const id of ids) {
      const { status, totals, stages } = await get<RunDetail>(`runs/${id}`);
      const { states, counts, total } = await tableOf(id);
      expect([id, status]).toEqual([id, statusOf(id)]);
      expect([id, totals]).toMatchObject([id, { ...counts, steps: total }]);
      for (const [state, count] of states) {
        const sum = stages.reduce((all, stage) => all + stage.counts[state], 0);
        expect([id, state, sum]).toEqual([id, state, count]);
      }
    }
  });

  it('have these numbers in the list, too', async () => {
    const list = JSON.parse((await relval.run('list', '--json')).stdout) as {
      id: string;
      status: string;
      totals: Counts & { steps: number };
    }[];
    const { stdout } = await relval.run('list');
    const page = await get<{ runs: { id: string; totals: object; status: string }[] }>('runs');
    for (const id of ids) {
      const { counts, total } = await tableOf(id);
      const own = list.find((run) => run.id === id);
      expect([id, own?.status, own?.totals]).toMatchObject([id, statusOf(id), { ...counts, steps: total }]);
      const shown = page.runs.find((run) => run.id === id);
      expect([id, shown?.status, shown?.totals]).toMatchObject([id, statusOf(id), { ...counts, steps: total }]);
      const line = stdout.split('\n').find((text) => text.startsWith(id)) ?? '';
      expect(line).toContain(` ${counts.succeeded}/${total} `);
      expect(line).toContain(` ${statusOf(id)} `);
    }
  });

  it('have these numbers in the status, where only succeeded steps have the sign of success', async () => {
    for (const id of ids) {
      const { stdout } = await relval.run('status', id);
      const { states, counts, total } = await tableOf(id);
      expect(stdout).toContain(`${id}  ${statusOf(id)}`);
      const rows = stdout.split('\n').filter((line) => /^\S +\w+ +\d+\/\d+ /.test(line));
      const ended = rows.map((row) => /(\d+)\/(\d+)/.exec(row)?.slice(1).map(Number) ?? []);
      const sum = (n: number): number => ended.reduce((all, row) => all + (row[n] ?? 0), 0);
      expect([id, sum(0), sum(1)]).toEqual([id, counts.succeeded + counts.failed + counts.broken, total]);
      const named = (word: string): number =>
        rows.reduce((all, row) => all + Number(new RegExp(`(\\d+) ${word}`).exec(row)?.[1] ?? 0), 0);
      expect([id, named('failed'), named('broken')]).toEqual([id, counts.failed, counts.broken]);
      expect([id, named('running')]).toEqual([id, states.get('running') ?? 0]);
      for (const row of rows.filter((one) => one.startsWith('✓'))) expect(row).toMatch(/ (\d+)\/\1 /);
      const unlike = rows.filter((row) => row.startsWith('✓') && /failed|broken|not run|waiting|running/.test(row));
      expect(unlike).toEqual([]);
    }
  });

  it('have these numbers on the page: the badge, the stages and the rows of the table', async () => {
    for (const id of ids) {
      const { page, wrongs } = await openPage(browser, `${serve.url}/runs/${id}?view=steps`);
      const { states, counts, total } = await tableOf(id);
      await page
        .locator('.answer h1')
        .getByText(new RegExp(statusOf(id), 'i'))
        .waitFor();
      const cards = (await page.locator('.stage').allInnerTexts()).join('\n');
      const onCards = (word: string): number =>
        [...cards.matchAll(new RegExp(`(\\d+) ${word}`, 'g'))].reduce((all, [, n]) => all + Number(n), 0);
      for (const state of ['succeeded', 'failed', 'broken', 'running'] as const) {
        expect([id, state, onCards(state)]).toEqual([id, state, states.get(state) ?? 0]);
      }
      await page.getByText(total === 1 ? '1 step' : `${total} steps`, { exact: true }).waitFor();
      const badges = await page.locator('.steps [data-row] .badge').allInnerTexts();
      const rows = (word: string): number => badges.filter((badge) => badge.includes(word)).length;
      expect([id, badges.length, rows('succeeded')]).toEqual([id, total, counts.succeeded]);
      expect([id, rows('failed'), rows('broken')]).toEqual([id, counts.failed, counts.broken]);
      const isLive = statusOf(id) === 'running';
      const left = total - counts.succeeded - counts.failed - counts.broken;
      expect([id, rows('not run')]).toEqual([id, isLive ? 0 : left]);
      expect(wrongs).toEqual([]);
      await page.context().close();
    }
  });
});
