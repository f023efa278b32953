import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Demand, ProjectDemand } from '../../../framework/demand/demand.ts';
import type { HostPort } from '../../../framework/net/address.ts';
import { fetchCatalog } from '../../../framework/workqueue/catalog.ts';
import { type WorkQueueOptions, workQueue } from '../../../framework/workqueue/watcher.ts';
import { freePort, silentLog, until } from './peers.ts';
import { startCatalog, startFlow, startWorker, temporaryDir } from './tools.ts';

const LONG = 60_000;

function watch(catalogs: HostPort[], options: Partial<WorkQueueOptions> = {}) {
  const history: Demand[] = [];
  const source = workQueue({ catalogs, managers: [], ...options });
  const watcher = source.open({ log: silentLog, now: Date.now, onDemand: (demand) => history.push(demand) });
  onTestFinished(() => watcher.stop());
  watcher.start();
  const find = (project: string) => history.at(-1)?.projects.find(({ name }) => name === project);
  const found = async (project: string, holds: (manager: ProjectDemand) => boolean = () => true) => {
    await until(
      () => history.length > 0 && holds(find(project) ?? ({} as ProjectDemand)),
      LONG,
      `demand of ${project}`,
    );
    return find(project) as ProjectDemand;
  };
  return { history, last: () => history.at(-1), find, found };
}

/** Steps that run until they are killed. */
function sleepers(count: number, category = 'small') {
  return Array.from({ length: count }, (_, i) => ({ command: 'sleep 600', output: `${category}.${i}`, category }));
}

describe('with real Work Queue tools', () => {
  it('a flow appears with its waiting tasks by need, its worker with its tag, and is dead when killed', async () => {
    const catalog = await startCatalog();
    const { found, find } = watch([catalog]);
    const steps = [...sleepers(3), ...sleepers(2, 'big'), ...sleepers(1, 'unstated')];
    const flow = await startFlow(catalog, 'mc-run', steps);
    const waiting = await found('mc-run', (manager) => manager.tasksWaiting === 6);
    expect(waiting).toMatchObject({ manager: `127.0.0.1:${flow.port}`, workers: [] });
    const kinds = waiting.waiting.map(({ category: _, ...need }) => need);
    expect(kinds.sort((a, b) => b.count - a.count)).toEqual([
      { count: 3, cores: 1, memory: 64, disk: 64 },
      { count: 2, cores: 2, memory: 256, disk: 128 },
      { count: 1 },
    ]);

    startWorker(flow, 'worker-7f.0001');
    const served = await found('mc-run', ({ workers }) => (workers?.[0]?.tasksRunning ?? 0) > 0);
    expect(served.workers).toMatchObject([{ tag: 'worker-7f.0001', shape: { cores: 2, memory: 512, disk: 500 } }]);
    expect(served.tasksWaiting + served.tasksOnWorkers).toBe(6);
    expect(served.waiting.reduce((sum, need) => sum + need.count, 0)).toBe(served.tasksWaiting);
    expect(served.running[0]?.memory).toBeGreaterThanOrEqual(64);

    flow.process.kill('SIGKILL');
    await until(() => find('mc-run') === undefined, LONG, 'the end of the killed manager');
    const [row] = (await fetchCatalog({ ...catalog, timeoutMs: 30_000 })).rows;
    expect(row).toMatchObject({ project: 'mc-run', tasksWaiting: 6 });
  });

  it('follows a second stage that becomes ready long before the catalog knows', async () => {
    const catalog = await startCatalog();
    const { found, find } = watch([catalog]);
    const flow = await startFlow(catalog, 'stages', [
      { command: 'echo > first', output: 'first' },
      ...sleepers(5).map((step) => ({ ...step, inputs: ['first'] })),
    ]);
    await found('stages', (manager) => manager.tasksWaiting === 1);
    startWorker(flow, 'w1');
    const later = await found('stages', (manager) => manager.tasksWaiting + manager.tasksOnWorkers === 5);
    expect(later.workers).toBeDefined();
    const [row] = (await fetchCatalog({ ...catalog, timeoutMs: 30_000 })).rows;
    expect(row?.tasksWaiting).toBe(1);
    expect(find('stages')).toBeDefined();
  });

  it('asks nobody for workers when a port is reused by a project that the catalog does not list', async () => {
    const catalog = await startCatalog();
    const elsewhere = await startCatalog();
    const port = await freePort();
    const first = await startFlow(catalog, 'wanted-a', sleepers(4), { port });
    const { found, find, last } = watch([catalog]);
    await found('wanted-a', (manager) => manager.tasksWaiting === 4);
    first.process.kill('SIGKILL');
    await new Promise((resolve) => first.process.once('exit', resolve));
    await startFlow(elsewhere, 'foreign', sleepers(3), { port });
    await until(() => find('wanted-a') === undefined, LONG, 'the end of the killed manager');

    // A watcher that starts now knows of the killed manager only by its row, and finds somebody else there.
    const fresh = watch([catalog]);
    await until(() => fresh.last() !== undefined && fresh.last()?.partial === undefined, LONG);
    expect((await fetchCatalog({ ...catalog, timeoutMs: 30_000 })).rows[0]).toMatchObject({
      project: 'wanted-a',
      tasksWaiting: 4,
    });
    expect(fresh.last()?.projects).toEqual([]);
    expect(last()?.projects).toEqual([]);
    expect(fresh.history.every(({ projects }) => projects.length === 0)).toBe(true);
  });

  it('serves a manager with a password to those who know it', async () => {
    const catalog = await startCatalog();
    const flow = await startFlow(catalog, 'locked', sleepers(2), { password: 'release\n' });
    const knowing = watch([catalog], { password: Buffer.from('release\n') });
    expect(
      await knowing.found('locked', ({ closed, tasksWaiting }) => closed === undefined && tasksWaiting === 2),
    ).toMatchObject({
      authenticated: true,
      waiting: [{ count: 2, cores: 1, memory: 64, disk: 64 }],
    });
    // It asks with the password at once: nobody hears that the manager is closed.
    expect(knowing.history.flatMap(({ projects }) => projects).filter(({ closed }) => closed !== undefined)).toEqual(
      [],
    );
    for (const [password, why] of [
      [undefined, /asks for a password/],
      [Buffer.from('release'), /has another password/],
    ] as const) {
      const locked = watch([catalog], { password });
      await until(() => locked.last()?.projects.some(({ closed = '' }) => why.test(closed)) === true, LONG);
      expect(locked.last()?.problems).toEqual([]);
      expect(locked.last()?.projects).toMatchObject([{ name: 'locked', manager: `127.0.0.1:${flow.port}` }]);
    }
  });

  it('takes a manager that runs a LOCAL step for busy, not dead, and hears from it the moment it is back', async () => {
    const catalog = await startCatalog();
    const { found, history } = watch([catalog], { intervals: { silentMs: 300 } });
    const gate = join(temporaryDir(), 'gate');
    const flow = await startFlow(catalog, 'local-step', [
      { command: 'echo > remote', output: 'remote' },
      {
        command: `until [ -e ${gate} ]; do sleep 0.1; done; echo > local`,
        output: 'local',
        inputs: ['remote'],
        local: true,
      },
      ...sleepers(3).map((step) => ({ ...step, inputs: ['local'] })),
    ]);
    await found('local-step', (manager) => manager.tasksWaiting === 1);
    startWorker(flow, 'w1');
    await found('local-step', (manager) => manager.silentSince !== undefined);
    writeFileSync(gate, '');
    await found('local-step', (manager) => manager.tasksWaiting + manager.tasksOnWorkers === 3);
    const from = history.findIndex(({ projects }) => projects.length === 1);
    expect(history.slice(from).every(({ projects }) => projects.length === 1)).toBe(true);
  });

  it('needs no catalog for a manager that is named', async () => {
    const catalog = await startCatalog();
    const port = await freePort();
    const { found } = watch([], { managers: [{ host: '127.0.0.1', port }] });
    await startFlow(catalog, 'named', sleepers(2), { port });
    expect(await found('named', (manager) => manager.tasksWaiting === 2)).toMatchObject({
      manager: `127.0.0.1:${port}`,
    });
  });
});
