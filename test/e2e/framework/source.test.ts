import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parsePools } from '../../../framework/config/pools.ts';
import { Driver } from '../../../framework/driver.ts';
import { startLocalMaster } from '../../../framework/local/master.ts';
import { parseMaster } from '../../../framework/mesos/leader.ts';
import { explain } from '../../../framework/ops/explain.ts';
import { defaultPool } from '../../../framework/scheduler/state/pool.ts';
import { workQueue } from '../../../framework/workqueue/watcher.ts';
import { fileSource } from '../../framework/sources/file/source.ts';
import { Flow, startCatalog, temporaryDir, until } from './tools.ts';

const POOLS = `pools:
  - { name: sleepers, source: file, projects: alpha|beta, cores: 1, memory: 32, disk: 32, idleSeconds: 1 }
  - { name: tasks, projects: '.*', idleSeconds: 1 }
`;

/** A framework with two sources in this process, on an embedded master of four cores. */
async function start() {
  const dir = temporaryDir();
  const wanted = join(dir, 'wanted.json');
  const want = (projects: object): void => writeFileSync(wanted, JSON.stringify(projects));
  want({});
  const catalog = await startCatalog();
  const lines: { fields: Record<string, unknown>; message: string }[] = [];
  const note = (fields: object, message: string): void => void lines.push({ fields: { ...fields }, message });
  const log = { debug: () => undefined, info: note, warn: note, error: note };
  const agents = [{ cpus: 4, memory: 8192, disk: 100_000 }];
  const master = await startLocalMaster({ workDir: join(dir, 'agent'), agents, log, credentials: undefined });
  onTestFinished(() => master.stop());
  const sources = [workQueue({ catalogs: [catalog], managers: [] }), fileSource(wanted)] as const;
  const [{ kind }] = sources;
  const driver = new Driver({
    pools: parsePools(
      POOLS,
      'pools.yaml',
      defaultPool(kind),
      sources.map((source) => source.kind),
    ),
    info: { user: process.env.USER ?? 'tester', name: 'two sources' },
    connection: { locate: parseMaster(master.address, { log }) },
    sources,
    stateDir: join(dir, 'state'),
    log,
    onFatal: (why) => expect.fail(why),
  });
  onTestFinished(() => driver.stop({ teardown: true }));
  driver.start();
  const { scheduler } = driver;
  const busy = (name: string): number => {
    return [...scheduler.state.workers.values()].filter((worker) => worker.project === name && worker.tasksRunning > 0)
      .length;
  };
  const decisions = (project: string) =>
    lines.filter((line) => line.fields.project === project && 'needed' in line.fields);
  const why = (project: string) =>
    explain(scheduler.state, scheduler.blocked, Date.now()).find((one) => one.project === project);
  return { catalog, scheduler, want, busy, decisions, why };
}

describe('a source of demand beside Work Queue', () => {
  it('gets the workers of its kind that its projects need, and gives them back', async () => {
    const { catalog, scheduler, want, busy, decisions, why } = await start();
    want({ alpha: { tasks: 2 }, beta: { tasks: 1, unmet: { count: 3, reason: 'they ask for the moon' } } });
    await until('three sleepers', () => busy('alpha') === 2 && busy('beta') === 1);
    expect(why('beta')?.words).toContain(
      '3 tasks of category default cannot run on any worker of this framework: they ask for the moon',
    );
    expect(decisions('alpha').some(({ fields }) => fields.launched === 2 && fields.pool === 'sleepers')).toBe(true);

    const flow = await Flow.start(catalog, 'flow', { stages: [2] });
    await until('a worker of the other source', () => busy('flow') === 1);
    await until('the reason', () => why('flow')?.blocked === 'offers-too-small');
    const told = decisions('flow').length;

    want({ alpha: { tasks: 0 }, beta: { tasks: 1 } });
    await until('the cores of the idle sleepers', () => busy('flow') === 2);
    expect(busy('beta')).toBe(1);
    await flow.toEnd();
    want({ alpha: { tasks: 0 }, beta: { tasks: 0 }, other: { tasks: 1 } });
    await until('the end of all workers', () => scheduler.state.workers.size === 0);
    expect(scheduler.state.counters).toMatchObject({ launches: 5, failedEarly: 0 });
    expect(why('other')).toMatchObject({ blocked: 'no-pool', pool: null });
    expect(decisions('other')).toMatchObject([{ fields: { source: 'file', blockedBy: 'no-pool' } }]);
    expect(decisions('flow').length).toBeLessThan(told + 6);
  });
});
