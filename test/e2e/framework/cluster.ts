import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import type { LocalAgentOptions, LocalTimings } from '../../../framework/local/options.ts';
import { type Compiled, compile } from '../../framework/local/compiled.ts';
import type { LocalFaults } from '../../framework/local/faults/faults.ts';
import { hasEnded, temporaryDir } from './tools.ts';

export interface MasterTask {
  id: string;
  state: string;
  slave_id: string;
}

interface MasterFramework {
  id: string;
  active: boolean;
  tasks: MasterTask[];
  unreachable_tasks: MasterTask[];
  completed_tasks: MasterTask[];
}

interface MasterState {
  frameworks: MasterFramework[];
  completed_frameworks: MasterFramework[];
}

export interface ClusterOptions {
  agents?: LocalAgentOptions[];
  timings?: Partial<LocalTimings>;
  /** Of the master; a free one by default. */
  port?: number;
}

/** More cores than this machine has: the tasks only sleep. */
export const ONE_AGENT: LocalAgentOptions[] = [{ cpus: 64, memory: 131_072, disk: 1_000_000 }];

let compiled: Compiled | undefined;
// Not at the end of the process: vitest may kill the process of a file.
afterAll(() => compiled?.remove());

/** The master that fails on demand, compiled once for the tests of a file. */
function faultyMaster(): string {
  compiled ??= compile('test/framework/local/faults/faulty-master.ts');
  return compiled.module;
}

/** The embedded master in a process of its own. It ends with the test, and its tasks with it. */
export class Cluster {
  readonly address: string;
  readonly #child: ChildProcess;
  #calls = 0;

  static async start({ agents = ONE_AGENT, timings = {}, port = 0 }: ClusterOptions = {}): Promise<Cluster> {
    const options = JSON.stringify({ agents, timings, port, workDir: temporaryDir() });
    const child = fork(join(import.meta.dirname, 'master-program.mjs'), [options, faultyMaster()], {
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    onTestFinished(async () => {
      if (hasEnded(child)) return;
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    });
    const [{ address }] = await once(child, 'message');
    return new Cluster(child, address);
  }

  private constructor(child: ChildProcess, address: string) {
    this.#child = child;
    this.address = address;
  }

  get port(): number {
    return Number(this.address.split(':')[1]);
  }

  /** The machine dies: master, agents and tasks at once. */
  async crash(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  /** Makes something go wrong; resolves when it has. */
  async fault<Name extends keyof LocalFaults>(name: Name, ...args: Parameters<LocalFaults[Name]>): Promise<void> {
    this.#calls++;
    const id = this.#calls;
    const done = new Promise<void>((resolve, reject) => {
      const onMessage = (message: { id: number; error?: string }): void => {
        if (message.id !== id) return;
        this.#child.off('message', onMessage);
        if (message.error) reject(new Error(message.error));
        else resolve();
      };
      this.#child.on('message', onMessage);
    });
    this.#child.send({ id, fault: name, args });
    await done;
  }

  /** `/state`, as operators read it. */
  async state(): Promise<MasterState> {
    const answer = await fetch(`http://${this.address}/state`);
    return (await answer.json()) as MasterState;
  }

  /** What the master knows of a framework, alive or completed. */
  async framework(id: string): Promise<MasterFramework | undefined> {
    const { frameworks, completed_frameworks } = await this.state();
    return [...frameworks, ...completed_frameworks].find((framework) => framework.id === id);
  }

  /** Every task that the master was ever given by a framework. */
  async tasksOf(id: string): Promise<MasterTask[]> {
    const framework = await this.framework(id);
    if (!framework) return [];
    return [...framework.tasks, ...framework.unreachable_tasks, ...framework.completed_tasks];
  }
}
