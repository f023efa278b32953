import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Cluster, CriticalPath, FollowMessage, RunPage, StepPage } from '../../validation/server/api.ts';
import { GPMC, Relval, ROOT, until } from './relval.ts';

const FRAMEWORK = join(ROOT, 'dist', 'framework', 'main.js');
/** Connections that somebody opens and leaves open. */
const MANY = 10_000;

let relval: Relval;
beforeEach(() => {
  relval = new Relval();
});
afterEach(() => relval.remove());

interface Started {
  url: string;
  port: number;
  pid: number;
  ended: ReturnType<Relval['start']>['ended'];
  said: () => string;
}

async function serve(...flags: string[]): Promise<Started> {
  const { child, ended } = relval.start('serve', '--listen', '127.0.0.1:0', '--runs', relval.runs, ...flags);
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += chunk;
  });
  const url = await until('the server', 20, () => /http:\/\/\S+/.exec(text)?.[0]);
  return { url, port: Number(new URL(url).port), pid: child.pid as number, ended, said: () => text };
}

describe('relval serve', () => {
  it('ends at once with its clients on SIGTERM, and says when its address is in use', async () => {
    const { url, port, pid, ended } = await serve();
    const second = await relval.run('serve', '--listen', `127.0.0.1:${port}`);
    expect([second.code, second.stderr]).toEqual([2, expect.stringContaining('the address is in use')]);
    const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/events`);
    await new Promise((resolve) => socket.once('open', resolve));
    const idle = connect(port, '127.0.0.1');
    await new Promise((resolve) => idle.once('connect', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const start = Date.now();
    process.kill(pid, 'SIGTERM');
    expect(await closed).toBe(1001);
    expect((await ended).code).toBe(0);
    expect(Date.now() - start).toBeLessThan(60_000);
    idle.destroy();
  });

  it('refuses what it cannot use before it listens', async () => {
    const short = join(relval.dir, 'token');
    writeFileSync(short, 'short\n');
    const bad: [flags: string[], said: RegExp][] = [
      [['--listen', 'nowhere'], /expected HOST:PORT/],
      [['--token-file', short], /at least 16 characters/],
      [['--token-file', '/nowhere'], /no such file/],
      [['--inputs', '/nowhere'], /no such directory/],
      [['--framework', 'ftp://x'], /expected http:/],
    ];
    for (const [flags, said] of bad) {
      const { code, stderr } = await relval.run('serve', ...flags);
      expect([flags, code, stderr]).toEqual([flags, 2, expect.stringMatching(said)]);
    }
  });

  it('serves others while somebody holds 10,000 connections', async () => {
    const { url, port } = await serve();
    const held: Socket[] = [];
    try {
      for (let n = 0; n < MANY; n += 500) {
        const some = Array.from({ length: 500 }, (_, index) => {
          const socket = connect(port, '127.0.0.1');
          held.push(socket);
          socket.on('error', () => undefined);
          // Half of them begin a request, and never end it.
          return new Promise((resolve) => {
            socket.once('connect', () => {
              if (index % 2 === 0) socket.write('GET /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
              resolve(undefined);
            });
            socket.once('close', resolve);
          });
        });
        await Promise.all(some);
        const answer = await fetch(`${url}/api/v1/runs`);
        expect([n, answer.status]).toEqual([n, 200]);
        await answer.arrayBuffer();
      }
      const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/events`);
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      socket.close();
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(Number(/^relval_server_connections (\d+)$/m.exec(metrics)?.[1])).toBeLessThanOrEqual(2000);
    } finally {
      for (const socket of held) socket.destroy();
    }
  });
});

describe('relval run --page', () => {
  it('shows a run while it runs: its steps, a log to its end, the framework, and the page', async () => {
    const { child, ended } = relval.start('run', GPMC, '--local', '--page');
    let said = '';
    child.stderr?.on('data', (chunk) => {
      said += chunk;
    });
    const page = await until('the address', 60, () => /page: (http:\S+)/.exec(said)?.[1]);
    const { origin, pathname } = new URL(page);
    const id = decodeURIComponent(pathname.slice('/runs/'.length));
    const get = async <T>(path: string): Promise<T> => (await (await fetch(`${origin}/api/v1/${path}`)).json()) as T;
    expect((await get<RunPage>('runs')).runs).toMatchObject([
      { id, status: expect.stringMatching(/preparing|running/) },
    ]);
    const state = await until('the framework', 60, async () => {
      const { frameworks } = await get<Cluster>('cluster');
      return frameworks.find(({ reachable }) => reachable);
    });
    expect(state.state).toMatchObject({ pools: [{ name: 'default' }] });
    const stateDir = join(relval.runs, id, 'local', 'framework');
    const why = execFileSync(process.execPath, [FRAMEWORK, 'why', '--state-dir', stateDir], { encoding: 'utf8' });
    expect(why).toMatch(/tasks: |knows no manager/);
    const step = await until('a step that has begun', 60, async () => {
      const { steps } = await get<StepPage>(`runs/${id}/steps`);
      return steps.find((one) => one.attempt > 0)?.id;
    });
    const messages: FollowMessage[] = [];
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/api/v1/runs/${id}/steps/${step}/log/follow`);
    socket.on('message', (data) => messages.push(JSON.parse(String(data))));
    await until('the end of the log', 120, () => messages.some(({ type }) => type === 'end'));
    expect(messages.map((one) => (one.type === 'data' ? one.text : '')).join('')).not.toBe('');
    await until('a critical path that begins with a simulation', 60, async () => {
      const { steps } = await get<CriticalPath>(`runs/${id}/critical-path`);
      return /^sim\d{4}$/.test(steps[0]?.id ?? '') ? true : undefined;
    });
    const svg = await fetch(`${origin}/api/v1/runs/${id}/graph.svg`);
    expect([svg.status, await svg.text()]).toEqual([200, expect.stringContaining(id)]);
    expect((await ended).code).toBe(0);
    await expect(fetch(`${origin}/api/v1/runs`)).rejects.toThrow();
  });
});

/** What of the answers is looked at. */
interface Answer {
  run: string;
  status: string;
  yaml: string;
  error: { message: string };
  findings: { fingerprint: string }[];
  steps: unknown[];
}

describe('what changes something', () => {
  it('starts a run with the token, stops it, resumes it and accepts it, in a directory of runs that was not there', async () => {
    const token = join(relval.dir, 'token');
    writeFileSync(token, 'a-token-of-this-test-0123456789\n');
    chmodSync(token, 0o600);
    const inputs = join(relval.dir, 'inputs');
    mkdirSync(inputs);
    // The first step goes on until it is told to; the one after it tells of an error.
    const gate = join(relval.dir, 'gate');
    const input = join(inputs, 'gated.yaml');
    const stages = [
      { name: 'first', command: `until [ -e ${gate} ]; do sleep 0.1; done` },
      { name: 'second', after: ['first'], command: 'echo "E-ProcessOutput: no histogram"' },
    ];
    writeFileSync(input, JSON.stringify({ name: 'gated', stages }));
    expect(existsSync(relval.runs)).toBe(false);
    const { url, said } = await serve('--token-file', token, '--inputs', inputs);
    expect(said()).toContain('which the first run will create');
    const headers = { authorization: 'Bearer a-token-of-this-test-0123456789', 'content-type': 'application/json' };
    const post = async (path: string, body: unknown): Promise<{ status: number; text: string }> => {
      const answer = await fetch(`${url}/api/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      return { status: answer.status, text: await answer.text() };
    };
    const runs = async (): Promise<RunPage> => (await (await fetch(`${url}/api/v1/runs`)).json()) as RunPage;
    expect(await runs()).toMatchObject({ runs: [], total: 0 });
    const bad = await post('runs', { input, local: true, set: ['nonsense'] });
    expect([bad.status, bad.text]).toEqual([400, expect.stringContaining('nonsense')]);
    const started = await post('runs', { input, local: true, name: 'fromweb' });
    expect([started.status, started.text]).toEqual([202, expect.stringMatching(/"run":"fromweb-/)]);
    const { run } = JSON.parse(started.text) as { run: string };
    const become = (what: string): Promise<boolean> =>
      until(`${what} of ${run}`, 90, async () => {
        const { status, accepted } = (await runs()).runs.find(({ id }) => id === run) ?? {};
        return status === what || (what === 'accepted' && accepted !== undefined) || undefined;
      });
    const stepRuns = async (): Promise<true | undefined> => {
      const { steps } = (await (await fetch(`${url}/api/v1/runs/${run}/steps`)).json()) as StepPage;
      return steps.some(({ state }) => state === 'running') || undefined;
    };
    await until('its first step', 90, stepRuns);
    const early = await post(`runs/${run}/accept`, { note: 'too early' });
    expect([early.status, early.text]).toEqual([400, expect.stringContaining(run)]);
    const stopped = await post(`runs/${run}/stop`, {});
    expect(stopped).toMatchObject({ status: 202 });
    await become('interrupted');
    const resumed = await post(`runs/${run}/resume`, {});
    expect(resumed).toMatchObject({ status: 202 });
    await until('its first step again', 90, stepRuns);
    writeFileSync(gate, '');
    await become('failed');
    const accepted = await post(`runs/${run}/accept`, {
      note: 'known; the histogram comes with the next tag',
      by: 'Ann',
    });
    expect(accepted).toMatchObject({ status: 200, text: expect.stringContaining('is accepted') });
    await become('accepted');
    const { steps } = (await (await fetch(`${url}/api/v1/runs/${run}/steps`)).json()) as StepPage;
    expect(steps.map(({ id, cpuTime }) => [id, typeof cpuTime])).toEqual([
      ['first', 'number'],
      ['second', 'number'],
    ]);
    expect(await post('runs/nothing/stop', {})).toMatchObject({ status: 404 });
  });

  it('starts a nightly at any time, writes an exception for its finding, and runs its step again', async () => {
    const token = join(relval.dir, 'token');
    writeFileSync(token, 'a-token-of-this-test-0123456789\n', { mode: 0o600 });
    const workflow = join(relval.dir, 'noisy.yaml');
    const stages = [{ name: 'noisy', command: 'echo "E-ProcessOutput: no histogram of run 17"' }];
    writeFileSync(workflow, JSON.stringify({ name: 'noisy', stages }));
    const nightlies = join(relval.dir, 'nightly.yaml');
    const night = { run: workflow, at: '02:00', timeZone: 'UTC', local: true, description: 'one noisy step' };
    const elsewhere = { ...night, runs: join(relval.dir, 'others') };
    const file = { nightlies: { noisy: { ...night, runs: relval.runs }, elsewhere } };
    writeFileSync(nightlies, JSON.stringify(file));
    const rules = join(relval.dir, 'rules.yaml');
    const { url } = await serve('--token-file', token, '--nightlies', nightlies, '--exceptions', rules);
    const ask = async (path: string, body?: unknown) => {
      const headers = { authorization: 'Bearer a-token-of-this-test-0123456789', 'content-type': 'application/json' };
      const init = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) };
      const answer = await fetch(`${url}/api/v1/${path}`, init);
      return { status: answer.status, body: (await answer.json()) as Answer };
    };
    expect((await ask('startables')).body).toEqual({
      inputs: [],
      more: false,
      nightlies: [
        { name: 'noisy', description: 'one noisy step' },
        { name: 'elsewhere', description: 'one noisy step' },
      ],
    });
    expect(await ask('runs', { nightly: 'none' })).toMatchObject({ status: 400 });
    const other = await ask('runs', { nightly: 'elsewhere' });
    expect([other.status, other.body.error.message]).toEqual([400, expect.stringContaining('are kept in')]);
    const started = await ask('runs', { nightly: 'noisy' });
    expect(started, JSON.stringify(started.body)).toMatchObject({ status: 202 });
    const { run } = started.body;
    const status = async () => (await ask(`runs/${run}`)).body.status;
    await until('its end', 90, async () => (await status()) === 'failed' || undefined);

    const report = (await ask(`runs/${run}/report?format=json`)).body;
    const fingerprint = report.findings[0]?.fingerprint ?? '';
    const excuse = { finding: fingerprint, reason: 'comes with the next tag', owner: 'Ann', until: '2999-01-31' };
    const shown = await ask(`runs/${run}/exception?${new URLSearchParams(excuse)}`);
    expect(shown.body.yaml).toContain('reason: comes with the next tag');
    const past = await ask(`runs/${run}/exception`, { ...excuse, until: '2020-01-31' });
    expect([past.status, past.body.error.message]).toEqual([400, expect.stringContaining('has passed')]);
    expect(existsSync(rules)).toBe(false);
    expect(await ask(`runs/${run}/exception`, excuse)).toMatchObject({ status: 200 });
    const again = await relval.run('report', run, '--rules', rules);
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('excused: comes with the next tag (Ann')]);

    expect(await ask(`runs/${run}/retry`, { steps: ['none'] })).toMatchObject({ status: 400 });
    expect(await ask(`runs/${run}/retry`, { steps: ['noisy'] })).toMatchObject({ status: 202 });
    await until('its end', 90, async () => (await status()) === 'failed' || undefined);
    const { steps } = (await ask(`runs/${run}/steps`)).body;
    expect(steps).toMatchObject([{ id: 'noisy', attempt: 2 }]);
  });
});
