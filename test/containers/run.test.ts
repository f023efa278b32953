import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Cluster } from '../e2e/framework/cluster.ts';
import { Framework } from '../e2e/framework/framework.ts';
import { until as eventually, Flow, startCatalog } from '../e2e/framework/tools.ts';
import { eventsOf, GPMC, Relval, ROOT, until } from '../e2e/relval.ts';
import { importBase } from './base-image.ts';
import { Daemon } from './daemon.ts';
import { Watch } from './watch.ts';

const WORKER = 'relval-worker:test';
const RELVAL = 'relval:test';
const IN_DOCKER = ['--local', '--local-cpus', '2', '--containerizer', 'docker', '--image', WORKER];

const daemon = new Daemon();
let relval: Relval;

function build(kind: 'worker' | 'relval', tag: string, base: string): void {
  // The builder of every version of docker, also of those that have another one by default.
  const env = { ...daemon.environment, DOCKER_BUILDKIT: '0' };
  execFileSync(join(ROOT, 'docker', 'build.sh'), [kind, '--tag', tag, '--build-arg', `BASE=${base}`], {
    env,
    stdio: 'pipe',
  });
}

beforeAll(async () => {
  await daemon.start();
  process.env.DOCKER_HOST = daemon.host;
  importBase(daemon, 'base-worker:test', 'worker');
  importBase(daemon, 'base-service:test', 'service');
  build('worker', WORKER, 'base-worker:test');
  build('relval', RELVAL, 'base-service:test');
});

afterAll(async () => {
  await daemon.stop();
  delete process.env.DOCKER_HOST;
  expect(daemon.isGone).toBe(true);
});

beforeEach(() => {
  relval = new Relval();
});

afterEach(() => {
  const left = { containers: daemon.containers(), processes: relval.processes() };
  relval.remove();
  expect(left).toEqual({ containers: [], processes: [] });
});

/** The directory of the run under way, once one of its steps runs. */
async function runningStep(): Promise<string> {
  return until('a step to run', 60, async () => {
    const [run] = JSON.parse((await relval.run('list', '--json')).stdout);
    return run && eventsOf(run.directory).some(({ type }) => type === 'step-running') ? run.directory : undefined;
  });
}

describe('a validation whose steps run in containers', () => {
  it('passes: workers have the image’s user, their volumes and their memory, and outputs are here', async () => {
    const data = join(relval.dir, 'data');
    mkdirSync(data);
    writeFileSync(join(data, 'seen'), 'by every worker');
    const watch = new Watch(daemon, relval.runs);
    const { code, stdout, stderr } = await relval.run('run', GPMC, ...IN_DOCKER, '--volume', `${data}:/cvmfs:RO`);
    const containers = watch.stop();
    expect(code, stdout + stderr).toBe(0);
    const { directory, totals } = await relval.onlyRun();
    expect(totals).toMatchObject({ steps: 9, succeeded: 9 });
    expect(containers.length).toBeGreaterThan(0);
    for (const { user, limit, peak, mounts } of containers) {
      expect(mounts).toEqual(expect.arrayContaining(['/cvmfs:ro', '/mnt/mesos/sandbox:rw']));
      expect(user).toBe('1000:1000');
      expect(limit).toBe(1024);
      expect(peak).toBeLessThanOrEqual(limit);
    }
    expect(containers.some(({ peak }) => peak > 1)).toBe(true);
    expect(new Set(containers.flatMap(({ steps }) => [...steps])).size).toBeGreaterThan(3);
    const { outputDir, outputs } = JSON.parse(
      readFileSync(join(directory, 'steps', 'sim0001', '1', 'result.json'), 'utf8'),
    );
    expect(outputs.length).toBeGreaterThan(0);
    const made = join(outputDir, outputs[0].name);
    expect(outputDir.startsWith(directory)).toBe(true);
    expect(existsSync(made)).toBe(true);
    if (process.getuid?.() === 0) expect(statSync(made).uid).toBe(1000);
  });

  it('passes also when a container is killed while a step runs in it: the step runs again elsewhere', async () => {
    const watch = new Watch(daemon, relval.runs);
    const { ended } = relval.start('run', GPMC, ...IN_DOCKER, '--set', 'RELVAL_DEMO_SECONDS=3');
    const directory = await runningStep();
    const [victim = ''] = daemon.containers('status=running');
    daemon.docker('kill', victim);
    const { code, stdout, stderr } = await ended;
    const containers = watch.stop();
    expect(code, stdout + stderr).toBe(0);
    expect(containers.length).toBeGreaterThan(1);
    expect(readFileSync(join(directory, 'local', 'framework.log'), 'utf8')).toContain(
      'Container exited with status 137',
    );
  });

  it('says of a step that it was killed because its memory was used up', async () => {
    const example = join(relval.dir, 'gpmc');
    cpSync(dirname(GPMC), example, { recursive: true });
    writeFileSync(join(example, 'aliroot_dpgsim.sh'), '#!/bin/bash\ntail /dev/zero\nexit $?\n', { mode: 0o755 });
    const watch = new Watch(daemon, relval.runs);
    const { code, stdout, stderr } = await relval.run(
      'run',
      join(example, 'gpmc.jdl'),
      ...IN_DOCKER,
      '--only',
      'sim0001',
    );
    watch.stop();
    expect(code, stdout + stderr).toBe(1);
    expect(stdout).toContain('memory limit exceeded: the payload was ended by SIGKILL');
    const { directory } = await relval.onlyRun();
    const { message } = JSON.parse(readFileSync(join(directory, 'steps', 'sim0001', '1', 'result.json'), 'utf8'));
    expect(message).toContain('memory limit of 1024 MB');
  });

  it('is broken, and says why, when the image cannot be had', async () => {
    const { code, stdout, stderr } = await relval.run(
      'run',
      GPMC,
      '--local',
      '--containerizer',
      'docker',
      '--image',
      'localhost:1/no/such:1',
    );
    expect(code, stdout + stderr).toBe(3);
    expect(stdout).toMatch(/docker pull .*localhost:1\/no\/such:1.*refused/s);
  });

  it('leaves no container behind when it is interrupted', async () => {
    const { child, ended } = relval.start('run', GPMC, ...IN_DOCKER, '--set', 'RELVAL_DEMO_SECONDS=60');
    await runningStep();
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
  });
});

it('a framework whose image cannot be had says so in /state and in why', async () => {
  const catalog = await startCatalog();
  await Flow.start(catalog, 'imageless', { stages: [2], seconds: 1 });
  const framework = new Framework(
    { address: 'local' } as Cluster,
    '--containerizer',
    'docker',
    '--catalog',
    catalog.address,
  );
  const pools = join(framework.stateDir, 'pools.yaml');
  writeFileSync(pools, 'pools: [{ name: slc6, image: "localhost:1/no/such:1" }]\n');
  framework.start('--config', pools);
  const state = await eventually('the reason', async () => {
    const state = await framework.state().catch(() => undefined);
    return state && Object.keys(state.backoffs.pools).length > 0 ? state : undefined;
  });
  expect(state.backoffs.pools.slc6?.why).toMatch(/docker pull .*localhost:1\/no\/such:1/);
  await eventually('why', async () => {
    const [project] = (await framework.state()).projects;
    return project?.words.some((words) => words.includes('localhost:1/no/such:1'));
  });
  // In order: one that is killed leaves the directory of its embedded master.
  expect(await framework.kill('SIGTERM')).toBe(0);
});

describe('the images', () => {
  const run = (...args: string[]) => daemon.docker('run', '--rm', '--network', 'none', ...args);

  it('the worker’s doctor finds all that steps need, and nothing is run as root', () => {
    const report = run(WORKER);
    expect(report).toMatch(/^\+ cctools +work_queue_worker version/m);
    expect(report).toMatch(/^\+ user +1000:1000$/m);
    expect(report).not.toMatch(/^-/m);
    expect(run(WORKER, 'relval-worker-doctor', '--quiet')).toBe('');
  });

  it('doctor --image says from outside what the worker’s says, and which protocol its worker speaks', async () => {
    const good = await relval.run('doctor', '--image', WORKER, '--json');
    expect(JSON.parse(good.stdout)).toMatchObject({ usable: true, protocol: expect.any(Number) });
    expect(JSON.parse(good.stdout).protocol).toBe(JSON.parse(good.stdout).ownProtocol);
    const none = await relval.run('doctor', '--image', 'localhost:1/no/such:1');
    expect(none).toMatchObject({ code: 2, stdout: expect.stringMatching(/refused.*workers cannot run in it/s) });
  });

  it('relval’s has both commands, the tools, and a user of its own', () => {
    expect(run(RELVAL, 'relval', 'doctor')).not.toMatch(/missing/);
    expect(run(RELVAL, 'mesos-workqueue-framework', '--help')).toContain('--containerizer');
    expect(run(RELVAL, 'id', '-u').trim()).toBe('1000');
    const plan = run(RELVAL, 'relval', 'plan', '/opt/release-validation/makeflows/examples/gpmc/gpmc.jdl', '--json');
    expect(JSON.parse(plan).steps).toHaveLength(9);
  });

  it('health of a service is what it says of itself', () => {
    const check = (url: string) =>
      run('--env', `RELVAL_HEALTH_URL=${url}`, RELVAL, 'node', '/opt/release-validation/docker/relval/healthcheck.mjs');
    expect(check('')).toBe('');
    expect(() => check('http://127.0.0.1:9/healthz')).toThrow(/ECONNREFUSED|bad port/);
  });

  it.each([WORKER, RELVAL])('%s says what it is, and how its health is known', (image) => {
    const [{ Config }] = JSON.parse(daemon.docker('image', 'inspect', image));
    expect(Object.keys(Config.Labels)).toEqual(
      expect.arrayContaining([
        'org.opencontainers.image.title',
        'org.opencontainers.image.version',
        'org.opencontainers.image.revision',
      ]),
    );
    expect(Config.Healthcheck.Test[0]).toBe('CMD');
    expect(Config.User).toBe('1000:1000');
  });
});
