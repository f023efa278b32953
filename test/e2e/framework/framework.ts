import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import type { Explanation } from '../../../framework/ops/explain.ts';
import type { Worker } from '../../../framework/scheduler/state/worker.ts';
import type { Cluster } from './cluster.ts';
import { processes, temporaryDir, until } from './tools.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', '..', 'dist', 'framework', 'main.js');

/** What of `/state` the tests look at. */
export interface FrameworkState {
  frameworkId: string;
  subscribed: boolean;
  pools: { name: string; max: number }[];
  demand: { projects: { name: string; manager: string }[]; problems: string[] } | null;
  projects: Explanation[];
  workers: Worker[];
  offersHeld: { heldMs: number }[];
  backoffs: { pools: Record<string, { why: string }> };
  startRates: Record<string, { perSecond: number }>;
  counters: { launches: number; kills: number; declines: number; failedEarly: number };
}

interface LogLine {
  level: number;
  msg: string;
  [fact: string]: unknown;
}

/** One process of the built framework. */
export interface Run {
  process: ChildProcess;
  log: LogLine[];
  ended: Promise<{ code: number | null; stderr: string }>;
}

/** The built framework with a state directory of its own, started and ended as often as a test likes. */
export class Framework {
  readonly stateDir = temporaryDir();
  readonly #args: string[];
  #run: Run | undefined;

  /** Workers are plain processes, one for each task. @param args further flags, without `--state-dir` */
  constructor(cluster: Pick<Cluster, 'address'>, ...args: string[]) {
    const granularity = args.includes('--granularity') ? [] : ['--granularity', '1'];
    this.#args = ['--master', cluster.address, '--docker', 'none', ...granularity, ...args];
    onTestFinished(async () => void (await this.kill()));
  }

  /** Starts it; it takes a while until it serves. */
  start(...more: string[]): Run {
    this.#run = this.run([...this.#args, ...more]);
    return this.#run;
  }

  /** Any command of it on its state directory. */
  run(args: string[]): Run {
    const child = spawn(process.execPath, [PROGRAM, ...args, '--state-dir', this.stateDir], {
      cwd: this.stateDir,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const log: LogLine[] = [];
    let stderr = '';
    createInterface({ input: child.stderr }).on('line', (line) => {
      stderr += `${line}\n`;
      if (line.startsWith('{')) log.push(JSON.parse(line) as LogLine);
    });
    const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stderr }));
    return { process: child, log, ended };
  }

  /** What a command prints to stdout. */
  async read(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const child = spawn(process.execPath, [PROGRAM, ...args, '--state-dir', this.stateDir], { stdio: 'pipe' });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const [code] = await once(child, 'close');
    return { code: code as number | null, stdout, stderr };
  }

  get log(): LogLine[] {
    return this.#run?.log ?? [];
  }

  logged(message: string | RegExp): LogLine | undefined {
    return this.log.find(({ msg }) => (typeof message === 'string' ? msg === message : message.test(msg)));
  }

  /** A path of its operations server. */
  async get(path: string): Promise<Response> {
    const line = await until('the operations server', () => this.logged(/^serving/));
    return fetch(`http://${line.address}${path}`);
  }

  async state(): Promise<FrameworkState> {
    return (await (await this.get('/state')).json()) as FrameworkState;
  }

  /** Waits until `/state` is as wanted, and returns it. */
  async is(what: string, holds: (state: FrameworkState) => boolean, withinMs?: number): Promise<FrameworkState> {
    const look = async () => {
      const state = await this.state();
      return holds(state) ? state : undefined;
    };
    return until(what, look, withinMs);
  }

  subscribed(): Promise<FrameworkState> {
    return this.is('a subscription', ({ subscribed }) => subscribed);
  }

  /** Ends it by a signal; SIGKILL unless told otherwise. Resolves with its exit status when it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    const run = this.#run;
    this.#run = undefined;
    if (!run) return null;
    run.process.kill(signal);
    return (await run.ended).code;
  }

  signal(signal: NodeJS.Signals): void {
    this.#run?.process.kill(signal);
  }
}

/** Processes of workers that a framework has launched: each carries its task id, which begins with the framework's. */
export function workerProcesses(frameworkId: string): number[] {
  return processes()
    .filter(({ command }) => /^\S*work_queue_worker /.test(command) && command.includes(`--os ${frameworkId}.`))
    .map(({ pid }) => pid);
}
