import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type {
  Diff,
  EventMessage,
  History,
  RunDetail,
  RunPage,
  StepDetail,
  StepPage,
  Timeline,
} from '../../../validation/server/api.ts';
import { endedRun, finding, makeRun, ran, writeLog } from './sample-runs.ts';
import { Serving, until } from './serving.ts';

let serving: Serving;
beforeEach(() => {
  serving = new Serving();
});
afterEach(() => serving.close());

const DAY = 86_400_000;
const FIRST = Date.parse('2029-06-01T00:00:00Z');

describe('the list of runs', () => {
  it('has the newest first, page by page, with the numbers of their reports', async () => {
    for (let day = 0; day < 5; day++) {
      const found = [finding('boom', { age: day === 4 ? 'new' : 'known' }), finding('hm', { severity: 'warning' })];
      const reference = { run: 'x', start: 1, runs: [] };
      await endedRun(
        serving.runs,
        `r${day}`,
        'failed',
        found,
        { created: FIRST + day * DAY },
        { reference, fixed: [] },
      );
    }
    await serving.start();
    const first = await serving.api<RunPage>('runs?limit=2');
    expect(first.runs.map(({ id }) => id)).toEqual(['r4', 'r3']);
    expect(first.total).toBe(5);
    expect(first.runs[0]).toMatchObject({
      status: 'failed',
      errors: 1,
      warnings: 1,
      newErrors: 1,
      fixed: 0,
      reason: 'it failed',
    });
    expect(first.runs[1]).toMatchObject({ newErrors: 0 });
    const second = await serving.api<RunPage>(`runs?limit=2&before=${first.next}`);
    const third = await serving.api<RunPage>(`runs?limit=2&before=${second.next}`);
    expect([...second.runs, ...third.runs].map(({ id }) => id)).toEqual(['r2', 'r1', 'r0']);
    expect(third.next).toBeUndefined();
  });

  it('is filtered by workflow, status and words', async () => {
    await endedRun(serving.runs, 'a1', 'passed', [], { workflow: 'mc', release: 'vAN-20290601' });
    await endedRun(serving.runs, 'b1', 'failed', [], { workflow: 'reco' });
    makeRun(serving.runs, 'c1', { workflow: 'reco' });
    await serving.start();
    const ids = async (query: string) => (await serving.api<RunPage>(`runs?${query}`)).runs.map(({ id }) => id);
    expect(await ids('workflow=reco')).toEqual(['c1', 'b1']);
    expect(await ids('status=failed,running')).toEqual(['c1', 'b1']);
    expect(await ids('search=van-2029')).toEqual(['a1']);
    expect(await ids('search=nothing')).toEqual([]);
  });

  it('follows the directory: runs come, change and go while it is served', async () => {
    await serving.start();
    expect((await serving.api<RunPage>('runs')).total).toBe(0);
    const { socket, said } = serving.socket<EventMessage>('events');
    await until('the socket', () => socket.readyState === socket.OPEN);
    mkdirSync(join(serving.runs, 'no-run'), { recursive: true });
    const { journal } = makeRun(serving.runs, 'new');
    await until('the new run', async () => (await serving.api<RunPage>('runs')).total === 1);
    journal.end('passed', 'all is well');
    const changed = await until('its end', () => said.find((one) => one.type === 'run' && one.run.status === 'passed'));
    expect(changed).toMatchObject({ run: { id: 'new', reason: 'all is well' } });
    rmSync(join(serving.runs, 'new'), { recursive: true });
    await until('its removal', () => said.find((one) => one.type === 'gone' && one.run === 'new'));
    expect((await serving.api<RunPage>('runs')).total).toBe(0);
  });

  it('shows a run whose process is gone as interrupted, and survives an invalid run record', async () => {
    makeRun(serving.runs, 'dead', {
      process: { pid: 4_000_000, start: '1', host: (await import('node:os')).hostname() },
    });
    mkdirSync(join(serving.runs, 'bad'), { recursive: true });
    writeFileSync(join(serving.runs, 'bad', 'run.json'), '{"schema":');
    await serving.start();
    expect((await serving.api<RunPage>('runs')).runs).toMatchObject([{ id: 'dead', status: 'interrupted' }]);
  });
});

describe('a run', () => {
  it('has the progress of each stage, and continues from the events it has read', async () => {
    const { journal } = makeRun(serving.runs, 'live');
    journal.add({ type: 'planned', phase: 0, steps: [1, 2, 3, 4].map((n) => ({ id: `sim000${n}`, stage: 'sim' })) });
    ran(journal, 'sim0001');
    await serving.start();
    const before = await serving.api<RunDetail>('runs/live');
    expect(before).toMatchObject({
      totals: { steps: 4, succeeded: 1 },
      stages: [{ name: 'sim', phase: 0, counts: { succeeded: 1, waiting: 3 }, medianSeconds: 2.5 }],
      hasReport: false,
    });
    ran(journal, 'sim0002', { state: 'failed', message: 'it crashed', exitStatus: 139, signal: 'SIGSEGV' });
    const after = await serving.api<RunDetail>('runs/live');
    expect(after.totals).toMatchObject({ succeeded: 1, failed: 1 });
    ran(journal, 'sim0003', { cpuTime: 1.5, peakMemory: 3e8 });
    const { steps } = await serving.api<StepPage>('runs/live/steps?search=sim0003');
    expect(steps).toMatchObject([{ cpuTime: 1.5, peakMemory: 3e8 }]);
    expect(after.events).toBeGreaterThan(before.events);
    const page = await serving.api<StepPage>('runs/live/steps?state=failed');
    expect(page).toMatchObject({
      total: 1,
      steps: [{ id: 'sim0002', message: 'it crashed', worker: 'worker1:1234', host: 'worker1' }],
    });
    const all = await serving.api<StepPage>('runs/live/steps');
    const part = await serving.api<StepPage>('runs/live/steps?offset=1&limit=2&stage=sim');
    expect(part).toEqual({ total: 4, steps: all.steps.slice(1, 3) });
    expect(await serving.api<StepPage>('runs/live/steps?search=WORKER1')).toMatchObject({ total: 3 });
    const timeline = await serving.api<Timeline>('runs/live/timeline');
    expect(timeline).toMatchObject({ stages: ['sim'], workers: ['worker1:1234'] });
    expect(timeline.steps.worker).toEqual([0, 0, 0, -1]);
    expect(timeline.steps.submitted[3]).toBe(-1);
  });

  it('sends each event from a given place on, and nothing twice', async () => {
    const { journal } = makeRun(serving.runs, 'live');
    journal.add({ type: 'planned', phase: 0, steps: [{ id: 'sim0001', stage: 'sim' }] });
    await serving.start();
    const { events } = await serving.api<RunDetail>('runs/live');
    ran(journal, 'sim0001');
    const { said } = serving.socket<EventMessage>(`events?run=live&offset=${events}`);
    await until('the events', () => said.filter(({ type }) => type === 'event').length === 3);
    journal.end('passed', 'well');
    await until('the end', () => said.some((one) => one.type === 'event' && one.event.type === 'ended'));
    const types = said.flatMap((one) => (one.type === 'event' ? [one.event.type] : []));
    expect(types).toEqual(['step-submitted', 'step-running', 'step-ended', 'ended']);
  });

  it('has of a step its attempts, logs and findings, and the last good run with the same step', async () => {
    await endedRun(serving.runs, 'good', 'passed', [], { created: FIRST });
    await endedRun(serving.runs, 'failed', 'failed', [], { created: FIRST + DAY });
    const run = await endedRun(serving.runs, 'now', 'failed', [finding('boom')], { created: FIRST + 2 * DAY });
    writeLog(run, 'sim0001', 1, 'logs/deep/rec.log', 'text\n');
    await serving.start();
    const step = await serving.api<StepDetail>('runs/now/steps/sim0001');
    expect(step).toMatchObject({
      state: 'succeeded',
      cpuTime: 1.5,
      peakMemory: 3_000_000,
      errors: 1,
      findings: [{ message: 'boom' }],
      lastGood: { run: 'good', step: 'sim0001', attempt: 1 },
    });
    expect(step.attempts).toMatchObject([{ number: 1, host: 'worker1', exitStatus: 0 }]);
    expect(step.attempts[0]?.logs).toEqual([
      { stream: 'stdout', size: 11 },
      { stream: 'logs/deep/rec.log', size: 5 },
    ]);
  });

  it('is compared with another by fingerprint, and has its place in the history', async () => {
    await endedRun(serving.runs, 'a', 'failed', [finding('old'), finding('both')], { created: FIRST });
    await endedRun(serving.runs, 'b', 'failed', [finding('both'), finding('fresh')], { created: FIRST + DAY });
    await serving.start();
    const diff = await serving.api<Diff>('diff?a=a&b=b');
    const messages = (list: { message: string }[]) => list.map(({ message }) => message);
    expect([messages(diff.new), messages(diff.known), messages(diff.fixed)]).toEqual([['fresh'], ['both'], ['old']]);
    expect(diff.steps).toMatchObject([{ id: 'sim0001', stateA: 'succeeded', stateB: 'succeeded', secondsA: 2.5 }]);
    const history = await serving.api<History>('history');
    expect(history.workflows).toMatchObject([{ workflow: 'mc', name: 'gpmc', runs: [{ id: 'b' }, { id: 'a' }] }]);
  });

  it('is answered with 304 when the client has it, and compressed when it is long', async () => {
    const { journal } = makeRun(serving.runs, 'live');
    const steps = Array.from({ length: 300 }, (_, n) => ({ id: `sim${n}`, stage: 'sim' }));
    journal.add({ type: 'planned', phase: 0, steps });
    await serving.start();
    const first = await serving.raw('/api/v1/runs/live/steps', { 'accept-encoding': 'br' });
    expect(first.headers).toMatchObject({ 'content-encoding': 'br', vary: 'accept-encoding' });
    const again = await serving.raw('/api/v1/runs/live/steps', { 'if-none-match': String(first.headers.etag) });
    expect([again.status, again.body]).toEqual([304, '']);
    ran(journal, 'sim7');
    const changed = await serving.raw('/api/v1/runs/live/steps', { 'if-none-match': String(first.headers.etag) });
    expect(changed.status).toBe(200);
  });
});
