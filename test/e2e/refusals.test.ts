import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fileTable } from './file-table.ts';
import { writeRun } from './page-stores.mjs';
import { commandOf, portsOf, portTable, STRANGER } from './port-table.ts';
import { CLI, ROOT, runNames, until } from './relval.ts';
import { family, listenersIn, namespaceOf } from './sockets.ts';
import { requestsFor, type WebRequest, webTable } from './web-table.ts';

/**
 * Every port and every file of a run that goes on, and what a second user and a second machine are answered. The tables
 * are docs/refusals.md: a port or a readable file that is new makes this test fail.
 */

const FRAMEWORK = join(ROOT, 'dist', 'framework', 'main.js');
const TOKEN = 'a-token-of-this-test-0123456789';
/** The ports of a namespace of its own are all free. */
const [CATALOG, OPERATIONS] = [9097, 9200];
/** Of the machine of the run, and of another one. Both are reserved for documentation. */
const [ADDRESS, OTHER_ADDRESS] = ['192.0.2.1', '192.0.2.2'];

/** Why the test cannot run here; undefined: it can. */
function obstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can become a second user';
  const veth = spawnSync('unshare', ['--net', 'ip', 'link', 'add', 'one', 'type', 'veth', 'peer', 'name', 'two']);
  if (veth.status !== 0) return 'no network namespaces can be made here';
  const node = spawnSync(STRANGER[0] as string, [...STRANGER.slice(1), process.execPath, '--version']);
  return node.status === 0 ? undefined : 'another user cannot start node here';
}

const why = obstacle();
let dir: string;
let started: ChildProcess[];
/** Processes that keep the network namespaces of the run's machine and of the other machine. */
let here: number;
let there: number;

beforeEach(async () => {
  if (why !== undefined) return;
  started = [];
  dir = mkdtempSync(join(tmpdir(), 'refusals-'));
  // Others may look into it, so that only the modes of what is below keep them out.
  chmodSync(dir, 0o755);
  here = await namespace();
  there = await namespace();
  const set = (pid: number, words: string) => execFileSync('nsenter', ['--net', '-t', `${pid}`, ...words.split(' ')]);
  set(here, `ip link add wire type veth peer name wire netns ${there}`);
  for (const [pid, address] of [
    [here, ADDRESS],
    [there, OTHER_ADDRESS],
  ] as const) {
    set(pid, `ip address add ${address}/24 dev wire`);
    for (const link of ['wire', 'lo']) set(pid, `ip link set ${link} up`);
  }
});
afterEach(async () => {
  if (why !== undefined) return;
  const pids = [...new Set(started.flatMap(({ pid }) => family(pid as number)))];
  for (const child of started.reverse()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended with those that started it.
    }
  }
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

async function namespace(): Promise<number> {
  const holder = spawn('unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' });
  started.push(holder);
  const pid = holder.pid as number;
  const own = namespaceOf(process.pid);
  await until('a network namespace', 5, () => commandOf(pid).startsWith('sleep ') && namespaceOf(pid) !== own);
  return pid;
}

interface Program {
  pid: number;
  /** What it has written to stdout and stderr. */
  text(): string;
  /** Its exit status, when it has ended. */
  code(): number | undefined;
}

/** Starts a program on the run's machine, with the directories `base` has for it. */
function start(base: string, command: string, ...args: string[]): Program {
  const child = spawn('nsenter', ['--net', '-t', `${here}`, command, ...args], {
    cwd: base,
    env: {
      ...process.env,
      HOME: base,
      XDG_CONFIG_HOME: base,
      XDG_CACHE_HOME: join(base, 'cache'),
      RELVAL_RUNS: join(base, 'runs'),
      TMPDIR: join(base, 'tmp'),
      NO_COLOR: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      text += chunk;
    });
  }
  return { pid: child.pid as number, text: () => text, code: () => child.exitCode ?? undefined };
}

/** A directory for one scenario, with a workflow of one step that goes on for ever. */
function base(name: string): { path: string; workflow: string } {
  const path = join(dir, name);
  mkdirSync(path);
  mkdirSync(join(path, 'tmp'));
  chmodSync(join(path, 'tmp'), 0o1777);
  const workflow = join(path, 'workflow.yaml');
  writeFileSync(
    workflow,
    "name: w\nstages: [{ name: step, command: 'echo kept >kept.txt; echo own >own.log; echo begun; sleep infinity' }]\n",
  );
  return { path, workflow };
}

/** Waits until the only step of the only run has printed its line, and the line has come home. */
async function untilBegun(path: string, program: Program): Promise<void> {
  const runs = join(path, 'runs');
  await until('the step to print', 60, () => {
    const [id] = runNames(runs);
    const log = join(runs, `${id}`, 'steps', 'step', '1', 'stdout.log');
    return existsSync(log) && readFileSync(log, 'utf8').includes('begun\n');
  }).catch((error) => {
    throw new Error(`${error.message}\n${program.text()}`);
  });
}

/** Runs a program to its end on the run's machine. */
async function finish(base: string, code: number, ...args: string[]): Promise<void> {
  const program = start(base, process.execPath, CLI, ...args);
  const ended = await until(`the end of relval ${args[0]}`, 60, () => program.code());
  if (ended !== code) throw new Error(`relval ${args.join(' ')} ended with ${ended}:\n${program.text()}`);
}

const HEAD = `# Refusals

What a second user of the machine, and a second machine, can reach of a run that goes on. \`test/e2e/refusals.test.ts\` makes
these tables from real runs; \`npx vitest run --project e2e test/e2e/refusals.test.ts -u\` (as root) writes them. Umask: 022. [Threats](threats.md)
says what stops whom. The catalog server belongs to cctools, and is open to everybody.

The second user sends each question to each port. A number is an HTTP status; \`closed\`: the server closed the connection
without an answer; \`silence\`: no answer within 20 s. For files, \`ID\`, \`N\` and \`X\` stand for what differs from run to run.
`;

/** A finding, an attempt that was repeated, an exception, a night that was accepted: all that a run can leave. */
async function endedRun(): Promise<{ path: string; id: string; flags: string[] }> {
  const { path } = base('ended');
  const workflow = join(path, 'workflow.yaml');
  const command = "echo '*** Break *** segmentation violation'; exit 1";
  writeFileSync(workflow, JSON.stringify({ name: 'w', stages: [{ name: 'step', command }] }));
  const nightlies = join(path, 'nightlies.yaml');
  writeFileSync(
    nightlies,
    'nightlies: { night: { at: "03:00", timeZone: UTC, run: workflow.yaml, local: true, runs: runs } }\n',
  );
  const token = join(path, 'token');
  writeFileSync(token, `${TOKEN}\n`, { mode: 0o600 });
  await finish(path, 1, 'run', workflow, '--local', '--local-cpus', '1', '--no-check');
  const [id = ''] = runNames(join(path, 'runs'));
  await finish(path, 1, 'retry', id, 'step');
  const report: { findings: { fingerprint?: string }[] } = JSON.parse(
    readFileSync(join(path, 'runs', id, 'report', 'report.json'), 'utf8'),
  );
  const finding = report.findings.find(({ fingerprint }) => fingerprint !== undefined)?.fingerprint ?? '';
  const exceptions = join(path, 'exceptions.yaml');
  const excuse = ['--reason', 'it is known', '--until', '2999-01-01'];
  await finish(path, 0, 'except', id, finding, ...excuse, '--to', exceptions);
  await finish(path, 0, 'accept', id, '--note', 'good');
  // With so many, `list` keeps what it has read, but only of runs that have not changed for two seconds.
  for (let n = 0; n < 200; n++) {
    const old = `w-20200101-${String(n).padStart(6, '0')}`;
    writeRun(join(path, 'runs'), { id: old, name: 'w', created: Date.UTC(2020, 0) + n, verdict: 'passed' });
  }
  await until('the cache of runs', 10, async () => {
    await finish(path, 0, 'list');
    return existsSync(join(path, 'cache')) || undefined;
  });
  await finish(path, 0, 'trend', 'w');
  await finish(path, 0, 'gc', '--keep', '190', '--yes');
  const paths = { '--inputs': path, '--token-file': token, '--nightlies': nightlies, '--exceptions': exceptions };
  return { path, id, flags: Object.entries(paths).flat() };
}

it.skipIf(why !== undefined)(`docs/refusals.md says what strangers are answered (${why ?? 'as root'})`, async () => {
  process.umask(0o022);
  const machines = { here, there, address: ADDRESS };
  const local = base('local');
  const run = start(
    local.path,
    process.execPath,
    CLI,
    'run',
    local.workflow,
    '--local',
    '--local-cpus',
    '1',
    '--no-check',
  );
  await untilBegun(local.path, run);

  const localPorts = portTable(machines, [run.pid], new Set());
  // From here on these are known.
  const known = new Set(listenersIn(here).map(({ inode }) => inode));

  const remote = base('cluster');
  const password = join(remote.path, 'password');
  writeFileSync(password, 'open sesame\n', { mode: 0o600 });
  const catalog = `${ADDRESS}:${CATALOG}`;
  const server = start(
    remote.path,
    'catalog_server',
    '-p',
    `${CATALOG}`,
    '-n',
    ADDRESS,
    '-u',
    '127.0.0.1:1',
    '-H',
    join(dir, 'history'),
  );
  await until('the catalog', 10, () => portsOf(here, [server.pid], known).length === 3);
  const flags = ['--catalog', catalog, '--password', password];
  const framework = start(
    remote.path,
    process.execPath,
    FRAMEWORK,
    '--master',
    'local',
    '--listen',
    `127.0.0.1:${OPERATIONS}`,
    ...flags,
  );
  await until('the framework', 20, () => framework.text().includes('framework subscribed'));
  const cluster = start(remote.path, process.execPath, CLI, 'run', remote.workflow, '--no-check', ...flags);
  const page = start(remote.path, process.execPath, CLI, 'serve', '--listen', '127.0.0.1:0');
  await untilBegun(remote.path, cluster);
  await until('the page', 20, () => /http:\/\/\S+/.test(page.text()));

  const clusterPorts = portTable(
    machines,
    [server, framework, cluster, page].map(({ pid }) => pid),
    known,
  );

  const ended = await endedRun();
  const open = start(ended.path, process.execPath, CLI, 'serve', '--listen', '0.0.0.0:0', ...ended.flags);
  const port = await until(
    'the page for all',
    20,
    () => Number(/http:\/\/\S+?:(\d+)/.exec(open.text())?.[1]) || undefined,
  );
  const before = runNames(join(ended.path, 'runs'));
  const requests = requestsFor(ended.id, ended.path);
  const bearer = { authorization: `Bearer ${TOKEN}` };
  const site = 'http://elsewhere.example';
  const manners = {
    'without a token': {},
    'with a wrong token': { authorization: 'Bearer a-token-that-somebody-guesses' },
    'under another name, with the token': { ...bearer, host: 'elsewhere.example' },
    'by a page of another site, with the token': { ...bearer, origin: site, 'sec-fetch-site': 'cross-site' },
  };
  const ops = ['/', '/healthz', '/metrics', '/state', '/recent'].map((path): WebRequest => ({ method: 'GET', path }));
  const opsManners = {
    'as it should be': {},
    'under another name': { host: 'elsewhere.example' },
    'by a page of another site': { origin: site, 'sec-fetch-site': 'cross-site' },
  };

  const text = [
    HEAD,
    '## A run on this machine (`relval run --local`)\n',
    `${localPorts}\n`,
    `${fileTable(dir, local.path, ['runs', 'tmp', 'cache'])}\n`,
    '## A run on a cluster (`relval run --catalog --password`), its framework (`--master local`), its catalog and `relval serve`\n',
    `${clusterPorts}\n`,
    `${fileTable(dir, remote.path, ['runs', 'tmp', 'cache', 'password'])}\n`,
    'The framework’s server of operations, asked by the second user:\n',
    `${webTable(here, { host: '127.0.0.1', port: OPERATIONS }, ops, opsManners, (path) => path)}\n`,
    '## The page for other machines (`relval serve --listen 0.0.0.0:0 --token-file --inputs --nightlies --exceptions`)\n',
    'Asked by the second user on another machine; the run `w-ID` has ended, was retried and accepted, and one of its findings has an exception:\n',
    `${webTable(there, { host: ADDRESS, port }, requests, manners, (path) => path.replaceAll(ended.id, 'w-ID'))}\n`,
    `${fileTable(dir, ended.path, ['runs', 'tmp', 'cache', 'token', 'exceptions.yaml'])}\n`,
  ].join('\n');
  expect(runNames(join(ended.path, 'runs'))).toEqual(before);
  await expect(text).toMatchFileSnapshot(join(ROOT, 'docs', 'refusals.md'));
});
