import type { Demand, Need, ProjectDemand, SeenWorker, Shape } from '../../../framework/demand/demand.ts';
import type {
  Attribute,
  Call,
  Event,
  Offer,
  Resource,
  TaskInfo,
  TaskStatus,
} from '../../../framework/mesos/messages.ts';
import { Scheduler, type SchedulerEvent } from '../../../framework/scheduler/scheduler.ts';
import { defaultPool, type Pool } from '../../../framework/scheduler/state/pool.ts';
import type { JournalRecord } from '../../../framework/scheduler/state/records.ts';
import { replay } from '../../../framework/scheduler/state/state.ts';
import type { Worker } from '../../../framework/scheduler/state/worker.ts';
import type { ProjectDecision } from '../../../framework/scheduler/target/terms.ts';
import { WORK_QUEUE_WORKER } from '../../../framework/workqueue/worker.ts';

export const START = 1_800_000_000_000;

export function pool(changes: Partial<Pool> = {}): Pool {
  return { ...defaultPool(WORK_QUEUE_WORKER), granularity: 1, ...changes };
}

export function scalar(name: string, value: number, more: Partial<Resource> = {}): Resource {
  return { name, type: 'SCALAR', scalar: { value }, allocation_info: { role: '*' }, ...more };
}

let lastOffer = 0;

export function offer(
  changes: Partial<Shape> & { agent?: string; role?: string; attributes?: Attribute[] } = {},
): Offer {
  const { cores = 8, memory = 16_384, disk = 100_000, agent = 'agent-1', role = '*', attributes } = changes;
  const allocation_info = { role };
  return {
    id: { value: `offer-${++lastOffer}` },
    framework_id: { value: 'F' },
    agent_id: { value: agent },
    hostname: `${agent}.example`,
    resources: [
      scalar('cpus', cores, { allocation_info }),
      scalar('mem', memory, { allocation_info }),
      scalar('disk', disk, { allocation_info }),
    ],
    ...(attributes && { attributes }),
    allocation_info,
  };
}

export function text(name: string, value: string): Attribute {
  return { name, type: 'TEXT', text: { value } };
}

export function need(count: number, more: Partial<Need> = {}): Need {
  return { category: 'default', count, cores: 1, ...more };
}

/** A project whose manager answers; its counts follow from `waiting` and `workers` unless given. */
export function manager(changes: Partial<ProjectDemand> = {}): ProjectDemand {
  const { waiting = [], workers = [] } = changes;
  return {
    source: 'workqueue',
    manager: '10.0.0.1:9123',
    name: 'sim',
    owner: 'tester',
    startedAt: START - 60_000,
    asOf: START,
    tasksWaiting: waiting.reduce((sum, { count }) => sum + count, 0),
    tasksOnWorkers: workers.reduce((sum, { tasksRunning }) => sum + tasksRunning, 0),
    waiting,
    running: [],
    workers,
    advice: 'its manager speaks Work Queue protocol 9 (version 8.0.0). Check that the workers speak it too',
    ...changes,
  };
}

export function connected(tag: string, tasksRunning = 0, size: Partial<Shape> = {}): SeenWorker {
  const { cores = 1, memory = 1024, disk = 1024 } = size;
  return { tag, hostname: 'agent-1.example', shape: { cores, memory, disk }, tasksRunning };
}

export function demand(projects: ProjectDemand[], changes: Partial<Demand> = {}): Demand {
  return { at: START, projects, problems: [], ...changes };
}

export function status(id: string, state: TaskStatus['state'], changes: Partial<TaskStatus> = {}): TaskStatus {
  return { task_id: { value: id }, state, agent_id: { value: 'agent-1' }, ...changes };
}

export const uuid = (n = 1): Buffer => Buffer.alloc(16, n);

/** A core with a clock of its own, and everything that it recorded and called. */
export class Harness {
  readonly scheduler: Scheduler;
  readonly records: JournalRecord[] = [];
  readonly calls: Call[] = [];
  readonly decisions: ProjectDecision[] = [];
  now = START;

  constructor(pools: Pool[] = [pool()], journal: JournalRecord[] = [{ type: 'framework', id: 'F', sequence: 1 }]) {
    this.scheduler = new Scheduler(replay(pools, journal));
  }

  /** A subscribed core that has been told of its managers. */
  static subscribed(pools?: Pool[], managers: ProjectDemand[] = []): Harness {
    const harness = new Harness(pools);
    harness.subscribe();
    harness.look(managers);
    return harness;
  }

  get state() {
    return this.scheduler.state;
  }

  handle(event: SchedulerEvent): Call[] {
    const { records, calls, decisions } = this.scheduler.handle(event, this.now);
    this.decisions.push(...decisions);
    this.records.push(...records);
    this.calls.push(...calls);
    return calls;
  }

  mesos(event: Event): Call[] {
    return this.handle({ type: 'mesos', event });
  }

  subscribe(): Call[] {
    this.scheduler.subscription({ user: 'tester', name: 'test' });
    return this.mesos({ type: 'SUBSCRIBED', subscribed: { framework_id: { value: 'F' } } });
  }

  look(managers: ProjectDemand[], changes: Partial<Demand> = {}): Call[] {
    return this.handle({ type: 'demand', demand: demand(managers, changes) });
  }

  offer(...offers: Offer[]): Call[] {
    return this.mesos({ type: 'OFFERS', offers: { offers } });
  }

  update(status: TaskStatus): Call[] {
    return this.mesos({ type: 'UPDATE', update: { status } });
  }

  /** Lets time pass in ticks of half a second. */
  wait(ms: number): Call[] {
    const calls: Call[] = [];
    for (const end = this.now + ms; this.now < end; ) {
      this.now = Math.min(end, this.now + 500);
      calls.push(...this.handle({ type: 'tick' }));
    }
    return calls;
  }

  get workers(): Worker[] {
    return [...this.state.workers.values()];
  }

  get reason(): string | undefined {
    return [...this.scheduler.blocked.values()][0]?.reason;
  }
}

export function launches(calls: readonly Call[]): TaskInfo[] {
  return calls.flatMap(({ accept }) => accept?.operations.flatMap(({ launch }) => launch.task_infos) ?? []);
}

export function types(calls: readonly Call[]): string[] {
  return calls.map(({ type }) => type);
}

/** Ids of the tasks that are to be killed. */
export function kills(calls: readonly Call[]): string[] {
  return calls.flatMap(({ kill }) => (kill ? [kill.task_id.value] : []));
}
