import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CommandInfo, TaskInfo, TaskStatus } from '../mesos/messages.ts';
import { fetchUris } from './fetcher.ts';
import type { Container, Executioner } from './processes.ts';
import { signalAll } from './processes.ts';
import { exitMessage } from './signals.ts';
import { userIds } from './users.ts';

/** What a run says of itself; the agent makes a TaskStatus of it. */
export type Report = Pick<TaskStatus, 'state' | 'message' | 'reason'> & { source: 'SOURCE_EXECUTOR' | 'SOURCE_AGENT' };

/** Where and with which variables a task runs. */
export interface Surroundings {
  directory: string;
  /** The whole environment of the process, the task's own variables included. */
  environment: Record<string, string>;
}

export interface RunContext {
  containerId: string;
  /** A variable of the environment that marks every process of this run, and of no other. */
  mark: Container['mark'];
  /** Makes the sandbox. @throws Error when that is impossible: the launch has failed */
  prepare(): Surroundings;
  executioner: Executioner;
  /** Whether the framework knows TASK_KILLING. */
  tellsKilling: boolean;
  /** Milliseconds from SIGTERM to SIGKILL for a task without a kill policy. */
  killGrace: number;
  report(report: Report): void;
  /** Told of processes that could not be killed. */
  survived(pids: number[]): void;
}

/** Fields of a TaskInfo that only an agent reads. */
interface TimedTask extends TaskInfo {
  max_completion_time?: { nanoseconds: string };
}

const milliseconds = (time: { nanoseconds: string }): number => Number(time.nanoseconds) / 1e6;

/** A launch that ends before a process of the task ran. */
class LaunchError extends Error {}

/** One command task, from its launch to its last process: what Mesos' agent, containerizer and command executor do. */
export class TaskRun implements Container {
  readonly mark: Container['mark'];
  /** Resolves when no process is left, and the end has been reported. */
  readonly done: Promise<void>;
  readonly #task: TimedTask;
  readonly #context: RunContext;
  readonly #finish: () => void;
  #child: ChildProcess | undefined;
  #phase: 'launching' | 'running' | 'ended' = 'launching';
  #killed = false;
  #overdue = false;
  #silent = false;
  #timers: NodeJS.Timeout[] = [];
  #started: Promise<void> | undefined;
  readonly #abort = new AbortController();

  constructor(task: TaskInfo, context: RunContext) {
    this.#task = task;
    this.#context = context;
    this.mark = context.mark;
    let finish = () => {};
    this.done = new Promise((resolve) => {
      finish = resolve;
    });
    this.#finish = finish;
  }

  get session(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts the task; every outcome is reported, nothing is thrown. */
  start(): void {
    this.#started = this.#launch();
  }

  async #launch(): Promise<void> {
    // The call that launches many tasks is answered first.
    await nextTurn();
    if (this.#phase !== 'launching') return;
    try {
      const { command = {}, container } = this.#task;
      refuseContainer(container);
      const owner = command.user === undefined ? {} : userIds(command.user);
      const surroundings = this.#context.prepare();
      if ((command.uris ?? []).length > 0) await this.#fetch(command, surroundings.directory);
      // A KILL, or the end of the agent, may have come while files were fetched.
      if (this.#phase === 'launching') this.#run(command, owner, surroundings);
    } catch (error) {
      if (this.#phase !== 'launching') return;
      const { message } = error as Error;
      const verdict =
        error instanceof LaunchError
          ? { reason: 'REASON_EXECUTOR_TERMINATED', message }
          : { reason: 'REASON_CONTAINER_LAUNCH_FAILED', message: `Failed to launch container: ${message}` };
      this.#end({ state: 'TASK_FAILED', source: 'SOURCE_AGENT', ...verdict });
    }
  }

  #fetch(command: CommandInfo, directory: string): Promise<void> {
    const { containerId } = this.#context;
    return fetchUris(command.uris ?? [], { directory, containerId, signal: this.#abort.signal });
  }

  #run(command: CommandInfo, owner: { uid?: number; gid?: number }, { directory, environment }: Surroundings): void {
    this.#tell({ state: 'TASK_STARTING', source: 'SOURCE_EXECUTOR' });
    if (command.value === undefined) throw new LaunchError('Executor terminated');
    if (owner.uid !== undefined && owner.gid !== undefined) chownSync(directory, owner.uid, owner.gid);
    const files = ['stdout', 'stderr'].map((name) => openSync(join(directory, name), 'a', 0o644));
    const [program, argv] =
      (command.shell ?? true) ? ['/bin/sh', ['sh', '-c', command.value]] : [command.value, command.arguments ?? []];
    try {
      const child = spawn(program, argv.slice(1), {
        argv0: argv[0] ?? program,
        cwd: directory,
        env: environment,
        detached: true,
        stdio: ['ignore', ...files],
        ...owner,
      });
      this.#child = child;
      this.#phase = 'running';
      child.once('error', () => void this.#ended(1, null));
      child.once('exit', (code, signal) => void this.#ended(code, signal));
      this.#tell({ state: 'TASK_RUNNING', source: 'SOURCE_EXECUTOR' });
    } finally {
      for (const file of files) closeSync(file);
    }
    const limit = this.#task.max_completion_time;
    if (limit) this.#after(milliseconds(limit), () => this.#expire());
  }

  /** KILL: SIGTERM to all processes, SIGKILL after the grace period; the end is TASK_KILLED, whatever the exit code. */
  kill(graceLimit = Number.POSITIVE_INFINITY): void {
    if (this.#phase === 'ended' || this.#killed) return;
    this.#killed = true;
    if (this.#phase === 'launching') {
      const message = 'Killed before delivery to the executor';
      this.#end({ state: 'TASK_KILLED', reason: 'REASON_TASK_KILLED_DURING_LAUNCH', message, source: 'SOURCE_AGENT' });
      return;
    }
    if (this.#context.tellsKilling) this.#tell({ state: 'TASK_KILLING', source: 'SOURCE_EXECUTOR' });
    this.#terminate(graceLimit);
  }

  /** Ends the task as `kill` does, without reporting anything any more: its framework is gone. */
  shutdown(graceLimit: number): void {
    this.#silent = true;
    this.kill(graceLimit);
  }

  /** Ends the task by SIGKILL at once, and reports nothing: the agent stops. */
  async destroy(): Promise<void> {
    this.#silent = true;
    if (this.#phase === 'launching') this.#end({ state: 'TASK_KILLED', source: 'SOURCE_AGENT' });
    else if (this.#phase === 'running') await this.#destroyProcesses();
    await Promise.all([this.#started, this.done]);
  }

  #expire(): void {
    this.#overdue = true;
    this.#terminate(Number.POSITIVE_INFINITY);
  }

  #terminate(graceLimit: number): void {
    const policy = this.#task.kill_policy?.grace_period;
    const grace = Math.min(policy ? milliseconds(policy) : this.#context.killGrace, graceLimit);
    signalAll(this, 'SIGTERM');
    this.#after(grace, () => void this.#destroyProcesses());
  }

  async #destroyProcesses(): Promise<void> {
    const survivors = await this.#context.executioner.destroy(this);
    if (survivors.length > 0) this.#context.survived(survivors);
  }

  async #ended(code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    await this.#destroyProcesses();
    if (this.#phase === 'ended') return;
    const message = exitMessage(code, signal);
    const source = 'SOURCE_EXECUTOR';
    if (this.#killed) this.#end({ state: 'TASK_KILLED', message, source });
    else if (this.#overdue)
      this.#end({ state: 'TASK_FAILED', reason: 'REASON_MAX_COMPLETION_TIME_REACHED', message, source });
    else this.#end({ state: code === 0 ? 'TASK_FINISHED' : 'TASK_FAILED', message, source });
  }

  #end(report: Report): void {
    this.#phase = 'ended';
    this.#abort.abort();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#tell(report);
    this.#finish();
  }

  #tell(report: Report): void {
    if (!this.#silent) this.#context.report(report);
  }

  #after(delay: number, action: () => void): void {
    this.#timers.push(setTimeout(action, delay));
  }
}

/** This agent has neither docker nor an image provisioner nor the filesystem isolator; the texts are an agent's. */
function refuseContainer(container: TaskInfo['container']): void {
  if (!container) return;
  if (container.type === 'DOCKER') throw new LaunchError('Abnormal executor termination: unknown container');
  if (container.mesos?.image) throw new Error(`Unsupported container image type: ${container.mesos.image.type}`);
  if ((container.volumes ?? []).length > 0) throw new Error('Volumes in ContainerInfo is not supported');
}
