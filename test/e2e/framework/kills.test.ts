import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Cluster } from './cluster.ts';
import { Framework, workerProcesses } from './framework.ts';
import { Flow, startCatalog, until } from './tools.ts';

const KILLS = 20;
/** 48 steps. Idle workers are given back at once, so each wide stage needs its workers anew. */
const STAGES = [1, 8, 1, 8, 1, 8, 1, 8, 1, 8, 1, 2];
/** The most that wait at once. There are eight times as many cores, so that nothing but the tasks sets this limit. */
const WIDEST = 8;

/**
 * Any moment from before it subscribes to long after; every other time the next launch, if that is sooner.
 * @param startMs that it takes to subscribe: on a busy machine many times as long
 */
async function randomMoment(framework: Framework, kill: number, startMs: number): Promise<void> {
  const end = performance.now() + randomInt(100, Math.ceil(1000 + startMs));
  while (performance.now() < end && (kill % 2 === 0 || !framework.logged('worker launched'))) await sleep(5);
  if (framework.logged('worker launched')) await sleep(randomInt(0, 60));
}

describe('a framework that is killed again and again', () => {
  it('loses no task, launches nothing twice and leaves nothing behind', async () => {
    const catalog = await startCatalog();
    const cluster = await Cluster.start();
    const flow = await Flow.start(catalog, 'killed', { stages: STAGES, seconds: 2 });
    const framework = new Framework(cluster, '--catalog', catalog.address, '--idle', '0');
    const ids = new Set<string>();
    let starting = 0;
    let most = 0;

    const watching = (async () => {
      for (; !flow.ended; await sleep(50)) most = Math.max(most, (await flow.status())?.workers ?? 0);
    })();
    const begin = performance.now();
    framework.start();
    await framework.subscribed();
    const startMs = performance.now() - begin;
    await framework.kill();
    for (let kill = 0; kill < KILLS; kill++) {
      // However slow the machine is, the last stage does not end before the last kill.
      const stage = Math.floor((kill / KILLS) * STAGES.length);
      flow.letGo(stage);
      framework.start();
      await randomMoment(framework, kill, startMs);
      await framework.kill();
      for (const { id, tasks } of (await cluster.state()).frameworks) {
        ids.add(id);
        const alive = tasks.filter(({ state }) => state !== 'TASK_KILLING');
        starting += Math.max(0, alive.length - ((await flow.status())?.workers ?? 0));
      }
    }
    framework.start();
    await flow.toEnd();
    await watching;

    expect(flow.done).toBe(48);
    expect(most).toBeLessThanOrEqual(WIDEST);
    const { frameworkId } = await framework.subscribed();
    expect([...ids]).toEqual([frameworkId]);
    const launches = await cluster.tasksOf(frameworkId);
    expect(launches.length).toBeLessThanOrEqual(48 + starting);
    await until('the last worker to go', () => workerProcesses(frameworkId).length === 0);
    await framework.is('an empty state', ({ workers }) => workers.length === 0);
    // Tasks that began twice were taken from a worker that ran them: a kill of the framework is no reason for that. But a
    // manager may give a task to an idle worker in the very moment in which that is given back: once in a while.
    expect(flow.begun).toBeLessThanOrEqual(48 + 4);
  });
});
