import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { HostPort } from '../../../framework/net/address.ts';
import { askManager } from '../../../framework/workqueue/manager.ts';

/** A directory that is removed when the test is over. */
export function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'framework-e2e-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  return dir;
}

/** Waits until something holds, looking every 50 ms. @throws Error that names it, when it never does */
export async function until<Found>(
  what: string,
  look: () => Found | Promise<Found>,
  withinMs = 120_000,
): Promise<NonNullable<Found>> {
  for (const end = performance.now() + withinMs; ; await sleep(50)) {
    const found = await look();
    if (found) return found;
    if (performance.now() > end) throw new Error(`waited ${withinMs} ms in vain for ${what}`);
  }
}

/** Starts a tool in a session of its own; whatever is left of the session is killed when the test is over. */
export function startTool(command: string, args: string[], cwd: string): ChildProcess {
  const child = spawn(command, args, {
    cwd,
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, OMPI_MCA_ess_singleton_isolated: '1', CATALOG_HOST: '127.0.0.1:1' },
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  onTestFinished(async () => {
    for (const { pid, session } of processes()) if (session === child.pid) kill(pid);
    await ended;
  });
  return child;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

interface Process {
  pid: number;
  session: number;
  /** Its command line, words separated by blanks. */
  command: string;
}

/** The processes of this machine that have not ended. */
export function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ');
        if (fields[0] === 'Z') return [];
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        return [{ pid: Number(name), session: Number(fields[3]), command }];
      } catch {
        return [];
      }
    });
}

export interface Catalog extends HostPort {
  /** `host:port`. */
  address: string;
  process: ChildProcess;
}

/** A real catalog server on loopback that talks to nobody upstream. */
export async function startCatalog(port?: number): Promise<Catalog> {
  const dir = temporaryDir();
  for (;;) {
    const catalog = { host: '127.0.0.1', port: port ?? (await freePort()) };
    const own = ['-I', catalog.host, '-p', `${catalog.port}`, '-n', 'localhost', '-u', '127.0.0.1:1'];
    const server = startTool('catalog_server', [...own, '-H', join(dir, 'history'), '-l', '1800'], dir);
    // It needs the next port as well, which somebody else may have: then it ends, and another pair is tried.
    const answer = await until('a catalog server', async () => {
      if (hasEnded(server)) return 'ended';
      return (await listens(catalog)) && 'listens';
    });
    if (answer === 'listens') return { ...catalog, address: `${catalog.host}:${catalog.port}`, process: server };
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

export const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

function listens(peer: HostPort): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(peer);
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

export interface FlowOptions {
  /** How many steps each stage has; every step of a stage waits for all of the one before. */
  stages: number[];
  /** Seconds that a step takes once its stage is let go; 0 unless told otherwise. */
  seconds?: number;
  password?: string;
  /** What the first, second, … step of each stage asks for beside 64 MB of memory and of disk; default: 1 core each. */
  resources?: Record<string, number>[];
  /** Port of the manager; a free one by default. */
  port?: number;
}

/** A real makeflow that is a Work Queue manager. The steps of a stage wait until they are let go. */
export class Flow {
  readonly project: string;
  readonly manager: HostPort;
  readonly process: ChildProcess;
  readonly #dir: string;
  readonly #stages: number;

  /** Resolves when the manager listens. */
  static async start(catalog: HostPort, project: string, options: FlowOptions): Promise<Flow> {
    const dir = temporaryDir();
    const { stages, seconds = 0, password, port: wanted, resources = [{}] } = options;
    const rules = stages.flatMap((width, stage) =>
      Array.from({ length: width }, (_, step) => ({
        // The file outside of the worker's sandbox tells how often the step was begun, and how often it ended.
        command: `echo begun >> ${dir}/ran.${stage}.${step}; until [ -e ${dir}/go.${stage} ]; do sleep 0.1; done; sleep ${seconds}; echo done | tee -a ${dir}/ran.${stage}.${step} > out.${stage}.${step}`,
        outputs: [`out.${stage}.${step}`],
        inputs: Array.from({ length: stages[stage - 1] ?? 0 }, (_, before) => `out.${stage - 1}.${before}`),
        category: `kind${step % resources.length}`,
      })),
    );
    const categories = Object.fromEntries(
      resources.map((own, kind) => [`kind${kind}`, { resources: { cores: 1, memory: 64, disk: 64, ...own } }]),
    );
    writeFileSync(join(dir, 'flow.json'), JSON.stringify({ categories, default_category: 'kind0', rules }));
    if (password !== undefined) writeFileSync(join(dir, 'password'), password);
    const args = [
      ...['-T', 'wq', '-N', project, '-C', `${catalog.host}:${catalog.port}`, '-r', '0'],
      ...(wanted === undefined ? ['-Z', 'port'] : ['-p', `${wanted}`]),
      ...(password === undefined ? [] : ['--password', 'password']),
      ...['--json', 'flow.json'],
    ];
    const portFile = join(dir, 'port');
    for (let starts = 1; starts <= 5; starts += 1) {
      const makeflow = startTool('makeflow', args, dir);
      // Of two that start in the same moment one may find its port taken, or both: then it ends, and is started again.
      const port = await until(`${project} to listen`, async () => {
        const chosen = wanted ?? (existsSync(portFile) ? Number(readFileSync(portFile, 'utf8')) : 0);
        if (chosen > 0 && (await listens({ host: '127.0.0.1', port: chosen }))) return chosen;
        return hasEnded(makeflow) ? 'ended' : undefined;
      });
      if (port !== 'ended') return new Flow(project, { host: '127.0.0.1', port }, makeflow, dir, stages.length);
    }
    throw new Error(`makeflow of ${project} does not listen`);
  }

  private constructor(project: string, manager: HostPort, makeflow: ChildProcess, dir: string, stages: number) {
    this.project = project;
    this.manager = manager;
    this.process = makeflow;
    this.#dir = dir;
    this.#stages = stages;
  }

  get address(): string {
    return `${this.manager.host}:${this.manager.port}`;
  }

  get ended(): boolean {
    return hasEnded(this.process);
  }

  /** What the manager says about itself; undefined once it is gone. */
  async status(): Promise<{ workers: number; waiting: number; onWorkers: number } | undefined> {
    try {
      const patience = { connectMs: 5000, silentMs: 5000, onSilent: () => {} };
      const { records } = await askManager(this.manager, 'queue_status', patience);
      const { workers_connected, tasks_waiting, tasks_on_workers } = records[0] as Record<string, number>;
      return { workers: workers_connected ?? 0, waiting: tasks_waiting ?? 0, onWorkers: tasks_on_workers ?? 0 };
    } catch {
      return undefined;
    }
  }

  /** Steps whose output has come back to makeflow. */
  get done(): number {
    return readdirSync(this.#dir).filter((name) => name.startsWith('out.')).length;
  }

  /** How often a step was begun, over all steps. */
  get begun(): number {
    const files = readdirSync(this.#dir).filter((name) => name.startsWith('ran.'));
    const lines = files.flatMap((name) => readFileSync(join(this.#dir, name), 'utf8').split('\n'));
    return lines.filter((line) => line === 'begun').length;
  }

  /** Lets the steps of a stage end. */
  letGo(stage: number): void {
    writeFileSync(join(this.#dir, `go.${stage}`), '');
  }

  /** Lets all steps end. */
  letAllGo(): void {
    for (let stage = 0; stage < this.#stages; stage++) this.letGo(stage);
  }

  /** Lets all steps end, and waits for makeflow's end. */
  async toEnd(): Promise<void> {
    this.letAllGo();
    await this.untilEnded();
  }

  /** Waits for the end of makeflow, which something else brings about. */
  async untilEnded(): Promise<void> {
    await until(`the end of ${this.project}`, () => this.ended, 240_000);
  }
}
