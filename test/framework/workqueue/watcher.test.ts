import { describe, expect, it, onTestFinished } from 'vitest';
import type { Demand } from '../../../framework/demand/demand.ts';
import { steadyNow } from '../../../framework/tools/steady-clock.ts';
import type { Row } from '../../../framework/workqueue/records.ts';
import { type WorkQueueOptions, workQueue } from '../../../framework/workqueue/watcher.ts';
import { answering, catalogAnswer, firstRow, freePort, listen, type Peer, silentLog, until } from './peers.ts';

/** Asks often, and gives up on nobody: what takes long is the machine. */
const QUICK = { catalogMs: 20, busyMs: 20, idleMs: 40, catalogTimeoutMs: 60_000, connectMs: 60_000, silentMs: 60_000 };
/** For tests with peers that hang. */
const IMPATIENT = { ...QUICK, catalogTimeoutMs: 300, silentMs: 100 };

function watch(options: Partial<WorkQueueOptions>) {
  const seen: Demand[] = [];
  const type = workQueue({ catalogs: [], managers: [], intervals: QUICK, ...options });
  const watcher = type.open({ log: silentLog, now: steadyNow, onDemand: (demand) => seen.push(demand) });
  onTestFinished(() => watcher.stop());
  watcher.start();
  return { watcher, seen, last: () => seen.at(-1) };
}

/** A manager's record as it stands in `queue_status` and, with an address, in a catalog. */
function record(project: string, port: number, change: Row = {}): Row {
  const lists = { workers: 0, tasks_on_workers: 0, address: '127.0.0.1', lastheardfrom: Math.floor(Date.now() / 1000) };
  return { ...firstRow('queue_status_waiting.json'), ...lists, project, port, ...change };
}

/** A manager that speaks the protocol and has `waiting` tasks. */
async function manager(
  project: string,
  state: { waiting: number } & Row,
  port = 0,
): Promise<Peer & { row: () => Row }> {
  const { waiting: _, ...change } = state;
  const row = () =>
    record(project, peer.port, {
      ...change,
      tasks_waiting: state.waiting,
      categories: [{ category: 'sim', tasks_waiting: state.waiting }],
    });
  const task = { category: 'sim', state: 'WAITING', cores: 2, memory: 100, disk: -1 };
  const peer = await listen(
    answering((line) => {
      if (line === 'queue_status') return JSON.stringify([row()]);
      return line === 'task_status' ? JSON.stringify(Array(state.waiting).fill(task)) : '[]';
    }),
    port,
  );
  return { ...peer, row };
}

function catalogOf(rows: () => Row[]): Promise<Peer> {
  return listen(answering(() => catalogAnswer(rows())));
}

describe('DemandWatcher', () => {
  it('asks no more managers than it can, however many a catalog lists', async () => {
    const rows = Array.from({ length: 2100 }, (_, n) => record(`p${n}`, 1 + n, { address: '127.1.2.3' }));
    const catalog = await catalogOf(() => rows);
    const { last } = watch({ catalogs: [catalog] });
    const words = 'the limit is 2000 managers, so the framework does not ask 100 further managers';
    await until(() => last()?.problems.includes(words) === true);
  });

  it.each([
    ['ahead', 7],
    ['behind', -7],
    ['ahead', 60],
    ['behind', -22],
  ])('finds the managers of a catalog whose clock is %s by %i min, and says so', async (way, minutes) => {
    const difference = minutes * 60_000;
    const clock = () => Date.now() + difference;
    const seconds = () => Math.floor(clock() / 1000);
    const sim = await manager('sim', { waiting: 3 });
    const rows = () => [
      { ...sim.row(), lastheardfrom: seconds() - 20 },
      record('dead', sim.port - 1, { lastheardfrom: seconds() - 200 }),
    ];
    const catalog = await listen(answering(() => catalogAnswer(rows(), clock())));
    const { last } = watch({ catalogs: [catalog] });
    await until(() => last()?.projects[0]?.tasksWaiting === 3);
    const words = `the clock of the catalog server 127.0.0.1:${catalog.port} differs by ${Math.abs(minutes)} min from this machine's: it is ${way}`;
    expect(last()).toMatchObject({ problems: [], warnings: [words] });
    expect(last()?.projects).toHaveLength(1);
  });

  it('finds a manager, follows its tasks, and says at once when it is dead', async () => {
    const state = { waiting: 3 };
    const sim = await manager('sim', state);
    const catalog = await catalogOf(() => [sim.row()]);
    const { last, seen } = watch({ catalogs: [catalog] });
    await until(() => last()?.projects[0]?.tasksWaiting === 3);
    expect(last()?.projects).toMatchObject([
      { name: 'sim', workers: [], waiting: [{ category: 'sim', count: 3, cores: 2, memory: 100 }] },
    ]);
    expect(last()?.partial).toBeUndefined();
    state.waiting = 1;
    await until(() => last()?.projects[0]?.tasksWaiting === 1);
    const told = seen.length;
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(seen.length, 'nothing changed, so nothing is said').toBe(told);
    await sim.close();
    await until(() => last()?.projects.length === 0);
    expect(last()?.problems).toEqual([]);
  });

  it('starts no workers for rows of managers that are gone or whose port another one has', async () => {
    const port = await freePort();
    const other = await manager('other', { waiting: 7 });
    const rows = [
      record('killed', port),
      record('reused', other.port, { starttime: 1 }),
      record('old', port - 1, { lastheardfrom: Math.floor(Date.now() / 1000) - 200 }),
    ];
    const catalog = await catalogOf(() => rows);
    const { last } = watch({ catalogs: [catalog] });
    await until(() => last()?.partial === undefined && last() !== undefined);
    await until(() => catalog.accepted() > 5);
    expect(last()?.projects).toEqual([]);
    expect(other.accepted(), 'the foreign manager is asked once').toBe(1);
  });

  it('reads a catalog less often when all managers in it have ended, and asks these no more', async () => {
    const other = await manager('other', { waiting: 7 });
    const reads: number[] = [];
    const rows = [record('killed', await freePort()), record('reused', other.port, { starttime: 1 })];
    const catalog = await listen(
      answering(() => {
        reads.push(performance.now());
        return catalogAnswer(rows);
      }),
    );
    watch({ catalogs: [catalog], intervals: { ...QUICK, catalogMs: 200, calmAfterMs: 1 } });
    await until(() => reads.length === 4);
    const [, second = 0, third = 0, fourth = 0] = reads;
    expect(Math.min(third - second, fourth - third)).toBeGreaterThan(700);
    expect(other.accepted()).toBe(1);
  });

  it('serves the one that has a reused port as soon as it is listed itself', async () => {
    const other = await manager('other', { waiting: 7 });
    let rows = [record('reused', other.port, { starttime: 1 })];
    const catalog = await catalogOf(() => rows);
    const { last } = watch({ catalogs: [catalog] });
    await until(() => last()?.partial === undefined && last() !== undefined);
    rows = [other.row()];
    await until(() => last()?.projects[0]?.name === 'other');
  });

  it('is not delayed by catalogs and managers that hang, and asks each on one connection at a time', async () => {
    const hangingCatalog = await listen(() => {});
    const hangingManager = await listen(() => {});
    const sim = await manager('sim', { waiting: 2 });
    const catalog = await catalogOf(() => [record('hangs', hangingManager.port), sim.row()]);
    const { last } = watch({ catalogs: [hangingCatalog, catalog], intervals: IMPATIENT });
    await until(() => last()?.projects.some(({ name }) => name === 'sim') === true);
    await until(() => last()?.projects.length === 2);
    expect(last()?.projects.find(({ name }) => name === 'hangs')).toMatchObject({
      tasksWaiting: 0,
    });
    await until(() => last()?.problems.length === 1);
    expect(last()?.problems[0]).toContain(`catalog 127.0.0.1:${hangingCatalog.port}`);
    expect(last()?.partial).toBe(true);
    await until(() => catalog.accepted() > 10);
    expect(hangingManager.accepted()).toBe(1);
  });

  it('asks a manager soon, however many others hang', async () => {
    const hanging = await Promise.all(Array.from({ length: 80 }, () => listen(() => {})));
    const sim = await manager('sim', { waiting: 2 });
    const catalog = await catalogOf(() => [...hanging.map(({ port }, n) => record(`hangs${n}`, port)), sim.row()]);
    const { last } = watch({ catalogs: [catalog] });
    await until(() => hanging.every(({ accepted }) => accepted() === 1));
    await until(() => last()?.projects.some(({ name }) => name === 'sim') === true);
    const asked = sim.accepted();
    await until(() => sim.accepted() > asked + 10);
    expect(hanging.map(({ accepted }) => accepted())).toEqual(hanging.map(() => 1));
  });

  it('asks a manager once that it is told to look at while it waits for its turn', async () => {
    const hanging = await Promise.all(Array.from({ length: 32 }, () => listen(() => {})));
    const sim = await manager('sim', { waiting: 2 });
    const managers = [...hanging, sim].map(({ host, port }) => ({ host, port }));
    const { watcher, last } = watch({ managers, intervals: { ...QUICK, busyMs: 60_000, idleMs: 60_000 } });
    watcher.lookAt(`127.0.0.1:${sim.port}`);
    await until(() => last()?.projects.some(({ name }) => name === 'sim') === true);
    const asked = sim.accepted();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(sim.accepted()).toBe(asked);
    watcher.lookAt(`127.0.0.1:${sim.port}`);
    await until(() => sim.accepted() > asked);
  });

  it('keeps what a busy manager said last, and hears it in the moment it is back', async () => {
    let busy = false;
    let answerNow = () => {};
    const row = () => record('sim', peer.port, { tasks_waiting: 2 });
    const peer = await listen((socket) => {
      socket.once('data', (line) => {
        answerNow = () => socket.end(line.includes('queue') ? JSON.stringify([row()]) : '[]');
        if (!busy) answerNow();
      });
    });
    const { last } = watch({ managers: [peer], intervals: IMPATIENT });
    await until(() => last()?.projects[0]?.tasksWaiting === 2);
    busy = true;
    await until(() => last()?.projects[0]?.silentSince !== undefined);
    expect(last()?.projects[0]?.tasksWaiting).toBe(2);
    busy = false;
    answerNow();
    await until(() => last()?.projects[0] !== undefined && last()?.projects[0]?.silentSince === undefined);
  });

  it('follows a manager that it knows although the catalog fails or forgets it', async () => {
    const sim = await manager('sim', { waiting: 1 });
    let answer = () => catalogAnswer([sim.row()]);
    const catalog = await listen(answering(() => answer()));
    const { last } = watch({ catalogs: [catalog] });
    await until(() => last()?.projects.length === 1);
    for (const next of [() => catalogAnswer([]), () => 'HTTP/1.1 500 Oops\n\n']) {
      answer = next;
      const asked = catalog.accepted();
      await until(() => catalog.accepted() > asked + 2);
      expect(last()?.projects).toHaveLength(1);
    }
    await until(() => last()?.problems.length === 1);
    expect(last()?.problems).toEqual([`catalog 127.0.0.1:${catalog.port} answers with HTTP status 500`]);
    await sim.close();
    await until(() => last()?.projects.length === 0);
  });

  it('finds a directly named manager that appears later, and lists it once although a catalog has it too', async () => {
    const port = await freePort();
    const rows: Row[] = [];
    const catalog = await catalogOf(() => rows);
    const { last } = watch({
      catalogs: [catalog],
      managers: [{ host: 'localhost', port }],
    });
    await until(() => last()?.problems.length === 1);
    const sim = await manager('sim', { waiting: 1 }, port);
    await until(() => last()?.projects.length === 1);
    expect(last()?.projects[0]).toMatchObject({ name: 'sim', manager: `localhost:${port}` });

    const everyone = watch({ catalogs: [catalog], managers: [{ host: 'localhost', port }] });
    rows.push(sim.row());
    await until(() => catalog.accepted() > 20);
    expect(everyone.last()?.projects).toHaveLength(1);
    expect(last()?.projects).toHaveLength(1);
  });

  it('leaves a manager with SSL alone and says so', async () => {
    const tls = await listen(() => {});
    const catalog = await catalogOf(() => [record('secret', tls.port, { ssl: true, protocol: 11 })]);
    const { last } = watch({ catalogs: [catalog] });
    await until(() => last()?.projects[0]?.closed !== undefined);
    expect(last()?.projects).toMatchObject([{ name: 'secret', closed: expect.stringMatching(/SSL/) }]);
    expect(tls.accepted()).toBe(0);
  });

  it('looks again when it is told to', async () => {
    const state = { waiting: 0 };
    const sim = await manager('sim', state);
    const slow = { ...QUICK, busyMs: 60_000, idleMs: 60_000, catalogMs: 200 };
    const { last, watcher } = watch({ managers: [sim], intervals: slow });
    await until(() => last()?.projects.length === 1);
    state.waiting = 5;
    watcher.lookAt(`${sim.host}:${sim.port}`);
    await until(() => last()?.projects[0]?.tasksWaiting === 5);
  });

  it('says that it has seen everything when there is nothing to see', async () => {
    const { last } = watch({});
    await until(() => last() !== undefined);
    expect(last()).toMatchObject({ projects: [], problems: [] });
    expect(last()?.partial).toBeUndefined();
  });

  it('leaves no connection and no timer behind', async () => {
    const hanging = await listen(() => {});
    const catalog = await catalogOf(() => [record('hangs', hanging.port)]);
    const { watcher, seen } = watch({ catalogs: [catalog, hanging] });
    await until(() => hanging.open() === 2);
    await watcher.stop();
    await until(() => hanging.open() === 0 && catalog.open() === 0);
    const told = seen.length;
    const asked = catalog.accepted() + hanging.accepted();
    watcher.lookAt(`127.0.0.1:${hanging.port}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(catalog.accepted() + hanging.accepted()).toBe(asked);
    expect(seen).toHaveLength(told);
  });
});
