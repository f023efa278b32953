import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLI, Relval, runNames, until } from './relval.ts';
import { family, interfacesOf, isLoopback, listenersOf, namespaceOf } from './sockets.ts';

/** Who can get at a run on this machine: nobody from outside, and of its other users nobody without its password. */

/** nobody: a user without any rights. */
const STRANGER = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'];
const isRoot = process.getuid?.() === 0;
const hasIp = (process.env.PATH ?? '').split(delimiter).some((dir) => existsSync(join(dir, 'ip')));
/** Whether a user without rights can run what is tested here: it may lie where only its owner can read. */
const strangerCanRun =
  isRoot && spawnSync(STRANGER[0] as string, [...STRANGER.slice(1), process.execPath, CLI, '--help']).status === 0;

let relval: Relval;
let children: ChildProcess[];
beforeEach(() => {
  relval = new Relval();
  chmodSync(relval.dir, 0o755);
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  relval.remove();
});

/** Steps that go on until there is a gate; in the hands of a stranger they leave a mark. */
function writeWorkflow(): string {
  const file = join(relval.dir, 'workflow.yaml');
  writeFileSync(
    file,
    `name: w
stages:
  - name: step
    each: { jobs: 1-3 }
    command: |
      [ -z "\${STRANGER-}" ] || { touch '${relval.dir}/taken'; exit 127; }
      until [ -e '${relval.dir}/gate' ]; do sleep 0.1; done
`,
  );
  return file;
}

interface Going {
  pid: number;
  /** Where makeflow listens. */
  port: number;
  directory: string;
  makeflow: number;
  bridge: number | undefined;
  ended: Promise<{ code: number | null; stderr: string }>;
}

/** Starts a run of two workers, behind other words where they are given, and waits until both have a step. */
async function startRun(...before: string[]): Promise<Going> {
  const words = [process.execPath, CLI, 'run', writeWorkflow(), '--local', '--local-cpus', '2', '--no-check'];
  const [command = '', ...args] = [...before, ...words];
  const child = spawn(command, args, {
    cwd: relval.dir,
    env: { ...process.env, HOME: relval.dir, XDG_CONFIG_HOME: relval.dir, RELVAL_RUNS: relval.runs, NO_COLOR: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.push(child);
  let stderr = '';
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, stderr }));
  });
  await until('two steps to run', 30, () => (stderr.match(/ runs on /g) ?? []).length === 2 || child.exitCode !== null);
  expect(child.exitCode, stderr).toBeNull();
  const directory = join(relval.runs, runNames(relval.runs)[0] as string);
  const named = (pattern: RegExp): number | undefined =>
    family(child.pid as number).find((pid) => pattern.test(commandOf(pid)));
  return {
    pid: child.pid as number,
    directory,
    port: Number(readFileSync(join(directory, 'work', 'Makeflow.0.port'), 'utf8')),
    makeflow: named(/^makeflow /) as number,
    bridge: named(/ \S+bridge\.pl/),
    ended,
  };
}

/** Those of its processes that stay: relval, makeflow, bridge and workers; not what a step starts and what ends meanwhile. */
const lasting = ({ pid }: Going): number[] =>
  family(pid).filter((one) => one === pid || /^makeflow |^work_queue_worker |bridge\.pl/.test(commandOf(one)));

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch {
    return '';
  }
};

async function finish({ ended }: Going): Promise<void> {
  writeFileSync(join(relval.dir, 'gate'), '');
  const { code, stderr } = await ended;
  expect(code, stderr).toBe(0);
}

/** What the manager answers to a question without its password. */
function ask(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('queue_status\n'));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

/** A worker of somebody else that tries to be given a step for a while. */
function startStranger(port: number, ...flags: string[]): Promise<void> {
  const [command = '', ...before] = isRoot ? STRANGER : ['env'];
  const shape = ['--cores', '8', '--memory', '8000', '--disk', '8000'];
  // It ends when it is turned away.
  const words = ['work_queue_worker', '-s', '/tmp', '--single-shot', '-t', '5', ...shape];
  const child = spawn(command, [...before, ...words, ...flags, '127.0.0.1', String(port)], {
    env: { ...process.env, STRANGER: 'yes' },
    stdio: 'ignore',
  });
  children.push(child);
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

/** Nobody was given a step, and the step that waits still waits. */
async function expectNothingTaken(run: Going): Promise<void> {
  const wrong = join(relval.dir, 'wrong');
  writeFileSync(wrong, 'open sesame', { mode: 0o644 });
  await Promise.all([startStranger(run.port), startStranger(run.port, '-P', wrong)]);
  expect(existsSync(join(relval.dir, 'taken'))).toBe(false);
  expect(await ask(run.port)).toMatch(/^auth password sha1\n?$/);
}

describe('a run on this machine', () => {
  it('listens on loopback only, and makeflow in a namespace that has nothing else', async () => {
    const run = await startRun();
    const here = namespaceOf(process.pid);
    for (const pid of lasting(run)) {
      if (namespaceOf(pid) === here)
        expect(
          listenersOf(pid).filter((one) => !isLoopback(one)),
          commandOf(pid),
        ).toEqual([]);
      else expect(interfacesOf(pid), commandOf(pid)).toEqual(['lo']);
    }
    expect(namespaceOf(run.makeflow)).not.toBe(here);
    expect(listenersOf(run.makeflow)).toEqual([{ kind: 'tcp', address: '00000000', port: run.port }]);
    await finish(run);
  });

  it('gives a stranger no step and no answer, and keeps its password to itself', async () => {
    const run = await startRun();
    const password = join(run.directory, 'local', 'password');
    expect(statSync(password).mode & 0o777).toBe(0o600);
    expect(readFileSync(password, 'latin1')).toMatch(/^[\da-f]{64}$/);
    await expectNothingTaken(run);
    await finish(run);
    expect(existsSync(password)).toBe(false);
  });

  it.skipIf(!isRoot || !hasIp)('cannot be reached from another network (needs root and ip)', async () => {
    const outer = await startNamespace();
    const other = await startNamespace();
    const within = (pid: number, ...words: string[]) => {
      const { status, stderr } = spawnSync('nsenter', [`--net=/proc/${pid}/ns/net`, '--', ...words], {
        encoding: 'utf8',
      });
      return { status, stderr };
    };
    const set = (pid: number, ...words: string[]) =>
      expect(within(pid, 'ip', ...words)).toEqual({ status: 0, stderr: '' });
    set(outer, 'link', 'set', 'lo', 'up');
    set(outer, 'link', 'add', 'one', 'type', 'veth', 'peer', 'name', 'two', 'netns', String(other));
    set(outer, 'address', 'add', '198.51.100.1/24', 'dev', 'one');
    set(outer, 'link', 'set', 'one', 'up');
    set(other, 'address', 'add', '198.51.100.2/24', 'dev', 'two');
    set(other, 'link', 'set', 'two', 'up');
    const run = await startRun('nsenter', `--net=/proc/${outer}/ns/net`, '--');
    const ports = lasting(run).flatMap((pid) => listenersOf(pid).map(({ port }) => port));
    expect(ports).toContain(run.port);
    const knock = (port: number | string) => within(other, 'bash', '-c', `exec 3<>/dev/tcp/198.51.100.1/${port}`);
    for (const port of ports) expect(knock(port).stderr).toMatch(/refused/);
    await finish(run);
  });

  it.skipIf(!strangerCanRun)('is as closed when an ordinary user starts it (needs root, to become one)', async () => {
    chownSync(relval.dir, 65_534, 65_534);
    const run = await startRun(...STRANGER);
    expect(interfacesOf(run.makeflow)).toEqual(['lo']);
    expect(listenersOf(run.pid).filter((one) => !isLoopback(one))).toEqual([]);
    await expectNothingTaken(run);
    await finish(run);
  });

  it.skipIf(!isRoot)('says so where no namespace is allowed, and has its password still (needs root)', async () => {
    const forbid = 'echo 0 >/proc/sys/user/max_net_namespaces && exec "$@"';
    const run = await startRun('unshare', '--user', '--map-root-user', '--', 'sh', '-c', forbid, 'sh');
    expect(run.bridge).toBeUndefined();
    // Debian 12's makeflow is linked with Open MPI, which would open a port of its own.
    expect(listenersOf(run.makeflow)).toEqual([{ kind: 'tcp', address: '00000000', port: run.port }]);
    await expectNothingTaken(run);
    await finish(run);
    const { stderr } = await run.ended;
    expect(stderr).toMatch(
      /^warning: relval cannot create a network namespace on this machine \(unshare: .*\): with --local, makeflow listens/m,
    );
  });
});

describe('when a part of it is killed', () => {
  it('the bridge: the run is broken, says why, and can be resumed', async () => {
    const run = await startRun();
    const killed = Date.now();
    process.kill(run.bridge as number, 'SIGKILL');
    const { code } = await run.ended;
    expect(code).toBe(3);
    expect(Date.now() - killed).toBeLessThan(60_000);
    expect((await relval.onlyRun()).reason).toContain(
      'makeflow cannot be reached, because its bridge has ended (ended by SIGKILL)',
    );
    writeFileSync(join(relval.dir, 'gate'), '');
    expect(await relval.run('resume', 'last')).toMatchObject({ code: 0 });
  });

  it('relval: nothing of it is left after some seconds, and a resumed run has another password', async () => {
    const run = await startRun();
    const pids = family(run.pid);
    const password = join(run.directory, 'local', 'password');
    const first = readFileSync(password, 'utf8');
    process.kill(run.pid, 'SIGKILL');
    await until('all of it to end', 15, () => pids.every((pid) => !isThere(pid)));
    const resumed = relval.start('resume', 'last');
    await until('another password', 15, () => existsSync(password) && readFileSync(password, 'utf8') !== first);
    writeFileSync(join(relval.dir, 'gate'), '');
    expect(await resumed.ended).toMatchObject({ code: 0 });
    expect(existsSync(password)).toBe(false);
  });
});

function isThere(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

/** @returns the process that keeps a new network namespace */
async function startNamespace(): Promise<number> {
  const child = spawn('unshare', ['--net', '--', 'sleep', '600'], { stdio: 'ignore' });
  children.push(child);
  const pid = child.pid as number;
  await until('a namespace', 5, () => commandOf(pid).startsWith('sleep '));
  return pid;
}
