import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Cluster, type ClusterOptions } from './cluster.ts';
import { Framework } from './framework.ts';
import { Flow, startCatalog, until } from './tools.ts';

/** A flow of eight steps, each on a worker of its own. */
async function eightAtWork(options: ClusterOptions = {}) {
  const catalog = await startCatalog();
  const cluster = await Cluster.start(options);
  const framework = new Framework(cluster, '--catalog', catalog.address);
  framework.start();
  const flow = await Flow.start(catalog, 'faults', { stages: [8] });
  await until('eight busy workers', async () => (await flow.status())?.onWorkers === 8);
  const { frameworkId } = await framework.is('eight busy workers', ({ workers }) => connected(workers) === 8);
  const launches = async () => (await cluster.tasksOf(frameworkId)).length;
  return { catalog, cluster, framework, flow, frameworkId, launches };
}

function connected(workers: readonly { connected: boolean }[]): number {
  return workers.filter((worker) => worker.connected).length;
}

const TWO_AGENTS = [
  { hostname: 'one', cpus: 4, memory: 16_384, disk: 100_000 },
  { hostname: 'two', cpus: 8, memory: 16_384, disk: 100_000 },
];

describe('a framework whose master is in trouble', () => {
  it('subscribes again when its stream is cut, and launches nothing anew', async () => {
    const { cluster, framework, flow, frameworkId, launches } = await eightAtWork();
    for (let cut = 1; cut <= 3; cut++) {
      await cluster.fault('dropStreams');
      await until('a new subscription', () => framework.log.filter(({ msg }) => msg === 'subscribed').length > cut);
    }
    await flow.toEnd();
    expect(flow.begun).toBe(8);
    expect(await launches()).toBe(8);
    expect((await framework.subscribed()).frameworkId).toBe(frameworkId);
  });

  it('takes a master without heartbeats for dead, and its workers work on', async () => {
    const { cluster, framework, flow, launches } = await eightAtWork({ timings: { heartbeat: 500 } });
    await cluster.fault('stopHeartbeats', true);
    await until('the end of its patience', () => framework.logged(/subscription is lost: nothing arrived/));
    await cluster.fault('stopHeartbeats', false);
    await framework.subscribed();
    await flow.toEnd();
    expect(flow.begun).toBe(8);
    expect(await launches()).toBe(8);
  });

  it('keeps workers that a restarted master does not know yet', async () => {
    const { cluster, framework, flow, frameworkId } = await eightAtWork();
    await cluster.fault('restart', 'empty', 3000);
    await framework.is('workers out of sight', ({ workers }) =>
      workers.some(({ lostSince }) => lostSince !== undefined),
    );
    const back = await framework.is('workers back in sight', ({ workers }) => {
      return workers.every(({ lostSince, phase }) => lostSince === undefined && phase === 'running');
    });
    expect(back.workers.length).toBe(8);
    expect(back.frameworkId).toBe(frameworkId);
    await flow.toEnd();
    expect(flow.begun).toBe(8);
    expect((await framework.state()).counters).toMatchObject({ launches: 8, failedEarly: 0 });
  });

  it('starts over when master, agent and workers have died together', async () => {
    const { cluster, framework, flow, frameworkId } = await eightAtWork();
    await cluster.crash();
    await framework.is('a lost subscription', ({ subscribed }) => !subscribed);
    const next = await Cluster.start({ port: cluster.port });
    // If the steps ended now, the first workers would take those of the workers that come a moment later.
    await until('eight new workers', async () => (await next.tasksOf(frameworkId)).length === 8);
    await flow.toEnd();
    expect(flow.done).toBe(8);
    expect((await next.tasksOf(frameworkId)).length).toBe(8);
    expect((await framework.state()).frameworkId).toBe(frameworkId);
  });

  it('is turned away for a while, and comes back', async () => {
    const { cluster, framework, flow, launches } = await eightAtWork();
    await cluster.fault('refuse', 503);
    await cluster.fault('dropStreams');
    await framework.is('a lost subscription', ({ subscribed }) => !subscribed);
    expect((await framework.get('/healthz')).status).toBe(503);
    await cluster.fault('refuse', undefined);
    await framework.subscribed();
    expect((await framework.get('/healthz')).status).toBe(200);
    await flow.toEnd();
    expect(await launches()).toBe(8);
  });
});

describe('a framework whose agent is in trouble', () => {
  it('waits for workers that still serve their manager on an agent out of sight', async () => {
    const { cluster, framework, flow, launches } = await eightAtWork({ agents: TWO_AGENTS });
    await cluster.fault('loseAgent', 0);
    const { workers } = await framework.is('unreachable workers', ({ workers }) => {
      return workers.some(({ phase }) => phase === 'unreachable');
    });
    expect(connected(workers)).toBe(8);
    await sleep(1500);
    await cluster.fault('returnAgent', 0);
    await framework.is('reachable workers', ({ workers }) => workers.every(({ phase }) => phase === 'running'));
    await flow.toEnd();
    expect(flow.begun).toBe(8);
    expect(await launches()).toBe(8);
  });

  it('replaces the workers of an agent that is gone for ever', async () => {
    const { cluster, framework, flow, launches } = await eightAtWork({ agents: TWO_AGENTS });
    const { workers } = await framework.state();
    const lost = workers.filter(({ hostname }) => hostname === 'one').length;
    await cluster.fault('markAgentGone', 0);
    await until('the lost steps to begin elsewhere', () => flow.begun === 8 + lost);
    await flow.toEnd();
    expect(flow.done).toBe(8);
    expect(flow.begun).toBe(8 + lost);
    expect(await launches()).toBe(8 + lost);
  });
});

describe('a framework whose catalog is down', () => {
  it('serves the managers that it knows, and finds new ones when the catalog is back', async () => {
    const catalog = await startCatalog();
    const cluster = await Cluster.start();
    const framework = new Framework(cluster, '--catalog', catalog.address);
    framework.start();
    const flow = await Flow.start(catalog, 'known', { stages: [2, 6] });
    await until('the first workers', async () => (await flow.status())?.onWorkers === 2);
    catalog.process.kill('SIGKILL');
    await framework.is(
      'a problem',
      ({ demand }) => demand?.problems.some((text) => text.includes(catalog.address)) === true,
    );
    flow.letGo(0);
    await until('the workers of the second stage', async () => (await flow.status())?.onWorkers === 6);
    await flow.toEnd();
    expect(flow.done).toBe(8);

    const again = await startCatalog(catalog.port);
    const late = await Flow.start(again, 'late', { stages: [1] });
    await late.toEnd();
    expect(late.done).toBe(1);
    expect((await framework.state()).counters.launches).toBeLessThanOrEqual(2 + 6 + 1);
  });
});
