import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CommandInfo, TaskInfo, TaskStatus } from '../mesos/messages.ts';
import { fetchUris } from './fetcher.ts';
import { type Ending, LaunchError, type Start, type Surroundings, type TaskBody } from './task-body.ts';
import { userIds } from './users.ts';

/** A report of a task. The agent makes a TaskStatus from it. */
export type Report = Pick<TaskStatus, 'state' | 'message' | 'reason' | 'data'> & {
  source: 'SOURCE_EXECUTOR' | 'SOURCE_AGENT';
};

export interface RunContext {
  containerId: string;
  /** Finds the program that runs the task. @throws Error when the agent runs no such tasks: then the launch has failed */
  runtime(): { start: Start; provide?(signal: AbortSignal): Promise<void> };
  /** Makes the sandbox. @throws Error when that is impossible: then the launch has failed */
  prepare(): Surroundings;
  /** Resolves when the agent has started what runs the task. */
  executor(): Promise<void>;
  /** Whether the framework knows TASK_KILLING. */
  tellsKilling: boolean;
  /** Milliseconds from SIGTERM to SIGKILL for a task without a kill policy. */
  killGrace: number;
  report(report: Report): void;
}

/** Fields of a TaskInfo that only an agent reads. */
interface TimedTask extends TaskInfo {
  max_completion_time?: { nanoseconds: string };
}

const milliseconds = (time: { nanoseconds: string }): number => Number(time.nanoseconds) / 1e6;

/** One command task, from its launch to its last process. It does the work of Mesos' agent, containerizer and executor. */
export class TaskRun {
  /** Resolves when no process is left, and the end has been reported. */
  readonly done: Promise<void>;
  readonly #task: TimedTask;
  readonly #context: RunContext;
  readonly #finish: () => void;
  #body: TaskBody | undefined;
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
    let finish = () => {};
    this.done = new Promise((resolve) => {
      finish = resolve;
    });
    this.#finish = finish;
  }

  /** Starts the task. It reports every outcome, and throws nothing. */
  start(): void {
    this.#started = this.#launch();
  }

  async #launch(): Promise<void> {
    // The answer to a call that launches many tasks must not wait for their start.
    await nextTurn();
    if (!this.#is('launching')) return;
    try {
      const { command = {} } = this.#task;
      const { start, provide } = this.#context.runtime();
      const owner = command.user === undefined ? {} : userIds(command.user);
      const surroundings = { ...this.#context.prepare(), ...owner };
      if ((command.uris ?? []).length > 0) await this.#fetch(command, surroundings.directory);
      if (this.#is('launching')) await this.#context.executor();
      if (this.#is('launching')) await provide?.(this.#abort.signal);
      // While files or an image were fetched, a KILL may have come, or the agent may have stopped.
      if (this.#is('launching')) await this.#run(command, start, surroundings);
    } catch (error) {
      if (this.#is('ended')) return;
      this.#end({ ...failureOf(error as Error), ...(this.#killed && { state: 'TASK_KILLED' }) });
    }
  }

  /** A function, because the phase may change during every `await`. With a plain comparison the compiler would exclude that. */
  #is(phase: 'launching' | 'running' | 'ended'): boolean {
    return this.#phase === phase;
  }

  #fetch(command: CommandInfo, directory: string): Promise<void> {
    const { containerId } = this.#context;
    return fetchUris(command.uris ?? [], { directory, containerId, signal: this.#abort.signal });
  }

  async #run(command: CommandInfo, start: Start, surroundings: Surroundings): Promise<void> {
    this.#tell({ state: 'TASK_STARTING', source: 'SOURCE_EXECUTOR' });
    this.#phase = 'running';
    this.#body = await start(command, surroundings);
    const { ended, data } = this.#body;
    if (this.#silent) void this.#body.destroy();
    else if (this.#killed) this.#terminate(Number.POSITIVE_INFINITY);
    else this.#tell({ state: 'TASK_RUNNING', source: 'SOURCE_EXECUTOR', ...(data && { data }) });
    const limit = this.#task.max_completion_time;
    if (limit) this.#after(milliseconds(limit), () => this.#expire());
    void ended.then((ending) => this.#ended(ending));
  }

  /** KILL: SIGTERM to all processes, and SIGKILL after the grace period. The task ends as TASK_KILLED with any exit code. */
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

  /** Ends the task as `kill` does, but reports nothing, because its framework is gone. */
  shutdown(graceLimit: number): void {
    this.#silent = true;
    this.kill(graceLimit);
  }

  /** Ends the task by SIGKILL at once, and reports nothing, because the agent stops. */
  async destroy(): Promise<void> {
    this.#silent = true;
    if (this.#phase === 'launching') this.#end({ state: 'TASK_KILLED', source: 'SOURCE_AGENT' });
    else if (this.#phase === 'running') await this.#body?.destroy();
    await Promise.all([this.#started, this.done]);
  }

  #expire(): void {
    this.#overdue = true;
    this.#terminate(Number.POSITIVE_INFINITY);
  }

  #terminate(graceLimit: number): void {
    const policy = this.#task.kill_policy?.grace_period;
    const grace = Math.min(policy ? milliseconds(policy) : this.#context.killGrace, graceLimit);
    this.#body?.terminate(grace);
    this.#after(grace, () => void this.#body?.destroy());
  }

  #ended({ succeeded, message, reason }: Ending): void {
    const source = 'SOURCE_EXECUTOR';
    if (this.#killed) this.#end({ state: 'TASK_KILLED', message, source });
    else if (this.#overdue)
      this.#end({ state: 'TASK_FAILED', reason: 'REASON_MAX_COMPLETION_TIME_REACHED', message, source });
    else if (reason !== undefined) this.#end({ state: 'TASK_FAILED', reason, message, source: 'SOURCE_AGENT' });
    else this.#end({ state: succeeded ? 'TASK_FINISHED' : 'TASK_FAILED', message, source });
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

/** The report of a failed launch. */
function failureOf(error: Error): Report {
  const { message } = error;
  if (!(error instanceof LaunchError)) {
    const reason = 'REASON_CONTAINER_LAUNCH_FAILED';
    return { state: 'TASK_FAILED', source: 'SOURCE_AGENT', reason, message: `Failed to launch container: ${message}` };
  }
  const { source } = error;
  const reason = source === 'SOURCE_AGENT' ? { reason: 'REASON_EXECUTOR_TERMINATED' } : {};
  return { state: 'TASK_FAILED', source, message, ...reason };
}
