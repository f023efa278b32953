import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from '../log.ts';
import type { Attribute, FrameworkInfo, Resource, TaskInfo, TaskState, TaskStatus } from '../mesos/messages.ts';
import { attributesOf, resourcesOf } from './agent-resources.ts';
import type { AgentDescription } from './agents.ts';
import { imageOf } from './container-arguments.ts';
import { ContainerRuntime } from './container-runtime.ts';
import { environmentOf } from './environment.ts';
import { ExecutorStarts } from './executor-starts.ts';
import { type AgentLink, monotonic, timestamp } from './memory.ts';
import type { LocalAgentOptions, LocalTimings } from './options.ts';
import { ProcessTask } from './process-task.ts';
import type { ProcessKiller } from './processes.ts';
import { capable } from './resources.ts';
import { Sandboxes } from './sandboxes.ts';
import { LaunchError } from './task-body.ts';
import { type Report, type RunContext, TaskRun } from './task-run.ts';
import { UpdateStream } from './updates.ts';

/** The number of ended tasks that `/state` and the files API show. Files on the disk stay. */
const MAX_ENDED = 1000;

/** A task that the agent has run. It is kept for `/state` and the files API. */
export interface AgentTask {
  framework: FrameworkInfo;
  info: TaskInfo;
  containerId: string;
  /** The sandbox; undefined before it exists. */
  directory?: string;
  run: TaskRun;
  updates: UpdateStream;
  statuses: TaskStatus[];
  ended: boolean;
}

/** The receiver of an agent's updates. The master may be disconnected. */
export type Uplink = (frameworkId: string, status: TaskStatus, latest: TaskState) => void;

/** Runs tasks as processes of this machine, or in containers. It uses its master only to send updates. */
export class LocalAgent implements AgentLink {
  readonly id: string;
  readonly hostname: string;
  readonly resources: Resource[];
  readonly attributes: Attribute[];
  readonly sandboxes: Sandboxes;
  /** All tasks by framework, then by task id. If an id was used again, only the newest task. */
  readonly history = new Map<string, Map<string, AgentTask>>();
  port = 0;
  readonly #timings: LocalTimings;
  readonly #log: Logger;
  readonly #killer: ProcessKiller;
  readonly #starts: ExecutorStarts;
  /** Present if the agent runs containers. */
  readonly #containers: ContainerRuntime | undefined;
  /** Tasks whose end has not been acknowledged. */
  readonly #active = new Set<AgentTask>();
  readonly #ended: AgentTask[] = [];
  readonly #cleaning = new Set<Promise<void>>();
  #uplink: Uplink | undefined;
  #retry: NodeJS.Timeout | undefined;
  #stopping = false;

  /** @param killer of this machine: all agents share it, because each of its looks is at all processes of the machine */
  constructor(
    id: string,
    options: LocalAgentOptions,
    workDir: string,
    { timings, killer, log }: { timings: LocalTimings; killer: ProcessKiller; log: Logger },
  ) {
    this.id = id;
    this.hostname = options.hostname ?? 'localhost';
    this.resources = resourcesOf(options);
    this.attributes = attributesOf(options);
    this.sandboxes = new Sandboxes(join(workDir, id.slice(id.lastIndexOf('-') + 1)));
    this.#containers = options.containerizer && new ContainerRuntime(options.containerizer, id);
    this.#timings = timings;
    this.#killer = killer;
    this.#starts = new ExecutorStarts(timings.executorStart, timings.executorsAtOnce);
    this.#log = log;
  }

  /** Called before the first task: checks that containers can run, and removes those of a killed agent. @throws Error */
  async prepare(): Promise<void> {
    await this.#containers?.check();
    const removed = (await this.#containers?.removeLeftovers()) ?? [];
    if (removed.length > 0) this.#log.warn({ containers: removed }, 'removed the containers of an agent that is gone');
  }

  /** Connects to a master. With undefined it disconnects: tasks continue, and updates wait. */
  connect(uplink: Uplink | undefined): void {
    this.#uplink = uplink;
  }

  describe(): AgentDescription {
    const { id, hostname, port, resources, attributes } = this;
    return { id, hostname, port, resources, attributes, link: this };
  }

  launch(framework: FrameworkInfo, info: TaskInfo): void {
    if (this.#stopping) return;
    const frameworkId = framework.id?.value ?? '';
    const taskId = info.task_id.value;
    const containerId = randomUUID();
    const updates = new UpdateStream({ min: this.#timings.updateRetryMin, max: this.#timings.updateRetryMax });
    const run = new TaskRun(info, {
      containerId,
      runtime: () => this.#runtimeOf(info, containerId),
      tellsKilling: capable(framework, 'TASK_KILLING_STATE'),
      executor: () => this.#starts.next(),
      killGrace: this.#timings.killGrace,
      prepare: () => {
        const directory = this.sandboxes.create(frameworkId, taskId, containerId);
        task.directory = directory;
        return { directory, environment: environmentOf(framework, info, { ...this.#self(), directory, containerId }) };
      },
      report: (report) => this.#report(task, report),
    });
    const task: AgentTask = { framework, info, containerId, run, updates, statuses: [], ended: false };
    const ofFramework = this.history.get(frameworkId) ?? new Map<string, AgentTask>();
    this.history.set(frameworkId, ofFramework.set(taskId, task));
    this.#active.add(task);
    void run.done.then(() => this.#clean(task));
    run.start();
  }

  /** The messages are those of a Mesos agent that has neither docker nor an image provisioner nor the filesystem isolator. */
  #runtimeOf(info: TaskInfo, containerId: string): ReturnType<RunContext['runtime']> {
    const { container } = info;
    const image = imageOf(container);
    const containers = this.#containers;
    if (image && containers) {
      return {
        provide: (signal) => containers.provide(info, signal),
        start: (command, surroundings) => containers.start(info, command, surroundings, containerId),
      };
    }
    if (container?.type === 'DOCKER') throw new LaunchError('Abnormal executor termination: unknown container');
    if (image !== undefined) throw new Error(`Unsupported container image type: ${container?.mesos?.image?.type}`);
    if ((container?.volumes ?? []).length > 0) throw new Error('Volumes in ContainerInfo is not supported');
    const survived = (pids: number[]) =>
      this.#log.error({ task: info.task_id.value, pids }, 'processes of the task could not be killed');
    const mark = { name: 'MESOS_CONTAINER_ID', value: containerId };
    const means = { mark, killer: this.#killer, survived };
    return { start: (command, surroundings) => new ProcessTask(command, surroundings, means) };
  }

  kill(frameworkId: string, taskId: string): void {
    this.history.get(frameworkId)?.get(taskId)?.run.kill();
  }

  acknowledge(frameworkId: string, taskId: string, uuid: Uint8Array): void {
    const task = this.history.get(frameworkId)?.get(taskId);
    if (task) this.#send(task, task.updates.acknowledge(uuid, monotonic()));
  }

  shutdownFramework(frameworkId: string): void {
    for (const task of this.history.get(frameworkId)?.values() ?? []) {
      task.run.shutdown(this.#timings.executorShutdown);
      task.updates.discard();
      this.#active.delete(task);
    }
  }

  resume(frameworkId: string): void {
    for (const task of this.history.get(frameworkId)?.values() ?? []) {
      this.#send(task, task.updates.resume(monotonic()));
    }
  }

  /** Kills all tasks at once. Resolves when no process is left and the sandboxes are cleaned up. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#uplink = undefined;
    clearTimeout(this.#retry);
    await Promise.all(this.#all().map((task) => task.run.destroy()));
    await Promise.all(this.#cleaning);
  }

  #self() {
    return { agentId: this.id, port: this.port, shutdownGrace: this.#timings.executorShutdown };
  }

  #all(): AgentTask[] {
    return [...this.history.values()].flatMap((tasks) => [...tasks.values()]);
  }

  #report(task: AgentTask, report: Report): void {
    const status: TaskStatus = {
      task_id: task.info.task_id,
      ...report,
      agent_id: { value: this.id },
      executor_id: task.info.task_id,
      timestamp: timestamp(),
      uuid: Buffer.from(randomUUID().replaceAll('-', ''), 'hex'),
    };
    task.statuses.push(status);
    this.#log.debug(
      { task: task.info.task_id.value, state: report.state, message: report.message },
      'task changed its state',
    );
    this.#send(task, task.updates.add(status, monotonic()));
  }

  #send(task: AgentTask, status: TaskStatus | undefined): void {
    if (status) this.#uplink?.(task.framework.id?.value ?? '', status, task.updates.latest);
    if (task.updates.finished) this.#active.delete(task);
    this.#scheduleRetry();
  }

  /** There is one timer, for the update that is due first. */
  #scheduleRetry(): void {
    clearTimeout(this.#retry);
    const dueAt = Math.min(...[...this.#active].map((task) => task.updates.dueAt));
    if (this.#stopping || dueAt === Number.POSITIVE_INFINITY) return;
    this.#retry = setTimeout(
      () => {
        for (const task of this.#active) this.#send(task, task.updates.due(monotonic()));
      },
      Math.max(0, dueAt - monotonic()) + 1,
    );
  }

  #clean(task: AgentTask): void {
    task.ended = true;
    this.#forgetOldest(task);
    const { directory } = task;
    if (directory === undefined) return;
    const cleaning: Promise<void> = this.sandboxes
      .clean(directory)
      .catch((error: Error) => this.#log.warn({ directory, error: error.message }, 'sandbox not tidied'))
      .finally(() => this.#cleaning.delete(cleaning));
    this.#cleaning.add(cleaning);
  }

  #forgetOldest(newest: AgentTask): void {
    this.#ended.push(newest);
    const oldest = this.#ended.length > MAX_ENDED ? this.#ended.shift() : undefined;
    if (!oldest) return;
    const frameworkId = oldest.framework.id?.value ?? '';
    const taskId = oldest.info.task_id.value;
    const tasks = this.history.get(frameworkId);
    // A later task may use the same id.
    if (tasks?.get(taskId) !== oldest) return;
    tasks.delete(taskId);
    if (tasks.size === 0) this.history.delete(frameworkId);
    this.sandboxes.forget(frameworkId, taskId);
  }
}
