import { isDeepStrictEqual } from 'node:util';
import type { Demand } from '../../../framework/demand/demand.ts';
import type { Call, Event } from '../../../framework/mesos/messages.ts';
import { Scheduler, type SchedulerEvent } from '../../../framework/scheduler/scheduler.ts';
import type { Pool } from '../../../framework/scheduler/state/pool.ts';
import type { JournalRecord } from '../../../framework/scheduler/state/records.ts';
import { replay, snapshot } from '../../../framework/scheduler/state/state.ts';
import { connected, demand, manager, need, pool, START } from './fixtures.ts';
import { SimulatedMaster, type Task } from './world-master.ts';
import { Rules, startingCores } from './world-rules.ts';

interface Manager {
  address: string;
  startedAt: number;
  waiting: number;
  /** Tasks of each connected worker, by tag. */
  workers: Map<string, number>;
}

/** Something that happens: what, and to which of those that it can happen to. */
export interface Happening {
  what: (typeof HAPPENINGS)[number];
  which: number;
}

/** What everyday life is made of, and what goes wrong in it: so that there is something to go wrong, life is more. */
const LIFE = [
  ...['deliverAll', 'deliverAll', 'deliverAll', 'deliver', 'deliver', 'tick', 'look', 'look', 'look'],
  ...['submit', 'start', 'start', 'work', 'finish'],
] as const;
const TROUBLE = [
  ...['workerFails', 'workerLeaves', 'rescind', 'resend', 'repeatUpdate', 'loseUpdate', 'loseAgent', 'loseHost'],
  ...['findAgent', 'loseCall', 'loseAnswer', 'refuseCall', 'disconnect', 'crash', 'crashInFrame'],
  ...['managerEnds', 'managerBegins', 'problem'],
] as const;
export const HAPPENINGS = [...LIFE, ...LIFE, ...LIFE, ...TROUBLE] as const;
export interface Setting {
  cores: number[];
  managers: number;
  max: number;
  workerCores: number;
  granularity: Pool['granularity'];
}

/**
 * A small cluster around a core: a master with agents, managers with tasks, a journal, and everything that can go wrong
 * between them. Checks at every decision what must never happen.
 */
export class World {
  now = START;
  core: Scheduler;
  readonly journal: JournalRecord[] = [{ type: 'framework', id: 'F', sequence: 1 }];
  readonly master: SimulatedMaster;
  readonly managers: Manager[] = [];
  readonly pools: Pool[];
  /** Every call that a decision made. */
  readonly calls: Call[] = [];
  readonly #toCore: Event[] = [];
  readonly #toMaster: Call[] = [];
  readonly #rules: Rules;
  readonly #deadHosts = new Set<string>();
  #nextCall: 'lost' | 'unanswered' | 'refused' | undefined;
  #lastUpdate: Event | undefined;
  #ports = 0;
  /** What this core was told since it began, to be told again to another. */
  #past: {
    journal: JournalRecord[];
    told: { event: SchedulerEvent | 'subscription'; at: number; decision: unknown }[];
  };

  constructor({ cores, managers, max, workerCores, granularity }: Setting) {
    this.pools = [pool({ max, granularity, shape: { cores: workerCores, memory: 64, disk: 64 } })];
    this.#rules = new Rules(max, workerCores, granularity);
    this.master = new SimulatedMaster(cores, (event) => this.#toCore.push(event));
    for (let count = 0; count < managers; count++) this.#managerBegins();
    this.core = new Scheduler(replay(this.pools, this.journal));
    this.#past = { journal: [...this.journal], told: [] };
  }

  happen({ what, which }: Happening): void {
    this.#advance(50);
    const pick = <Item>(items: readonly Item[]): Item | undefined => items[which % Math.max(1, items.length)];
    const task = pick(this.master.alive.filter(({ phase }) => phase === 'running'));
    const agent = pick([...this.master.agents.keys()]) ?? '';
    const someManager = pick(this.managers);
    switch (what) {
      case 'deliverAll':
        this.#deliverAll();
        break;
      case 'deliver':
        for (let count = 0; count <= which % 5; count++) this.#deliver((which >> count) % 2 === 0);
        break;
      case 'tick':
        this.#advance(which % 3 === 0 ? 6000 : 450);
        this.master.allocate();
        this.#handle({ type: 'tick' });
        break;
      case 'look':
        this.look();
        break;
      case 'problem':
        this.look({ problems: ['a catalog does not answer'] });
        break;
      case 'submit':
        if (someManager) someManager.waiting += 1 + (which % 5);
        break;
      case 'start':
        this.start();
        break;
      case 'work':
        this.work();
        break;
      case 'finish':
        this.finish(1 + (which % 4));
        break;
      case 'workerFails':
      case 'workerLeaves':
        if (task) this.#endWorker(task, what === 'workerFails' ? 'TASK_FAILED' : 'TASK_FINISHED');
        break;
      case 'rescind':
        this.master.rescind(which);
        break;
      case 'resend':
        this.master.resend();
        break;
      case 'repeatUpdate':
        if (this.#lastUpdate && this.master.subscribed) this.#toCore.push(this.#lastUpdate);
        break;
      case 'loseUpdate':
        this.#loseUpdate();
        break;
      case 'loseAgent':
      case 'loseHost':
        if (what === 'loseHost') this.#deadHosts.add(agent);
        this.master.loseAgent(agent);
        break;
      case 'findAgent':
        this.#findAgent(agent);
        break;
      case 'loseCall':
        this.#nextCall = 'lost';
        break;
      case 'loseAnswer':
        this.#nextCall = 'unanswered';
        break;
      case 'refuseCall':
        this.#nextCall = 'refused';
        break;
      case 'disconnect':
        this.#disconnect();
        this.#handle({ type: 'disconnected' });
        break;
      case 'crash':
        this.crash();
        break;
      case 'crashInFrame':
        this.#crashInFrame();
        break;
      case 'managerEnds':
        if (someManager) this.#managerEnds(someManager);
        break;
      case 'managerBegins':
        if (this.managers.length < 4) this.#managerBegins();
        break;
    }
    if (!this.master.subscribed && which % 2 === 0) this.subscribe();
  }

  /** From here on nothing goes wrong. @returns whether in the end all tasks are done, and all is given back */
  settle(limitMs: number): boolean {
    this.#nextCall = undefined;
    for (const id of this.master.agents.keys()) this.#findAgent(id);
    if (!this.master.subscribed) this.subscribe();
    for (const end = this.now + limitMs; this.now < end; ) {
      this.#advance(500);
      this.master.resend();
      this.master.allocate();
      this.start();
      this.work();
      this.look();
      this.#handle({ type: 'tick' });
      this.#deliverAll();
      this.finish(3);
      if (this.isDone) return true;
    }
    return false;
  }

  get isDone(): boolean {
    const idle = this.managers.every(({ waiting, workers }) => waiting === 0 && workers.size === 0);
    const { workers, unknownTasks } = this.core.state;
    return idle && this.master.tasks.size + workers.size + unknownTasks.size + this.master.offers.size === 0;
  }

  subscribe(): void {
    this.#disconnect();
    const { suppressed_roles = [] } = this.core.subscription({ user: 'u', name: 'n' });
    this.#past.told.push({ event: 'subscription', at: this.now, decision: undefined });
    this.master.subscribe(suppressed_roles.length > 0);
  }

  look(changes: Partial<Demand> = {}): void {
    const managers = this.managers.map(({ address, startedAt, waiting, workers }) =>
      manager({
        manager: address,
        startedAt,
        waiting: waiting > 0 ? [need(waiting)] : [],
        workers: [...workers].map(([tag, tasks]) => connected(tag, tasks, { cores: this.#coresOf(tag) })),
      }),
    );
    this.#handle({ type: 'demand', demand: demand(managers, { at: this.now, ...changes }) });
  }

  /** Workers on agents that are there begin to run, connect to their manager, or give up if it is not there. */
  start(): void {
    for (const task of this.master.alive) {
      if (this.#deadHosts.has(task.agentId)) continue;
      if (task.phase === 'starting') this.master.run(task);
      const own = this.#managerOf(task);
      if (own) own.workers.set(task.id, own.workers.get(task.id) ?? 0);
      else if (this.now - task.since > 30_000) this.#endWorker(task, 'TASK_FINISHED');
    }
    this.work();
  }

  /** Managers give waiting tasks to workers with room: at once to those that connect. */
  work(): void {
    for (const own of this.managers) {
      for (const [tag, tasks] of own.workers) {
        const more = Math.min(own.waiting, this.#coresOf(tag) - tasks);
        own.workers.set(tag, tasks + more);
        own.waiting -= more;
      }
    }
  }

  finish(count: number): void {
    for (const { workers } of this.managers) {
      for (const [tag, tasks] of [...workers].slice(0, count)) workers.set(tag, Math.max(0, tasks - 1));
    }
  }

  /** The process dies and starts again: it knows its journal, and what it had not sent yet is lost. */
  crash(): void {
    this.checkPast();
    this.#disconnect();
    this.core = new Scheduler(replay(this.pools, this.journal));
    this.#past = { journal: [...this.journal], told: [] };
    const again = replay(this.pools, snapshot(this.core.state));
    if (!isDeepStrictEqual(snapshot(again), snapshot(this.core.state))) throw new Error('a compacted journal differs');
  }

  /** The same events at the same times give the same decisions, and the journal knows the workers that the core knows. */
  checkPast(): void {
    const { journal, told } = this.#past;
    const twin = new Scheduler(replay(this.pools, journal));
    for (const { event, at, decision } of told) {
      if (event === 'subscription') twin.subscription({ user: 'u', name: 'n' });
      else if (!isDeepStrictEqual(twin.handle(event, at), decision)) throw new Error('the twin decides otherwise');
    }
    const known = [...replay(this.pools, this.journal).workers.keys()];
    if (!isDeepStrictEqual(known, [...this.core.state.workers.keys()])) throw new Error('the journal knows others');
  }

  #handle(event: SchedulerEvent): void {
    const before = startingCores(this.core.state);
    const decision = this.core.handle(event, this.now);
    this.#past.told.push({ event, at: this.now, decision });
    this.journal.push(...decision.records);
    this.#rules.check(this.core.state, decision, before);
    this.calls.push(...decision.calls);
    this.#toMaster.push(...decision.calls);
  }

  #deliverAll(): void {
    while (this.#toCore.length + this.#toMaster.length > 0) this.#deliver(this.#toMaster.length === 0);
  }

  /** Hands over what is first in one of the two queues. */
  #deliver(toCore: boolean): void {
    if (toCore) {
      const event = this.#toCore.shift();
      if (event) this.#tellCore(event);
      return;
    }
    const call = this.#toMaster.shift();
    if (!call) return;
    const fate = this.#nextCall;
    this.#nextCall = undefined;
    if (fate !== 'lost' && fate !== 'refused') this.#takeCall(call);
    if (fate) this.#handle({ type: 'call-failed', call, refused: fate === 'refused', why: fate });
  }

  #takeCall(call: Call): void {
    if (!this.master.subscribed) {
      this.#handle({ type: 'call-failed', call, refused: true, why: 'not subscribed' });
      return;
    }
    const killed = this.master.tasks.get(call.kill?.task_id.value ?? '');
    this.master.take(call);
    if (killed?.phase === 'ended') this.#leaveManager(killed);
  }

  #tellCore(event: Event): void {
    this.#rules.told(event);
    if (event.type === 'UPDATE') this.#lastUpdate = event;
    this.#handle({ type: 'mesos', event });
  }

  /** Updates by an agent come again until they are acknowledged; those of the master itself may be lost for good. */
  #loseUpdate(): void {
    const index = this.#toCore.findIndex(({ update }) => update);
    if (index >= 0) this.#toCore.splice(index, 1);
  }

  #crashInFrame(): void {
    const event = this.#toCore.shift();
    // Decided, but neither recorded nor sent.
    if (event) this.core.handle({ type: 'mesos', event }, this.now);
    this.#past.told = [];
    this.#disconnect();
    this.core = new Scheduler(replay(this.pools, this.journal));
    this.#past = { journal: [...this.journal], told: [] };
  }

  #disconnect(): void {
    this.master.disconnect();
    this.#toCore.length = 0;
    this.#toMaster.length = 0;
    this.#rules.disconnected();
  }

  #findAgent(id: string): void {
    if (this.#deadHosts.delete(id)) {
      // The host was gone, and its workers with it: their tasks are unknown to the agent that is there now.
      for (const task of this.master.alive.filter(({ agentId }) => agentId === id)) {
        this.master.tasks.delete(task.id);
        this.#leaveManager(task);
      }
    }
    this.master.findAgent(id);
  }

  /** Of a connected worker; its tasks need one each. */
  #coresOf(id: string): number {
    return this.master.tasks.get(id)?.cores ?? 0;
  }

  #managerOf({ id }: Task): Manager | undefined {
    const record = this.journal.find((entry) => entry.type === 'launch' && entry.worker.id === id);
    const address = record?.type === 'launch' ? record.worker.manager : '';
    return this.managers.find((own) => own.address === address);
  }

  #endWorker(task: Task, state: 'TASK_FAILED' | 'TASK_FINISHED'): void {
    this.#leaveManager(task);
    this.master.end(task, state);
  }

  /** The manager puts a lost worker's tasks back. */
  #leaveManager({ id }: Task): void {
    for (const own of this.managers) {
      own.waiting += own.workers.get(id) ?? 0;
      own.workers.delete(id);
    }
  }

  #managerBegins(): void {
    const address = `10.0.0.1:${9123 + (this.#ports++ % 3)}`;
    if (this.managers.some((own) => own.address === address)) return;
    this.managers.push({ address, startedAt: this.now, waiting: 3, workers: new Map() });
  }

  #managerEnds(own: Manager): void {
    this.managers.splice(this.managers.indexOf(own), 1);
    for (const id of own.workers.keys()) {
      const task = this.master.tasks.get(id);
      if (task) this.master.end(task, 'TASK_FINISHED');
    }
  }

  #advance(ms: number): void {
    this.now += ms;
    this.master.now = this.now;
  }
}
