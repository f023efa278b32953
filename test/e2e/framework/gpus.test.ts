import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Cluster } from './cluster.ts';
import { Framework } from './framework.ts';
import { Flow, startCatalog, until } from './tools.ts';

/** An agent with GPUs and one without. The tasks use none: what counts is who is given them. */
const AGENTS = [
  { hostname: 'gpu.test', cpus: 4, memory: 8192, disk: 100_000, gpus: 2 },
  { hostname: 'plain.test', cpus: 4, memory: 8192, disk: 100_000 },
];

describe('tasks that need GPUs', () => {
  it('get workers that have them, from the offers that have them', async () => {
    const catalog = await startCatalog();
    const cluster = await Cluster.start({ agents: AGENTS });
    const framework = new Framework(cluster, '--catalog', catalog.address, '--config', 'pools.yaml');
    writeFileSync(
      join(framework.stateDir, 'pools.yaml'),
      'pools:\n- name: gpu\n  limit: { cores: 4, memory: 4096, disk: 4096, gpus: 2 }\n',
    );
    framework.start();
    const training = await Flow.start(catalog, 'training', { stages: [2], resources: [{ gpus: 1 }] });
    const simulation = await Flow.start(catalog, 'simulation', { stages: [2] });
    const { workers } = await framework.is('four busy workers', ({ workers: all }) => {
      return all.filter((one) => one.tasksRunning > 0).length === 4;
    });
    const placed = workers
      .map(({ project, hostname, shape }) => `${project} ${project === 'training' ? hostname : ''} ${shape.gpus ?? 0}`)
      .sort();
    expect(placed).toEqual([...Array(2).fill('simulation  0'), ...Array(2).fill('training gpu.test 1')]);
    await Promise.all([training.toEnd(), simulation.toEnd()]);
    expect([training.done, simulation.done]).toEqual([2, 2]);
  });

  it('get no worker from a pool without GPUs, and why says so', async () => {
    const catalog = await startCatalog();
    const cluster = await Cluster.start({ agents: AGENTS });
    const framework = new Framework(cluster, '--catalog', catalog.address);
    framework.start();
    await Flow.start(catalog, 'training', { stages: [2], resources: [{ gpus: 1 }] });
    await framework.is('tasks that no pool serves', ({ projects }) => projects[0]?.tasks.waiting === 2);
    const why = await until('the reason', async () => {
      const { stdout } = await framework.read('why', 'training');
      return stdout.includes('GPU') && stdout;
    });
    expect(why).toContain(
      '2 tasks of category default each need 1 core, 64 MB memory, 64 MB disk, 1 GPU: that is more than the limit of pool default',
    );
    await sleep(2000);
    expect(framework.logged(/^worker launched$/)).toBeUndefined();
  });
});
