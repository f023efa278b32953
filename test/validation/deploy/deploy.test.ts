import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import yargs from 'yargs';
import { frameworkOptions } from '../../../framework/options.ts';
import { lintDockerfile, parseDockerfile } from './dockerfile.ts';
import { marathonApp } from './marathon.ts';

const DOCKER = join(dirname(createRequire(import.meta.url).resolve('release-validation/package.json')), 'docker');
const read = (...path: string[]) => readFileSync(join(DOCKER, ...path), 'utf8');
const VERSION = JSON.parse(read('..', 'package.json')).version;

/** Throws for flags that the framework does not have. */
function checkFrameworkFlags(args: string[]): void {
  frameworkOptions(
    yargs(args)
      .exitProcess(false)
      .fail((message, error) => {
        throw error ?? new Error(message);
      }),
  )
    .strict()
    .parseSync();
}

describe.each(['worker', 'relval'])('the Dockerfile of %s', (kind) => {
  it('is pinned, runs as somebody, is labelled and health-checked, and leaves no lists', () => {
    expect(lintDockerfile(read(kind, 'Dockerfile'))).toEqual([]);
  });

  it('copies only what is in its build context', () => {
    const copied = parseDockerfile(read(kind, 'Dockerfile')).filter(
      ({ name, text }) => name === 'COPY' && !text.startsWith('--from'),
    );
    const sources = copied.flatMap(({ text }) => text.split(/\s+/).slice(0, -1));
    const present = new Set([
      'provide.sh',
      'project',
      ...readdirSync(join(DOCKER, kind)).map((name) => `${kind}/${name}`),
    ]);
    expect(sources.filter((source) => !present.has(source))).toEqual([]);
  });

  it('has the version of the project', () => {
    const version = parseDockerfile(read(kind, 'Dockerfile')).find(
      ({ name, text }) => name === 'ARG' && text.startsWith('VERSION='),
    );
    expect(version?.text).toBe(`VERSION=${VERSION}`);
  });
});

describe('the linter of Dockerfiles', () => {
  const GOOD = read('worker', 'Dockerfile');
  it.each([
    ['a base of no version', GOOD.replace(/^ARG BASE=.*$/m, 'ARG BASE=debian'), /neither tag nor digest/],
    ['latest', GOOD.replace(/^ARG BASE=.*$/m, 'ARG BASE=debian:latest'), /latest/],
    ['a base that cannot be chosen', GOOD.replaceAll(/^FROM \S+/gm, 'FROM debian:12'), /from an ARG/],
    ['root', GOOD.replace(/^USER .*$/m, 'USER root'), /runs as root/],
    ['ADD of an address', `${GOOD}\nADD https://example.org/x /x\n`, /COPY/],
    ['lists that are left', `${GOOD}\nRUN apt-get install -y \\\n  --no-install-recommends zip\n`, /lists/],
    ['no health check', GOOD.replace(/^HEALTHCHECK .*$/m, ''), /HEALTHCHECK/],
    ['a label that is missing', GOOD.replace('org.opencontainers.image.version', 'version'), /image\.version/],
    ['a secret', `${GOOD}\nENV API_TOKEN=abc\n`, /secret/],
  ])('finds %s', (_what, source, problem) => {
    expect(lintDockerfile(source).join('\n')).toMatch(problem);
  });
});

describe.each(['framework.json', 'page.json'])('the Marathon definition %s', (file) => {
  const app = JSON.parse(read('marathon', file));

  it('has only what Marathon documents', () => {
    expect(marathonApp.safeParse(app).error?.issues).toBeUndefined();
  });

  it('never has two at once, stays where its state is, and is asked for its health', () => {
    expect(app.instances).toBe(1);
    expect(app.upgradeStrategy).toEqual({ minimumHealthCapacity: 0, maximumOverCapacity: 0 });
    expect(app.constraints).toEqual([['hostname', 'CLUSTER', expect.any(String)]]);
    expect(app.healthChecks).toEqual([expect.objectContaining({ path: '/healthz', portIndex: 0 })]);
  });

  it('listens on the port that it asks for, with the image of this version', () => {
    const [{ port }] = app.portDefinitions;
    expect(app.requirePorts).toBe(true);
    expect(app.args[app.args.indexOf('--listen') + 1]).toBe(`0.0.0.0:${port}`);
    expect(app.env.RELVAL_HEALTH_URL).toBe(`http://127.0.0.1:${port}/healthz`);
    expect(app.container.docker.image).toBe(`registry.example.org/relval:${VERSION}`);
  });
});

it('the schema of Marathon refuses what is not documented', () => {
  const app = JSON.parse(read('marathon', 'framework.json'));
  for (const wrong of [
    { instances: -1 },
    { cmd: 'both' },
    { helthChecks: [] },
    { upgradeStrategy: { maximumOverCapacity: 2, minimumHealthCapacity: 0 } },
    { portDefinitions: [] },
  ]) {
    expect(marathonApp.safeParse({ ...app, ...wrong }).success, JSON.stringify(wrong)).toBe(false);
  }
});

it('the framework has every flag that its Marathon definition gives', () => {
  const { args } = JSON.parse(read('marathon', 'framework.json'));
  expect(() => checkFrameworkFlags(args.slice(1))).not.toThrow();
  expect(() => checkFrameworkFlags(['--no-such-flag'])).toThrow(/such/);
});

it.each([
  ['of Marathon', JSON.parse(read('marathon', 'page.json')).args, JSON.parse(read('marathon', 'framework.json')).args],
  ...[parse(read('compose.yaml'), { merge: true }).services].map(({ page, framework }) => [
    'of the compose file',
    page.command,
    framework.command.flatMap((flag: string) => flag.split('=')),
  ]),
])('the page %s shows the framework beside it', (_whose, page: string[], framework: string[]) => {
  const [port] = /\d+$/.exec(framework[framework.indexOf('--listen') + 1] ?? '') ?? [];
  expect(page[page.indexOf('--framework') + 1]).toBe(`http://127.0.0.1:${port}`);
});

describe('the compose file', () => {
  const { services, volumes } = parse(read('compose.yaml'), { merge: true });

  it('has every service of a cluster, none of them of no version', () => {
    expect(Object.keys(services).sort()).toEqual([
      'catalog',
      'chronos',
      'framework',
      'marathon',
      'mesos-agent',
      'mesos-master',
      'page',
      'zookeeper',
    ]);
    for (const [name, { image }] of Object.entries<{ image: string }>(services)) {
      expect(image, name).toMatch(/^\$\{[A-Z_]+:-[\w./-]+:[\w.-]+\}$/);
      expect(image, name).not.toContain(':latest');
    }
  });

  it('declares the volumes that it mounts, and starts services that others wait for', () => {
    for (const { volumes: mounts = [], depends_on = {} } of Object.values<{ volumes?: string[]; depends_on?: object }>(
      services,
    )) {
      for (const mount of mounts) {
        const [source = ''] = mount.split(':');
        if (!source.startsWith('/')) expect(Object.keys(volumes)).toContain(source);
      }
      for (const other of Object.keys(depends_on)) expect(Object.keys(services)).toContain(other);
    }
  });

  it('gives the framework flags that it has', () => {
    expect(() => checkFrameworkFlags(services.framework.command.slice(1))).not.toThrow();
  });
});
