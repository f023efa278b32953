import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../framework/config/config-error.ts';
import { parsePools, readPools } from '../../../framework/config/pools.ts';
import { parseVolume } from '../../../framework/config/volume.ts';
import { defaultPool, poolOf as poolFor } from '../../../framework/scheduler/state/pool.ts';
import { WORK_QUEUE_WORKER } from '../../../framework/workqueue/worker.ts';

const DEFAULT_POOL = defaultPool(WORK_QUEUE_WORKER);
const OTHER = {
  ...WORK_QUEUE_WORKER,
  source: 'other',
  workerCommand: 'other_worker',
  killGraceSeconds: 60,
  takesGpus: false,
};
const KINDS = [WORK_QUEUE_WORKER, OTHER];
const parse = (text: string) => parsePools(text, 'pools.yaml', DEFAULT_POOL, KINDS);
const poolOf = (pools: ReturnType<typeof parse>, name: string) => poolFor(pools, { name, source: 'workqueue' });

/** The message of the error that a text leads to. */
function problem(text: string): string {
  try {
    parse(text);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('no error');
}

describe('granularity', () => {
  it.each([
    ['auto', 'auto'],
    ['16', 16],
  ])('is a number or auto: %s', (text, expected) => {
    expect(parse(`pools: [{name: a, granularity: ${text}}]`)[0]?.granularity).toBe(expected);
  });

  it.each(['0', 'some', '1.5'])('is not %s', (text) => {
    expect(() => parse(`pools: [{name: a, granularity: ${text}}]`)).toThrow('pools.0.granularity');
  });
});

describe('aliases', () => {
  it('stand for what they name', () => {
    expect(parse('pools: [{name: a, role: &role mc}, {name: b, role: *role}]').map(({ role }) => role)).toEqual([
      'mc',
      'mc',
    ]);
  });

  it('without an anchor before them are errors with their place', () => {
    expect(problem('pools:\n- name: a\n  role: *none\n')).toMatch(/^pools\.yaml:3:9: Unresolved alias .*: none$/m);
    expect(problem('pools:\n- {name: a, role: *later}\n- name: &later b\n')).toMatch(/^pools\.yaml:2:19: .*: later$/m);
    expect(problem('*none')).toMatch(/^pools\.yaml:1:1: /);
  });

  it('that multiply are refused before they fill the memory', () => {
    const names = [...'abcdefghij'];
    const rows = names.slice(1).map((name, index) => `${name}: &${name} [${`*${names[index]},`.repeat(9)}]`);
    const text = `a: &a [x,x,x,x,x,x,x,x,x]\n${rows.join('\n')}\npools: [{name: x}]\n`;
    expect(problem(text)).toMatch(/^pools\.yaml:10:\d+: Excessive alias count/);
  });

  it('and nesting without end is an error too', () => {
    for (const open of ['[', '{a: ', '- ', '? ']) {
      expect(problem(open.repeat(20_000))).toMatch(/^pools\.yaml:1:\d+: lists are nested more than 50 deep$/m);
    }
    expect(problem('pools: &a [*a]')).toMatch(/^pools\.yaml:1:12: pools\.0: /);
  });
});

describe('parsePools', () => {
  it('takes what a pool leaves out from the defaults', () => {
    const [pool] = parse('pools:\n- name: all\n');
    expect(pool).toEqual({ ...DEFAULT_POOL, name: 'all' });
  });

  it('takes it from the given pool instead, if there is one', () => {
    const base = { ...DEFAULT_POOL, image: 'i', shape: { cores: 8, memory: 100, disk: 10 }, max: 7 };
    expect(parsePools('pools: [{name: a, memory: 200}]', 'f', base, KINDS)).toEqual([
      { ...base, name: 'a', shape: { cores: 8, memory: 200, disk: 10 } },
    ]);
  });

  it('takes no image from a given pool of another source, because that image has other workers', () => {
    const base = { ...DEFAULT_POOL, image: 'i', max: 7 };
    const [pool] = parsePools('pools: [{name: a, source: other}]', 'f', base, KINDS);
    expect(pool).toMatchObject({ workerCommand: 'other_worker', max: 7 });
    expect(pool).not.toHaveProperty('image');
  });

  it('reads every setting', () => {
    const text = `
pools:
- name: mc.gen-1
  projects: mc|gen_.*
  cores: 4
  memory: 8192
  disk: 20000
  limit: {cores: 16, memory: 65536, disk: 100000}
  role: analysis/mc
  revocable: true
  constraints: [[rack, LIKE, r1|r2], [rack, UNLIKE, r3], [host, UNIQUE], [zone, MAX_PER, 3], [zone, MAX_PER, "4"]]
  placement: pack
  granularity: 4
  min: 2
  max: 100
  tasksPerWorker: 2
  weight: 2.5
  idleSeconds: 0
  scaleUpDelaySeconds: 1.5
  launchesPerSecond: 20
  killGraceSeconds: 30
  image: alisw/slc6-builder
  containerizer: mesos
  volumes: ["/cvmfs:/cvmfs:ro", /data]
  privileged: true
  forcePull: true
  dockerParameters: [{key: shm-size, value: 1g}]
  uris: [https://h/a.tar, {uri: https://h/b, extract: false, executable: true, cache: true, outputFile: b}]
  environment: {A: "1"}
  user: batch
  workerCommand: /opt/bin/work_queue_worker
  passwordFile: b
`;
    expect(parse(text)).toEqual([
      {
        name: 'mc.gen-1',
        projects: expect.objectContaining({ source: /^(?:mc|gen_.*)$/.source }),
        shape: { cores: 4, memory: 8192, disk: 20_000 },
        limit: { cores: 16, memory: 65_536, disk: 100_000 },
        role: 'analysis/mc',
        revocable: true,
        constraints: [
          { field: 'rack', operator: 'LIKE', pattern: expect.objectContaining({ source: /^(?:r1|r2)$/.source }) },
          { field: 'rack', operator: 'UNLIKE', pattern: expect.objectContaining({ source: /^(?:r3)$/.source }) },
          { field: 'host', operator: 'MAX_PER', limit: 1 },
          { field: 'zone', operator: 'MAX_PER', limit: 3 },
          { field: 'zone', operator: 'MAX_PER', limit: 4 },
        ],
        placement: 'pack',
        granularity: 4,
        min: 2,
        max: 100,
        tasksPerWorker: 2,
        weight: 2.5,
        idleSeconds: 0,
        scaleUpDelaySeconds: 1.5,
        launchesPerSecond: 20,
        killGraceSeconds: 30,
        image: 'alisw/slc6-builder',
        containerizer: 'mesos',
        volumes: [
          { hostPath: '/cvmfs', containerPath: '/cvmfs', mode: 'RO' },
          { hostPath: '/data', containerPath: '/data', mode: 'RW' },
        ],
        privileged: true,
        forcePull: true,
        dockerParameters: [{ key: 'shm-size', value: '1g' }],
        uris: [
          { uri: 'https://h/a.tar' },
          { uri: 'https://h/b', extract: false, executable: true, cache: true, outputFile: 'b' },
        ],
        environment: { A: '1' },
        user: 'batch',
        workerCommand: '/opt/bin/work_queue_worker',
        passwordFile: 'b',
        kind: WORK_QUEUE_WORKER,
      },
    ]);
  });

  it('matches the whole name of a project, the first pool first', () => {
    const pools = parse('pools: [{name: a, projects: a|ab}, {name: rest}]');
    expect(poolOf(pools, 'ab')?.name).toBe('a');
    expect(poolOf(pools, 'abc')?.name).toBe('rest');
    expect(poolOf(pools.slice(0, 1), 'xa')).toBeUndefined();
  });

  it('serves the projects of the source that it names, with the program of its workers', () => {
    const pools = parse('pools: [{name: a, source: other}, {name: b, source: other, workerCommand: /w}, {name: c}]');
    expect(pools.map(({ kind, workerCommand }) => [kind.source, workerCommand])).toEqual([
      ['other', 'other_worker'],
      ['other', '/w'],
      ['workqueue', 'work_queue_worker'],
    ]);
    expect(pools[0]?.killGraceSeconds).toBe(60);
    expect(poolOf(pools, 'sim')?.name).toBe('c');
    expect(poolFor(pools, { name: 'sim', source: 'other' })?.name).toBe('a');
  });

  it('gives a project that asks for an image the first pool that fits its name and has it', () => {
    const pools = parse(
      'pools: [{name: a, projects: p, image: x/y}, {name: b, projects: p|q, image: "x/y:2"}, {name: rest, image: z}]',
    );
    expect(poolOf(pools, 'p')?.name).toBe('a');
    expect(poolOf(pools, 'p@image=x/y')?.name).toBe('a');
    expect(poolOf(pools, 'p@image=x/y:2')?.name).toBe('b');
    expect(poolOf(pools, 'q@image=x/y')).toBeUndefined();
    expect(poolOf(pools, 'me@home')?.name).toBe('rest');
  });

  it.each([
    ['no YAML', 'pools:\n- name: a\n  role: "x\n', /^pools\.yaml:4:1: .*quote/i],
    ['nothing at all', '', /^pools\.yaml:1:1: pools: /],
    ['no pool', 'pools: []', /^pools\.yaml:1:1: pools: /],
    ['a pool without a name', 'pools:\n- cores: 1\n', /^pools\.yaml:2:3: pools\.0\.name: /],
    ['a name that is none', 'pools:\n- name: a b\n', /^pools\.yaml:2:9: pools\.0\.name: letters, digits/],
    ['an unknown key, at the key', 'pools:\n- name: a\n  core: 1\n', /^pools\.yaml:3:3: pools\.0: unknown key 'core'/],
    ['a wrong type', 'pools:\n- name: a\n  cores: many\n', /^pools\.yaml:3:10: pools\.0\.cores: .*number/],
    ['half a core', 'pools:\n- name: a\n  cores: 0.5\n', /^pools\.yaml:3:10: pools\.0\.cores: /],
    ['a bad pattern', 'pools:\n- name: a\n  projects: "("\n', /^pools\.yaml:3:13: pools\.0\.projects: Invalid regular/],
    [
      'a bad volume',
      'pools:\n- name: a\n  volumes:\n  - /a\n  - /a:/b:rx\n',
      /^pools\.yaml:5:5: pools\.0\.volumes\.1: .*HOST/,
    ],
    [
      'a bad operator',
      'pools: [{name: a, constraints: [[rack, IS, x]]}]',
      /^pools\.yaml:1:40: pools\.0\.constraints\.0\.1: /,
    ],
    [
      'LIKE without a pattern',
      'pools: [{name: a, constraints: [[rack, LIKE]]}]',
      /constraints\.0: LIKE takes a pattern/,
    ],
    [
      'an unknown source',
      'pools:\n- name: a\n  source: condor\n',
      /^pools\.yaml:3:11: pools\.0\.source: there is no source condor; expected workqueue or other$/m,
    ],
    ['UNIQUE with a number', 'pools: [{name: a, constraints: [[rack, UNIQUE, 2]]}]', /UNIQUE takes no argument/],
    ['MAX_PER nothing', 'pools: [{name: a, constraints: [[rack, MAX_PER, 0]]}]', /MAX_PER takes a whole number/],
    [
      'two of a name',
      'pools:\n- name: a\n- name: a\n',
      /^pools\.yaml:3:9: pools\.1\.name: another pool has the name a already/,
    ],
    [
      'GPUs for workers that take none',
      'pools:\n- name: a\n  source: other\n  gpus: 1\n',
      /^pools\.yaml:4:9: pools\.0\.gpus: a .* cannot be given GPUs/,
    ],
    ['a minimum above the maximum', 'pools:\n- {name: a, max: 2, min: 3}\n', /^pools\.yaml:2:26: pools\.0\.min: /],
    [
      'a limit below the usual worker',
      'pools:\n- name: a\n  cores: 4\n  limit: {cores: 2, memory: 9999, disk: 9999}\n',
      /^pools\.yaml:4:3: pools\.0\.limit: the usual worker/,
    ],
  ])('tells file, line and column of %s', (_, text, expected) => {
    expect(problem(text)).toMatch(expected);
  });

  it('tells all problems at once', () => {
    const text = 'pools:\n- name: a\n  cores: -1\n  colour: red\n- name: b\n  weight: 0\n';
    expect(
      problem(text)
        .split('\n')
        .filter((line) => line.startsWith('pools.yaml'))
        .map((line) => line.split(' ')[0]),
    ).toEqual(['pools.yaml:3:10:', 'pools.yaml:4:3:', 'pools.yaml:6:11:']);
  });
});

describe('readPools', () => {
  it('reads a file, and says which one it cannot read', () => {
    const dir = mkdtempSync(join(tmpdir(), 'config-test-'));
    try {
      const path = join(dir, 'pools.yaml');
      expect(() => readPools(path, DEFAULT_POOL, KINDS)).toThrow(`${path}: cannot be read`);
      writeFileSync(path, 'pools: [{name: a}]');
      expect(readPools(path, DEFAULT_POOL, KINDS)[0]?.name).toBe('a');
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe('parseVolume', () => {
  it.each([
    ['/a', { hostPath: '/a', containerPath: '/a', mode: 'RW' }],
    ['/a:/b', { hostPath: '/a', containerPath: '/b', mode: 'RW' }],
    ['/a:/b:RO', { hostPath: '/a', containerPath: '/b', mode: 'RO' }],
    ['/a:/b:rw', { hostPath: '/a', containerPath: '/b', mode: 'RW' }],
  ])('%s', (text, expected) => {
    expect(parseVolume(text)).toEqual(expected);
  });

  it.each(['', ':/b', '/a:', '/a:/b:', '/a:/b:ro:z', '/a:/b:rx'])('refuses %j', (text) => {
    expect(() => parseVolume(text)).toThrow(ConfigError);
  });
});
