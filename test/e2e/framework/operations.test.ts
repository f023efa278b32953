import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Cluster } from './cluster.ts';
import { Framework } from './framework.ts';
import { Flow, startCatalog, until } from './tools.ts';

describe('the operations server', () => {
  it('tells health, metrics, state and reasons of a framework at work', async () => {
    const catalog = await startCatalog();
    const cluster = await Cluster.start({ agents: [{ cpus: 2, memory: 8192, disk: 100_000 }] });
    const framework = new Framework(cluster, '--catalog', catalog.address);
    framework.start();
    await Flow.start(catalog, 'watched', { stages: [5] });
    await framework.is('two busy workers', ({ workers }) => workers.filter((one) => one.tasksRunning > 0).length === 2);

    const health = await framework.get('/healthz');
    expect([health.status, await health.text()]).toEqual([200, 'subscribed\n']);
    const metrics = await (await framework.get('/metrics')).text();
    expect(metrics).toContain('workqueue_subscribed 1\n');
    expect(metrics).toContain('workqueue_tasks{project="watched",state="waiting"} 3\n');
    expect(metrics).toMatch(/workqueue_workers\{pool="default",phase="running"\} 2\n/);
    expect(metrics).toMatch(/workqueue_launches_total 2\n/);
    expect((await framework.get('/nothing')).status).toBe(404);
    const { projects, offersHeld } = await framework.state();
    expect(projects).toMatchObject([{ project: 'watched', tasks: { waiting: 3, onWorkers: 2 }, pool: 'default' }]);
    expect(offersHeld).toEqual([]);

    // Each decision is one line with its terms; that nothing changes is none.
    await sleep(2000);
    const decided = framework.log.filter(({ project, needed }) => project === 'watched' && needed !== undefined);
    expect(decided.at(-1)).toMatchObject({ waiting: 5, needed: 5, launched: 2, starting: 2, max: 1000 });
    expect(decided.at(-1)).toMatchObject({ blockedBy: 'offers-too-small' });
    expect(decided.length).toBeLessThan(8);

    const { code, stdout } = await framework.read('why', 'watched');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^watched \(127\.0\.0\.1:\d+\)\n {2}tasks: 3 waiting, 2 on workers\n/);
    expect(stdout).toMatch(/no worker is launched now: .*role \* are too small: the largest has 0 cores/);
    const json = await framework.read('why', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject([{ project: 'watched', blocked: 'offers-too-small' }]);
  });

  it('has no answer when the framework is gone, and `why` says so', async () => {
    const cluster = await Cluster.start();
    const framework = new Framework(cluster, '--catalog', '127.0.0.1:1');
    framework.start();
    await framework.subscribed();
    await framework.kill('SIGTERM');
    const { code, stderr } = await framework.read('why');
    expect(code).toBe(2);
    expect(stderr).toMatch(/the framework of .* does not answer .*Check that it runs with this --state-dir/);
  });
});

describe('SIGHUP', () => {
  it('puts changed pools into force, and leaves the old ones there when the file has an error', async () => {
    const catalog = await startCatalog();
    const cluster = await Cluster.start();
    const framework = new Framework(cluster, '--catalog', catalog.address, '--config', 'pools.yaml');
    const write = (text: string): void => writeFileSync(join(framework.stateDir, 'pools.yaml'), text);
    write('pools: [{name: few, max: 2}]\n');
    framework.start();
    const flow = await Flow.start(catalog, 'reloaded', { stages: [10] });
    await framework.is('its maximum', ({ projects }) => projects[0]?.blocked === 'at-maximum');

    write('pools: [{name: few, max: many}]\n');
    framework.signal('SIGHUP');
    const refusal = await until('a refusal', () => framework.logged(/^the configuration has an error/));
    expect(refusal.why).toMatch(/pools\.yaml:1:\d+: pools\.0\.max/);
    const { pools, workers } = await framework.state();
    expect(pools).toMatchObject([{ name: 'few', max: 2 }]);
    expect(workers.length).toBe(2);

    write('pools: [{name: few, role: *none}]\n');
    framework.signal('SIGHUP');
    await until('a second refusal', () =>
      framework.log.find(({ why }) => /pools\.yaml:1:\d+: Unresolved alias/.test(String(why))),
    );
    expect((await framework.state()).pools).toMatchObject([{ name: 'few', max: 2 }]);

    write('pools: [{name: few, max: 8}]\n');
    framework.signal('SIGHUP');
    await until('eight busy workers', async () => (await flow.status())?.onWorkers === 8);
    expect((await framework.state()).pools).toMatchObject([{ name: 'few', max: 8 }]);
    await flow.toEnd();
    expect(flow.begun).toBe(10);
  });
});
