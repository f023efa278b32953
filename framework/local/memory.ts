import { randomUUID } from 'node:crypto';
import type { Logger } from '../log.ts';
import type {
  Attribute,
  Event,
  FrameworkInfo,
  Offer,
  Resource,
  TaskInfo,
  TaskState,
  TaskStatus,
} from '../mesos/messages.ts';
import type { Filter } from './allocator.ts';
import type { LocalTimings } from './options.ts';
import { add, unallocate } from './resources.ts';

/** The stream of a framework's events: the body of the answer to its SUBSCRIBE. */
export interface EventStream {
  /** `Mesos-Stream-Id`. */
  readonly id: string;
  send(event: Event): void;
  /** Ends the stream properly, with the last, empty chunk. */
  end(): void;
}

/** The master's data about a task. */
export interface MasterTask {
  info: TaskInfo;
  agentId: string;
  /** The last state that was forwarded to the framework. A reconciliation reports it. */
  state: TaskState;
  /** Its resources on the agent; empty when the master knows that it has ended. */
  resources: Resource[];
  statuses: TaskStatus[];
}

export interface Framework {
  id: string;
  info: FrameworkInfo;
  roles: string[];
  suppressed: Set<string>;
  filters: Filter[];
  /** Tasks by id that run, or that ended with an update that is not acknowledged yet. */
  tasks: Map<string, MasterTask>;
  /** Tasks on unreachable agents. */
  unreachable: Map<string, MasterTask>;
  completed: MasterTask[];
  /** Present only while the framework is connected. */
  stream?: EventStream;
  heartbeat?: NodeJS.Timeout;
  /** The timer that removes a disconnected framework. */
  removal?: NodeJS.Timeout;
  /** Seconds since 1970. */
  registeredAt: number;
  unregisteredAt: number;
}

/** The requests of the master to an agent. They have no answer, because the agent may be gone; the agent sends updates. */
export interface AgentLink {
  launch(framework: FrameworkInfo, task: TaskInfo): void;
  kill(frameworkId: string, taskId: string): void;
  acknowledge(frameworkId: string, taskId: string, uuid: Uint8Array): void;
  /** Kills all tasks of a removed framework, without updates. */
  shutdownFramework(frameworkId: string): void;
  /** The framework is connected again: the agent sends unacknowledged updates at once. */
  resume(frameworkId: string): void;
}

export interface AgentEntry {
  id: string;
  hostname: string;
  /** Port of its HTTP API on 127.0.0.1. */
  port: number;
  total: Resource[];
  free: Resource[];
  attributes: Attribute[];
  /** `recovering`: it was registered before a restart of the master, and has not registered again. */
  standing: 'active' | 'recovering' | 'unreachable' | 'gone';
  /** Nanoseconds since 1970, decimal; with `unreachable`. */
  unreachableSince?: string;
  /** Its planned maintenance. */
  unavailability?: Offer['unavailability'];
  link: AgentLink;
}

/** An offer that a framework has. */
export interface HeldOffer {
  id: string;
  frameworkId: string;
  agentId: string;
  role: string;
  /** With allocation. */
  resources: Resource[];
}

/** The whole state of a master. It is lost at a restart. */
export class Memory {
  readonly masterId = randomUUID();
  readonly startedAt = Date.now() / 1000;
  readonly timings: LocalTimings;
  readonly log: Logger;
  readonly frameworks = new Map<string, Framework>();
  /** The last 50 removed frameworks (`--max_completed_frameworks`): their ids are refused. */
  readonly completed = new Map<string, Framework>();
  readonly agents = new Map<string, AgentEntry>();
  readonly offers = new Map<string, HeldOffer>();
  #frameworkCount = 0;
  #offerCount = 0;

  constructor(timings: LocalTimings, log: Logger) {
    this.timings = timings;
    this.log = log;
  }

  newFrameworkId(): string {
    return `${this.masterId}-${String(this.#frameworkCount++).padStart(4, '0')}`;
  }

  newOfferId(): string {
    return `${this.masterId}-O${this.#offerCount++}`;
  }

  /** Sends an event to a framework, if it is connected. */
  tell(framework: Framework, event: Event): void {
    framework.stream?.send(event);
  }

  tellStatus(framework: Framework, status: TaskStatus): void {
    this.tell(framework, { type: 'UPDATE', update: { status } });
  }

  /** Ends all timers, because the master stops. */
  close(): void {
    for (const framework of this.frameworks.values()) {
      clearInterval(framework.heartbeat);
      clearTimeout(framework.removal);
      delete framework.stream;
    }
  }

  /** Returns resources to an agent. The next allocation offers them. */
  release(agentId: string, resources: readonly Resource[]): void {
    const agent = this.agents.get(agentId);
    if (agent) agent.free = add(agent.free, unallocate(resources));
  }
}

/** The clock of filters and intervals: milliseconds, monotonic. */
export const monotonic = (): number => performance.now();

/** Seconds since 1970, the form in TaskStatus. */
export const timestamp = (): number => Date.now() / 1000;

/** Nanoseconds since 1970, decimal, the form in TimeInfo. */
export const nanoseconds = (milliseconds: number): string => `${BigInt(Math.round(milliseconds)) * 1_000_000n}`;
