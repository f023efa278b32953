import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from '../log.ts';
import type { Attribute, FrameworkInfo, Resource, TaskInfo, TaskState, TaskStatus } from '../mesos/messages.ts';
import type { AgentDescription } from './agents.ts';
import type { AgentLink } from './memory.ts';
import { monotonic, timestamp } from './memory.ts';
import type { LocalAgentOptions, LocalTimings } from './options.ts';
import { Executioner } from './processes.ts';
import { capable } from './resources.ts';
import { Sandboxes } from './sandboxes.ts';
import type { Report } from './task-run.ts';
import { TaskRun } from './task-run.ts';
import { UpdateStream } from './updates.ts';

/** What a task may look for commands in when this program has no PATH of its own. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A task that the agent has run: kept for `/state` and the files. */
export interface AgentTask {
  framework: FrameworkInfo;
  info: TaskInfo;
  containerId: string;
  directory: string;
  run: TaskRun;
  updates: UpdateStream;
  statuses: TaskStatus[];
  ended: boolean;
}

/** Where an agent's updates go; the master may be away. */
export type Uplink = (frameworkId: string, status: TaskStatus, latest: TaskState) => void;

/** Runs tasks as processes of this machine. Knows its master only as something to send updates to. */
export class LocalAgent implements AgentLink {
  readonly id: string;
  readonly hostname: string;
  readonly resources: Resource[];
  readonly attributes: Attribute[];
  readonly sandboxes: Sandboxes;
  /** Every task of every framework, the newest of each id; by framework, then by task id. */
  readonly history = new Map<string, Map<string, AgentTask>>();
  port = 0;
  readonly #timings: LocalTimings;
  readonly #log: Logger;
  readonly #executioner = new Executioner();
  /** Tasks whose end has not been acknowledged. */
  readonly #active = new Set<AgentTask>();
  readonly #cleaning = new Set<Promise<void>>();
  #uplink: Uplink | undefined;
  #retry: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(id: string, options: LocalAgentOptions, workDir: string, timings: LocalTimings, log: Logger) {
    this.id = id;
    this.hostname = options.hostname ?? 'localhost';
    this.resources = resourcesOf(options);
    this.attributes = attributesOf(options);
    this.sandboxes = new Sandboxes(join(workDir, id.slice(id.lastIndexOf('-') + 1)));
    this.#timings = timings;
    this.#log = log;
  }

  /** Connects to a master, or with undefined loses it: tasks go on, updates wait. */
  connect(uplink: Uplink | undefined): void {
    this.#uplink = uplink;
  }

  describe(): AgentDescription {
    const tasks = [...this.#active].map(({ framework, info, updates }) => ({
      framework,
      info,
      forwarded: updates.forwarded,
      latest: updates.latest,
    }));
    const { id, hostname, port, resources, attributes } = this;
    return { id, hostname, port, resources, attributes, tasks, link: this };
  }

  launch(framework: FrameworkInfo, info: TaskInfo): void {
    if (this.#stopping) return;
    const frameworkId = framework.id?.value ?? '';
    const taskId = info.task_id.value;
    const containerId = randomUUID();
    const directory = this.sandboxes.create(frameworkId, taskId, containerId);
    const updates = new UpdateStream({ min: this.#timings.updateRetryMin, max: this.#timings.updateRetryMax });
    const run = new TaskRun(info, {
      directory,
      containerId,
      environment: this.#environment(framework, info, directory, containerId),
      mark: { name: 'MESOS_CONTAINER_ID', value: containerId },
      executioner: this.#executioner,
      tellsKilling: capable(framework, 'TASK_KILLING_STATE'),
      killGrace: this.#timings.killGrace,
      report: (report) => this.#report(task, report),
    });
    const task: AgentTask = { framework, info, containerId, directory, run, updates, statuses: [], ended: false };
    const ofFramework = this.history.get(frameworkId) ?? new Map<string, AgentTask>();
    this.history.set(frameworkId, ofFramework.set(taskId, task));
    this.#active.add(task);
    void run.done.then(() => this.#clean(task));
    run.start();
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

  /** Kills everything at once. Resolves when no process is left and the sandboxes are tidy. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#uplink = undefined;
    clearTimeout(this.#retry);
    await Promise.all(this.#all().map((task) => task.run.destroy()));
    await Promise.all(this.#cleaning);
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

  /** One timer for the update that is due first. */
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
    const cleaning: Promise<void> = this.sandboxes
      .clean(task.directory)
      .catch((error: Error) =>
        this.#log.warn({ directory: task.directory, error: error.message }, 'sandbox not tidied'),
      )
      .finally(() => this.#cleaning.delete(cleaning));
    this.#cleaning.add(cleaning);
  }

  /** What Mesos' agent gives a command task, the task's own variables last. Neither HOME nor anything of ours. */
  #environment(
    framework: FrameworkInfo,
    info: TaskInfo,
    directory: string,
    containerId: string,
  ): Record<string, string> {
    const own = (info.command?.environment?.variables ?? []).map(({ name, value }) => [name, value ?? '']);
    return {
      PATH: process.env.PATH ?? DEFAULT_PATH,
      LIBPROCESS_IP: '127.0.0.1',
      LIBPROCESS_PORT: '0',
      MESOS_AGENT_ENDPOINT: `127.0.0.1:${this.port}`,
      MESOS_ALLOCATION_ROLE: info.resources[0]?.allocation_info?.role ?? '*',
      MESOS_CHECKPOINT: framework.checkpoint ? '1' : '0',
      MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD: `${this.#timings.executorShutdown / 1000}secs`,
      MESOS_HTTP_COMMAND_EXECUTOR: '0',
      MESOS_RECOVERY_TIMEOUT: '15mins',
      MESOS_SUBSCRIPTION_BACKOFF_MAX: '2secs',
      MESOS_SLAVE_PID: `slave(1)@127.0.0.1:${this.port}`,
      ...Object.fromEntries(own),
      MESOS_CONTAINER_ID: containerId,
      MESOS_DIRECTORY: directory,
      MESOS_EXECUTOR_ID: info.task_id.value,
      MESOS_FRAMEWORK_ID: framework.id?.value ?? '',
      MESOS_SANDBOX: directory,
      MESOS_SLAVE_ID: this.id,
    };
  }
}

function resourcesOf(options: LocalAgentOptions): Resource[] {
  const { cpus, memory, disk, ports, reservations = [] } = options;
  const scalars = (amounts: { cpus?: number; memory?: number; disk?: number }, role?: string): Resource[] =>
    (
      [
        ['cpus', amounts.cpus],
        ['mem', amounts.memory],
        ['disk', amounts.disk],
      ] as const
    ).flatMap(([name, value = 0]) =>
      value > 0
        ? {
            name,
            type: 'SCALAR' as const,
            scalar: { value },
            ...(role ? { reservations: [{ type: 'STATIC', role }] } : {}),
          }
        : [],
    );
  const range = ports && [{ begin: `${ports[0]}`, end: `${ports[1]}` }];
  return [
    ...reservations.flatMap((reservation) => scalars(reservation, reservation.role)),
    ...scalars({ cpus, memory, disk }),
    ...(range ? [{ name: 'ports', type: 'RANGES' as const, ranges: { range } }] : []),
  ];
}

function attributesOf(options: LocalAgentOptions): Attribute[] {
  return Object.entries(options.attributes ?? {}).map(([name, value]) =>
    typeof value === 'number' ? { name, type: 'SCALAR', scalar: { value } } : { name, type: 'TEXT', text: { value } },
  );
}
