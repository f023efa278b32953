import { readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Cluster } from './cluster.ts';
import { Framework, type FrameworkState } from './framework.ts';
import { Flow, processes, startCatalog, until } from './tools.ts';

describe('a manager that is dead', () => {
  it.each([
    ['is killed', 'SIGKILL'],
    ['is aborted', 'SIGINT'],
  ] as const)('gets no worker when it %s, though the catalog says that its tasks wait', async (_, signal) => {
    const catalog = await startCatalog();
    const cluster = await Cluster.start();
    const dead = await Flow.start(catalog, 'dead', { stages: [8] });
    const alive = await Flow.start(catalog, 'alive', { stages: [2, 1] });
    await until('its row', async () => (await rowsOf(catalog.address)).includes('dead'));
    dead.process.kill(signal);
    await dead.untilEnded();

    const framework = new Framework(cluster, '--catalog', catalog.address);
    framework.start();
    await until('two busy workers', async () => (await alive.status())?.onWorkers === 2);
    await alive.toEnd();
    const rows = JSON.parse(await rowsOf(catalog.address)) as { project: string; tasks_waiting?: number }[];
    expect(rows.find((row) => row.project === 'dead' && row.tasks_waiting !== undefined)?.tasks_waiting).toBe(8);
    const { counters, demand } = await framework.state();
    expect(counters.launches).toBe(2);
    expect(demand?.projects.map(({ name }) => name)).not.toContain('dead');
  });

  it('at a given address: a project that no pool serves gets no worker there, before and after it', async () => {
    const catalog = await startCatalog();
    const cluster = await Cluster.start();
    const flow = await Flow.start(catalog, 'mine', { stages: [2] });
    const given = ['--catalog', '127.0.0.1:1', '--manager', flow.address, '--config', 'pools.yaml'];
    const framework = new Framework(cluster, ...given);
    writeFileSync(join(framework.stateDir, 'pools.yaml'), 'pools: [{name: own, projects: mine}]\n');
    framework.start();
    await until('two busy workers', async () => (await flow.status())?.onWorkers === 2);
    flow.process.kill('SIGKILL');
    await flow.untilEnded();
    const other = await Flow.start(catalog, 'other', { stages: [3], port: flow.manager.port });
    const { counters } = await framework.is('the other project', ({ projects }) => projects[0]?.project === 'other');
    expect(counters.launches).toBe(2);
    expect((await framework.read('why')).stdout).toContain('no pool serves project other');
    const address = readFileSync(join(framework.stateDir, 'address'), 'utf8').trim();
    const asked = await framework.read('why', '--address', address);
    expect(asked.stdout).toContain('no pool serves project other');
    const nobody = await framework.read('why', '--address', '127.0.0.1:1');
    expect([nobody.code, nobody.stderr]).toEqual([2, expect.stringContaining('no framework answers at 127.0.0.1:1')]);
    await framework.is('no worker', ({ workers }) => workers.length === 0);
    expect((await other.status())?.workers).toBe(0);
    expect(other.begun).toBe(0);
  });

  it('gets no worker when its port is used by another, which is served', async () => {
    const catalog = await startCatalog();
    const cluster = await Cluster.start();
    const framework = new Framework(cluster, '--catalog', catalog.address, '--config', 'pools.yaml');
    writeFileSync(join(framework.stateDir, 'pools.yaml'), 'pools: [{name: both, launchesPerSecond: 4}]\n');
    const dead = await Flow.start(catalog, 'dead', { stages: [12] });
    framework.start();
    await until('the first workers', async () => ((await dead.status())?.onWorkers ?? 0) > 0);
    dead.process.kill('SIGKILL');
    await dead.untilEnded();
    const next = await Flow.start(catalog, 'next', { stages: [3, 1], port: dead.manager.port });
    await next.toEnd();
    expect(next.done).toBe(4);
    const { workers, demand } = await framework.is('no worker of the dead one', ({ workers }) => {
      return workers.every(({ project }) => project === 'next');
    });
    expect(workers.length).toBeLessThanOrEqual(3);
    expect(demand?.projects.map(({ name }) => name)).not.toContain('dead');
  });
});

/** The rows of a catalog, as text: its head is no HTTP that fetch would read. */
async function rowsOf(address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(`http://${address}/query.json`, { insecureHTTPParser: true }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
    }).on('error', reject);
  });
}

const pauses = ({ blocked }: FrameworkState['projects'][number]): boolean => blocked === 'pool-pausing';

describe('a worker that ends at once', () => {
  it('is launched ever more seldom, and the state says why', async () => {
    const catalog = await startCatalog();
    const cluster = await Cluster.start();
    const framework = new Framework(cluster, '--catalog', catalog.address, '--config', 'pools.yaml');
    writeFileSync(join(framework.stateDir, 'pools.yaml'), 'pools: [{name: broken, workerCommand: /bin/false}]\n');
    framework.start();
    await Flow.start(catalog, 'never', { stages: [20] });
    const first = await framework.is('a pause', ({ projects }) => projects.some(pauses));
    // The pauses are 5 s, 10 s, 20 s …
    await framework.is('its end', ({ counters }) => counters.launches > first.counters.launches);
    await sleep(4000);
    const { counters, projects, backoffs } = await framework.is('the next', ({ projects }) => projects.some(pauses));
    expect(counters.launches).toBeLessThanOrEqual(first.counters.launches + 2);
    expect(backoffs.pools.broken?.why).toMatch(/exited with status 1/);
    expect(projects[0]?.words.join('\n')).toMatch(/pool broken launches nothing for \d+ s.*exited with status 1/);
    const why = await framework.read('why', 'never');
    expect(why.stdout).toMatch(/never \(.*\)\n {2}tasks: 20 waiting, (.*\n)+.*pool broken launches nothing for/);
  });
});

describe('a manager with a password', () => {
  const SECRET = 'correct horse battery staple';

  async function protectedFlow(...args: string[]) {
    const catalog = await startCatalog();
    const cluster = await Cluster.start();
    const framework = new Framework(cluster, '--catalog', catalog.address, ...args);
    const flow = await Flow.start(catalog, 'secret', { stages: [4], password: `${SECRET}\n` });
    return { cluster, framework, flow };
  }

  it('gets workers that know it, and no process shows it', async () => {
    const { cluster, framework, flow } = await protectedFlow('--password', 'password');
    writeFileSync(join(framework.stateDir, 'password'), `${SECRET}\n`, { mode: 0o600 });
    framework.start();
    await framework.is(
      'four busy workers',
      ({ workers }) => workers.filter((one) => one.tasksRunning > 0).length === 4,
    );
    expect(processes().filter(({ command }) => command.includes(SECRET))).toEqual([]);
    const shown = [await framework.state(), await cluster.state(), framework.log].map((facts) => JSON.stringify(facts));
    for (const text of shown) expect(text).not.toContain(SECRET);
    await flow.toEnd();
    expect(flow.done).toBe(4);
  });

  it.each([
    ['without it', [], /asks for a password/],
    ['with a wrong one', ['--password', 'password'], /has another password/],
  ])('gets none %s, and state and log say so', async (_, args, why) => {
    const { framework } = await protectedFlow(...args);
    writeFileSync(join(framework.stateDir, 'password'), 'wrong\n', { mode: 0o600 });
    framework.start();
    const { counters, projects } = await framework.is('the reason', ({ projects }) => {
      return why.test(JSON.stringify(projects));
    });
    expect(counters.launches).toBe(0);
    expect(projects).toMatchObject([{ project: 'secret', blocked: 'manager-locked', workers: { missing: 4 } }]);
    expect(framework.log.filter(({ level }) => level === 40)).toMatchObject([
      { msg: 'manager is locked', reason: expect.stringMatching(why) },
    ]);
    expect((await framework.read('why', 'secret')).stdout).toMatch(why);
  });

  it.each([
    ['that the catalog lists', (catalog: string) => ['--catalog', catalog]],
    [
      'at an address that was given',
      (_: string, manager: string) => ['--catalog', '127.0.0.1:1', '--manager', manager],
    ],
  ])('gives no worker to a manager without one %s, and says what to do', async (_, where) => {
    const catalog = await startCatalog();
    const cluster = await Cluster.start();
    const flow = await Flow.start(catalog, 'open', { stages: [2] });
    const framework = new Framework(cluster, ...where(catalog.address, flow.address), ...['--password', 'password']);
    writeFileSync(join(framework.stateDir, 'password'), `${SECRET}\n`, { mode: 0o600 });
    framework.start();
    const { counters } = await framework.is('the reason', ({ projects }) => {
      return projects[0]?.blocked === 'manager-without-password' && projects[0].workers.missing === 2;
    });
    expect(counters.launches).toBe(0);
    expect((await framework.read('why', 'open')).stdout).toMatch(
      /its manager does not ask for a password\. .*makeflow --password FILE/,
    );
  });

  it('whose workers have a wrong one says that it may be that', async () => {
    const { framework } = await protectedFlow('--password', 'password', '--config', 'pools.yaml');
    writeFileSync(join(framework.stateDir, 'password'), `${SECRET}\n`, { mode: 0o600 });
    const wrong = join(framework.stateDir, 'wrong');
    writeFileSync(wrong, 'wrong\n');
    writeFileSync(join(framework.stateDir, 'pools.yaml'), `pools: [{ name: other, passwordFile: ${wrong} }]\n`);
    framework.start();
    const said = /before it connected to its manager\. .* a wrong password/;
    // A worker tries for half a minute.
    const { counters } = await framework.is('it', ({ backoffs }) => said.test(JSON.stringify(backoffs)), 90_000);
    expect(counters.launches).toBeLessThanOrEqual(4);
  });
});
