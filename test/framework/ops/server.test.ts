import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Driver } from '../../../framework/driver.ts';
import type { Logger } from '../../../framework/log.ts';
import { parseMaster } from '../../../framework/mesos/leader.ts';
import { type OpsServer, serveOps } from '../../../framework/ops/server.ts';
import { workQueue } from '../../../framework/workqueue/watcher.ts';
import { demand, manager, need, offer, pool, status } from '../scheduler/fixtures.ts';

const silent = () => undefined;
const log: Logger = { debug: silent, info: silent, warn: silent, error: silent };

let dir: string;
let driver: Driver;
let ops: OpsServer;

/** The real driver, whose connection and watcher are never started: events are handed to it directly. */
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ops-test-'));
  driver = new Driver({
    pools: [
      pool({
        environment: { TOKEN: 'secret' },
        dockerParameters: [{ key: 'env', value: 'TOKEN=secret' }],
        uris: [{ uri: 'https://me:secret@host/file?token=secret' }],
        constraints: [{ field: 'rack', operator: 'LIKE', pattern: /^r1$/ }],
      }),
    ],
    info: { user: 'tester', name: 'test' },
    connection: { locate: parseMaster('127.0.0.1:1', { log }) },
    sources: [workQueue({ catalogs: [], managers: [] })],
    stateDir: dir,
    log,
    onFatal: silent,
  });
  ops = await serveOps(driver, '127.0.0.1', 0);
});
afterEach(async () => {
  await ops.close();
  await driver.stop({ teardown: false });
  rmSync(dir, { recursive: true, force: true });
});

/** The status of a request whose target and headers are sent as they are, which `fetch` does not do. */
function statusOf(path: string, headers: Record<string, string>, address = ops.address): Promise<number> {
  const port = Number(address.slice(address.lastIndexOf(':') + 1));
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, headers, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.once('error', reject).end();
  });
}

const get = (path: string, init?: RequestInit) => fetch(`http://${ops.address}${path}`, init);

function subscribed(): void {
  const framework_id = { value: driver.scheduler.state.frameworkId ?? '' };
  driver.handle({ type: 'mesos', event: { type: 'SUBSCRIBED', subscribed: { framework_id } } });
}

describe('the operators’ server', () => {
  it('says on /healthz whether the framework is subscribed', async () => {
    const before = await get('/healthz');
    expect([before.status, await before.text()]).toEqual([503, 'not subscribed to a Mesos master\n']);
    subscribed();
    expect((await get('/healthz')).status).toBe(200);
    driver.handle({ type: 'disconnected' });
    expect((await get('/healthz')).status).toBe(503);
  });

  it('gives everything on /state, but no secrets', async () => {
    subscribed();
    driver.handle({ type: 'demand', demand: demand([manager({ waiting: [need(2)] })]) });
    driver.handle({ type: 'mesos', event: { type: 'OFFERS', offers: { offers: [offer({ cores: 1 })] } } });
    const answer = await get('/state');
    expect(answer.headers.get('content-type')).toBe('application/json');
    const text = await answer.text();
    expect(text).not.toContain('secret');
    expect(JSON.parse(text)).toMatchObject({
      frameworkId: driver.scheduler.state.frameworkId,
      subscribed: true,
      master: { phase: 'stopped' },
      pools: [
        {
          name: 'default',
          source: 'workqueue',
          projects: '^.*$',
          constraints: [['rack', 'LIKE', '^r1$']],
          environment: ['TOKEN'],
          dockerParameters: ['env'],
          uris: ['https://host/file'],
        },
      ],
      demand: { projects: [{ name: 'sim', tasksWaiting: 2 }] },
      projects: [{ project: 'sim', blocked: 'constraints', workers: { missing: 2 } }],
      workers: [],
      offersHeld: [],
      backoffs: { pools: {}, agents: {} },
      counters: { launches: 0, declines: 1 },
    });
  });

  it('gives on /metrics what Prometheus can parse', async () => {
    subscribed();
    driver.handle({ type: 'pools', pools: [pool()] });
    driver.handle({ type: 'demand', demand: demand([manager({ waiting: [need(2)], name: 'a "b"\\c' })]) });
    driver.handle({ type: 'mesos', event: { type: 'OFFERS', offers: { offers: [offer({ cores: 1 })] } } });
    const [worker] = driver.scheduler.state.workers.keys();
    driver.handle({
      type: 'mesos',
      event: { type: 'UPDATE', update: { status: status(worker ?? '', 'TASK_RUNNING') } },
    });
    const answer = await get('/metrics');
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    for (const line of lines)
      expect(line).toMatch(/^[a-z_][\w:]*(\{\w+="(\\.|[^"\\])*"(,\w+="(\\.|[^"\\])*")*\})? \S+$/);
    const values = new Map(
      lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), line.slice(line.lastIndexOf(' ') + 1)]),
    );
    expect(values.get('workqueue_subscribed')).toBe('1');
    expect(values.get('workqueue_launches_total')).toBe('1');
    expect(values.get('workqueue_offers_held')).toBe('0');
    expect(values.get('workqueue_workers{pool="default",phase="running"}')).toBe('1');
    expect(values.get('workqueue_tasks{project="a \\"b\\"\\\\c",state="waiting"}')).toBe('2');
    expect(values.get('workqueue_pool_paused{pool="default"}')).toBe('0');
    expect(Number(values.get('process_resident_memory_bytes'))).toBeGreaterThan(0);
  });

  it('answers only what it has, and only to be read', async () => {
    expect((await get('/nothing')).status).toBe(404);
    expect((await get('/state', { method: 'POST' })).status).toBe(405);
    expect((await get('/healthz', { method: 'HEAD' })).status).toBe(503);
    expect((await get('/metrics?x=1')).status).toBe(200);
  });

  it('lets nothing be kept, and goes on after malformed targets', async () => {
    for (const path of ['/healthz', '/metrics', '/state', '/nothing']) {
      const { headers } = await get(path);
      expect([headers.get('cache-control'), headers.get('x-content-type-options')]).toEqual(['no-store', 'nosniff']);
    }
    for (const target of ['//', '//[', 'http://evil.example.org/state', '/%zz']) await statusOf(target, {});
    expect((await get('/metrics')).status).toBe(200);
  });

  it('answers no page of another site', async () => {
    subscribed();
    for (const path of ['/healthz', '/metrics', '/state']) {
      expect(await statusOf(path, { host: 'localhost:80' })).toBe(200);
      expect(await statusOf(path, { host: 'evil.example.org' })).toBe(421);
      expect(await statusOf(path, { host: hostname() })).toBe(421);
      expect(await statusOf(path, { origin: 'http://evil.example.org' })).toBe(403);
    }
  });

  it('where others can reach it, gives monitoring what it asks for under any name, and /state under known ones', async () => {
    subscribed();
    const open = await serveOps(driver, '0.0.0.0', 0, ['Mesos1.example.org']);
    try {
      const { address } = open;
      for (const host of ['any.example.org', '192.0.2.7:9200']) {
        expect(await statusOf('/metrics', { host }, address)).toBe(200);
        expect(await statusOf('/healthz', { host }, address)).toBe(200);
        expect(await statusOf('/state', { host }, address)).toBe(421);
      }
      for (const host of ['mesos1.example.org:9200', hostname(), 'localhost', '127.0.0.1', '0.0.0.0']) {
        expect([host, await statusOf('/state', { host }, address)]).toEqual([host, 200]);
      }
      for (const path of ['/metrics', '/healthz', '/state']) {
        expect(await statusOf(path, { origin: 'http://evil.example.org' }, address)).toBe(403);
      }
    } finally {
      await open.close();
    }
  });

  it('says what is wrong when it cannot listen', async () => {
    const port = Number(ops.address.split(':')[1]);
    await expect(serveOps(driver, '127.0.0.1', port)).rejects.toThrow('EADDRINUSE');
  });
});
