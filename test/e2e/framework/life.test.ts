import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Cluster } from './cluster.ts';
import { Framework, workerProcesses } from './framework.ts';
import { Flow, startCatalog, until } from './tools.ts';

async function fourAtWork(...args: string[]) {
  const catalog = await startCatalog();
  const cluster = await Cluster.start();
  const framework = new Framework(cluster, '--catalog', catalog.address, ...args);
  framework.start();
  const flow = await Flow.start(catalog, 'life', { stages: [4] });
  await until('four busy workers', async () => (await flow.status())?.onWorkers === 4);
  const { frameworkId } = await framework.state();
  expect(workerProcesses(frameworkId).length).toBe(4);
  return { catalog, cluster, framework, flow, frameworkId };
}

describe('the end of a framework', () => {
  it('leaves its workers at work on SIGTERM, and the next start takes them up', async () => {
    const { cluster, framework, flow, frameworkId } = await fourAtWork();
    expect(await framework.kill('SIGTERM')).toBe(0);
    expect((await flow.status())?.onWorkers).toBe(4);

    framework.start();
    const { workers } = await framework.is('its workers', ({ workers }) => {
      return workers.every(({ connected, phase }) => connected && phase === 'running');
    });
    expect(workers.map(({ restored, phase }) => ({ restored, phase }))).toEqual(
      Array.from({ length: 4 }, () => ({ restored: true, phase: 'running' })),
    );
    await flow.toEnd();
    expect(flow.begun).toBe(4);
    expect((await cluster.tasksOf(frameworkId)).length).toBe(4);
    await until('its workers to go', () => workerProcesses(frameworkId).length === 0);
  });

  it('takes its workers with it when told to, and begins anew with another id', async () => {
    const { cluster, framework, frameworkId } = await fourAtWork('--teardown-on-exit');
    expect(await framework.kill('SIGTERM')).toBe(0);
    await until('its workers to go', () => workerProcesses(frameworkId).length === 0);
    expect((await cluster.state()).completed_frameworks.map(({ id }) => id)).toContain(frameworkId);

    framework.start();
    expect((await framework.subscribed()).frameworkId).not.toBe(frameworkId);
  });

  it('can be brought about later by the teardown command, but not under a running framework', async () => {
    const { cluster, framework, flow, frameworkId } = await fourAtWork();
    const refused = await framework.read('teardown', '--master', cluster.address);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/process \d+ on \S+ uses the journal/);
    expect((await flow.status())?.onWorkers).toBe(4);

    await framework.kill('SIGTERM');
    const done = await framework.read('teardown', '--master', cluster.address);
    expect(done).toMatchObject({ code: 0, stdout: `framework ${frameworkId} was torn down\n` });
    await until('its workers to go', () => workerProcesses(frameworkId).length === 0);

    const elsewhere = await new Framework(cluster).read('teardown', '--master', cluster.address);
    expect(elsewhere.code).toBe(2);
    expect(elsewhere.stderr).toContain('no framework has run with the state directory');
  });
});

describe('two frameworks', () => {
  it('do not share a state directory: the second refuses, and says why', async () => {
    const cluster = await Cluster.start();
    const framework = new Framework(cluster, '--catalog', '127.0.0.1:1');
    const first = framework.start();
    await framework.subscribed();
    const second = await framework.read('--master', cluster.address, '--catalog', '127.0.0.1:1');
    expect(second.code).toBe(2);
    expect(second.stderr).toMatch(new RegExp(`process ${first.process.pid} on \\S+ uses the journal`));
    expect((await framework.get('/healthz')).status).toBe(200);
  });

  it('serve the projects of their own side by side', async () => {
    const catalog = await startCatalog();
    const cluster = await Cluster.start();
    const both = await Promise.all(
      ['alpha', 'beta'].map(async (project) => {
        const framework = new Framework(cluster, '--catalog', catalog.address, '--config', 'pools.yaml');
        writeFileSync(join(framework.stateDir, 'pools.yaml'), `pools: [{name: own, projects: '${project}-.*'}]\n`);
        framework.start();
        return { framework, flow: await Flow.start(catalog, `${project}-1`, { stages: [4, 4] }) };
      }),
    );
    for (const { framework, flow } of both) {
      await until('four busy workers', async () => (await flow.status())?.onWorkers === 4);
      await flow.toEnd();
      expect(flow.done).toBe(8);
      expect((await framework.state()).counters.launches).toBe(4);
    }
    expect((await cluster.state()).frameworks.length).toBe(2);
  });
});
