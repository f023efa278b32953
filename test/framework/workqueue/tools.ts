import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { HostPort } from '../../../framework/net/address.ts';
import { freePort, until } from './peers.ts';

/** A directory that is removed when the test is over. */
export function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'workqueue-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  return dir;
}

/** Starts a tool in a session of its own. When the test is over the whole session is killed: tool, workers' tasks, all. */
function start(command: string, args: string[], cwd: string): ChildProcess {
  const child = spawn(command, args, {
    cwd,
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, OMPI_MCA_ess_singleton_isolated: '1', CATALOG_HOST: '127.0.0.1:1' },
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  onTestFinished(async () => {
    for (const pid of sessionOf(child)) killIfThere(pid);
    await ended;
  });
  return child;
}

/** Between the look and the signal a process may end by itself. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The processes of a session. A worker puts its tasks into process groups of their own, but not into a session. */
function sessionOf({ pid: session }: ChildProcess): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        const [, , , sid] = readFileSync(`/proc/${pid}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ');
        return Number(sid) === session;
      } catch {
        return false;
      }
    });
}

/** A real catalog server on loopback that talks to nobody upstream. */
export async function startCatalog(): Promise<HostPort> {
  const dir = temporaryDir();
  for (;;) {
    const catalog = { host: '127.0.0.1', port: await freePort() };
    const own = ['-I', catalog.host, '-p', `${catalog.port}`, '-n', 'localhost', '-u', '127.0.0.1:1'];
    const server = start('catalog_server', [...own, '-H', join(dir, 'history'), '-l', '1800'], dir);
    // It needs the next port as well, which somebody else may have: then it ends, and another pair is tried.
    if (await listens(catalog, server)) return catalog;
  }
}

/** One step: its command, what it needs, and what it waits for. */
export interface Step {
  command: string;
  output: string;
  inputs?: string[];
  category?: string;
  local?: boolean;
}

export interface Flow extends HostPort {
  process: ChildProcess;
  /** When makeflow was started, `performance.now()`. */
  startedAt: number;
}

const CATEGORIES = {
  small: { resources: { cores: 1, memory: 64, disk: 64 } },
  big: { resources: { cores: 2, memory: 256, disk: 128 } },
  unstated: {},
};

/** A real makeflow as a Work Queue manager. Resolves when it listens. */
export async function startFlow(
  catalog: HostPort,
  project: string,
  steps: Step[],
  options: { password?: string; port?: number } = {},
): Promise<Flow> {
  const dir = temporaryDir();
  const rules = steps.map(({ command, output, inputs = [], category = 'small', local = false }) => ({
    ...{ command, outputs: [output], inputs, category },
    ...(local && { local_job: true }),
  }));
  writeFileSync(
    join(dir, 'flow.json'),
    JSON.stringify({ categories: CATEGORIES, default_category: 'unstated', rules }),
  );
  if (options.password !== undefined) writeFileSync(join(dir, 'password'), options.password);
  const args = [
    ...['-T', 'wq', '-N', project, '-C', `${catalog.host}:${catalog.port}`, '-r', '0', '--json', 'flow.json'],
    ...(options.port === undefined ? ['-Z', 'port'] : ['-p', `${options.port}`]),
    ...(options.password === undefined ? [] : ['--password', 'password']),
  ];
  const portFile = join(dir, 'port');
  const port = () => options.port ?? Number(existsSync(portFile) ? readFileSync(portFile, 'utf8') : 0);
  for (let starts = 1; starts <= 5; starts += 1) {
    const startedAt = performance.now();
    const child = start('makeflow', args, dir);
    // Of two that start in the same moment one may find its port taken, or both: then it ends, and is started again.
    await until(() => port() > 0 || hasEnded(child), 60_000, `${project} to listen`);
    if (port() > 0) return { host: '127.0.0.1', port: port(), process: child, startedAt };
  }
  throw new Error(`makeflow of ${project} does not listen`);
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

/** A real worker of two cores. */
export function startWorker(manager: HostPort, tag: string): ChildProcess {
  const dir = temporaryDir();
  const shape = ['--cores', '2', '--memory', '512', '--disk', '500', '--gpus', '0'];
  const address = [manager.host, `${manager.port}`];
  return start('work_queue_worker', ['--single-shot', ...shape, '-s', dir, '--os', tag, '-t', '60', ...address], dir);
}

/** Whether a server accepts connections (it may take a while), or ended instead. */
async function listens(peer: HostPort, server: ChildProcess): Promise<boolean> {
  let listening = false;
  const trying = setInterval(() => {
    const socket = connect(peer);
    socket.on('connect', () => {
      listening = true;
      socket.destroy();
    });
    socket.on('error', () => {});
  }, 20);
  try {
    await until(() => listening || hasEnded(server), 60_000, 'a server to listen');
  } finally {
    clearInterval(trying);
  }
  return listening;
}
