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

/** Where a framework's events go: the body of the answer to its SUBSCRIBE. */
export interface EventStream {
  /** `Mesos-Stream-Id`. */
  readonly id: string;
  send(event: Event): void;
  /** Ends the stream in order: with the last, empty chunk. */
  end(): void;
}

/** A task as the master knows it. */
export interface MasterTask {
  info: TaskInfo;
  agentId: string;
  /** The state last forwarded to the framework: what a reconciliation reports. */
  state: TaskState;
  /** What it holds on its agent; empty once its end is known. */
  resources: Resource[];
  statuses: TaskStatus[];
}

export interface Framework {
  id: string;
  info: FrameworkInfo;
  roles: string[];
  suppressed: Set<string>;
  filters: Filter[];
  /** Alive, by task id: running, or ended with an update that is not acknowledged yet. */
  tasks: Map<string, MasterTask>;
  /** On agents that are unreachable. */
  unreachable: Map<string, MasterTask>;
  completed: MasterTask[];
  /** Present while the framework is connected. */
  stream?: EventStream;
  heartbeat?: NodeJS.Timeout;
  /** Runs while the framework is disconnected: what removes it. */
  removal?: NodeJS.Timeout;
  /** Seconds since 1970. */
  registeredAt: number;
  unregisteredAt: number;
}

/** What the master asks of an agent. The agent may be gone: nothing is answered but by reports. */
export interface AgentLink {
  launch(framework: FrameworkInfo, task: TaskInfo): void;
  kill(frameworkId: string, taskId: string): void;
  acknowledge(frameworkId: string, taskId: string, uuid: Uint8Array): void;
  /** Kills all tasks of a framework that is gone, and reports nothing of them. */
  shutdownFramework(frameworkId: string): void;
  /** The framework can be told again: unacknowledged updates are sent at once. */
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
  /** `recovering`: known from before a restart of the master, and not back yet. */
  standing: 'active' | 'recovering' | 'unreachable' | 'gone';
  /** Nanoseconds since 1970, decimal; with `unreachable`. */
  unreachableSince?: string;
  /** A planned maintenance. */
  unavailability?: Offer['unavailability'];
  link: AgentLink;
}

/** An offer that a framework holds. */
export interface HeldOffer {
  id: string;
  frameworkId: string;
  agentId: string;
  role: string;
  /** With allocation. */
  resources: Resource[];
}

/** Everything that one master knows, and that a restart forgets. */
export class Memory {
  readonly masterId = randomUUID();
  readonly startedAt = Date.now() / 1000;
  readonly timings: LocalTimings;
  readonly log: Logger;
  readonly frameworks = new Map<string, Framework>();
  /** The last 50 that were removed (`--max_completed_frameworks`): their ids are refused. */
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

  /** Tells a framework; one that is not connected hears nothing. */
  tell(framework: Framework, event: Event): void {
    framework.stream?.send(event);
  }

  tellStatus(framework: Framework, status: TaskStatus): void {
    this.tell(framework, { type: 'UPDATE', update: { status } });
  }

  /** Ends all timers: this master is no more. */
  close(): void {
    for (const framework of this.frameworks.values()) {
      clearInterval(framework.heartbeat);
      clearTimeout(framework.removal);
      delete framework.stream;
    }
  }

  /** Gives resources of an agent back, to be offered in the next allocation. */
  release(agentId: string, resources: readonly Resource[]): void {
    const agent = this.agents.get(agentId);
    if (agent) agent.free = add(agent.free, unallocate(resources));
  }
}

/** The clock of filters and intervals: milliseconds, never set back. */
export const monotonic = (): number => performance.now();

/** Seconds since 1970, as TaskStatus carries them. */
export const timestamp = (): number => Date.now() / 1000;

/** Nanoseconds since 1970, decimal, as TimeInfo carries them. */
export const nanoseconds = (milliseconds: number): string => `${BigInt(Math.round(milliseconds)) * 1_000_000n}`;
