import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Cluster } from '../e2e/framework/cluster.ts';
import { Framework } from '../e2e/framework/framework.ts';
import { startCatalog } from '../e2e/framework/tools.ts';
import { Relval } from '../e2e/relval.ts';
import { importBase } from './base-image.ts';
import { Daemon } from './daemon.ts';

const IMAGE = 'relval-exec-test:1';
/** The same, but for a variable. */
const OTHER = 'relval-exec-test:2';
let daemon: Daemon;
let relval: Relval;
let script: string;
const earlier = process.env.DOCKER_HOST;
beforeAll(async () => {
  daemon = new Daemon();
  await daemon.start();
  importBase(daemon, IMAGE, 'worker');
  daemon.docker('create', '--name', 'other', IMAGE, 'true');
  daemon.docker('commit', '--change', 'ENV FLAVOUR=other', 'other', OTHER);
  daemon.docker('rm', 'other');
  process.env.DOCKER_HOST = daemon.host;
  relval = new Relval();
  mkdirSync(join(relval.dir, 'my train'));
  script = join(relval.dir, 'my train', 'run.sh');
  // What tells a container from this machine: the image has no /home.
  const text =
    '#!/bin/bash\n[ -e /home ] && echo outside || echo inside\ncat beside.txt\necho "$1" >out.txt\nexit "$2"\n';
  writeFileSync(script, text, { mode: 0o755 });
  writeFileSync(join(relval.dir, 'my train', 'beside.txt'), 'beside it\n');
});
afterAll(async () => {
  relval?.remove();
  if (earlier === undefined) delete process.env.DOCKER_HOST;
  else process.env.DOCKER_HOST = earlier;
  await daemon?.stop();
});

const exec = (image: string, ...words: string[]) =>
  relval.run('exec', '--local', '--containerizer', 'docker', '--image', image, '--retries', '0', ...words);

describe('relval exec in an image', () => {
  it('runs the script there, as it is, with what lies beside it', async () => {
    const { code, stdout, stderr } = await exec(IMAGE, '--output', 'out.txt', '--', script, 'a b', '0');
    expect(stdout, stderr).toContain('inside\nbeside it\n');
    expect(code).toBe(0);
    expect(daemon.containers()).toEqual([]);
  });

  it('fails as the script does', async () => {
    expect((await exec(IMAGE, '--', script, 'x', '7')).code).toBe(1);
  });

  it('is broken when there is no such image, before anything has run', async () => {
    const { code, stderr } = await exec('127.0.0.1:1/nothing:1', '--', script, 'x', '0');
    expect(code).toBe(3);
    expect(stderr).toMatch(/BROKEN[\s\S]*127\.0\.0\.1:1\/nothing:1/);
    expect(daemon.containers()).toEqual([]);
  });
});

describe('relval exec in an image on a cluster', () => {
  let catalog: Awaited<ReturnType<typeof startCatalog>>;
  let framework: Framework;
  beforeEach(async () => {
    catalog = await startCatalog();
    const master = { address: 'local' } as Cluster;
    framework = new Framework(master, '--containerizer', 'docker', '--catalog', catalog.address);
    const file = join(framework.stateDir, 'pools.yaml');
    const pools = [`{ name: first, projects: relval-.*, image: "${IMAGE}" }`, `{ name: second, image: "${OTHER}" }`];
    writeFileSync(file, `pools: [${pools.join(', ')}]\n`);
    framework.start('--config', file);
    await framework.subscribed();
  });
  // In order: one that is killed leaves its workers.
  afterEach(async () => {
    expect(await framework.kill('SIGTERM')).toBe(0);
  });

  const onCluster = (...words: string[]) =>
    relval.run('exec', '--catalog', catalog.address, '--log-address', '127.0.0.1', ...words);

  it('is served by the pool that has it, not by the first that fits its name', async () => {
    const flavour = ['--', 'sh', '-c', '[ -e /home ] && echo outside; echo "flavour: $FLAVOUR"'];
    const other = await onCluster('--image', OTHER, ...flavour);
    expect(other.stdout, other.stderr).toMatch(/^flavour: other$/m);
    expect(other.stdout).not.toContain('outside');
    expect(other.code).toBe(0);
    const first = await onCluster('--image', IMAGE, ...flavour);
    expect(first.stdout, first.stderr).toMatch(/^flavour: $/m);
  });

  it('is told, here and by the framework, when no pool has it', async () => {
    const address = framework.logged(/^serving/)?.address;
    writeFileSync(join(relval.dir, 'relval.yaml'), `serve: { frameworks: ["http://${address}"] }\n`);
    const refused = await onCluster('--image', 'no/such:1', '--', 'true');
    expect(refused.code).toBe(3);
    expect(refused.stderr).toMatch(
      /image no\/such:1: no pool has it. The pools have relval-exec-test:1, relval-exec-test:2/,
    );
    const { child, ended } = relval.start(
      'exec',
      '--no-check',
      '--catalog',
      catalog.address,
      '--image',
      'no/such:1',
      '--',
      'true',
    );
    const said = await framework.is('why', ({ projects }) => projects.length > 0);
    expect(said.projects[0]?.words[0]).toMatch(
      /^no pool serves project relval-true-\S+ with image no\/such:1\. .*first relval-exec-test:1/,
    );
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
  });
});
