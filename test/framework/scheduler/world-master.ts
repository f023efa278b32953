import type { Call, Event, TaskState, TaskStatus } from '../../../framework/mesos/messages.ts';
import { offer as makeOffer } from './fixtures.ts';

interface Agent {
  id: string;
  cores: number;
  up: boolean;
}

export interface Task {
  id: string;
  agentId: string;
  cores: number;
  /** `ended`: it runs no more; the master forgets it when its last update is acknowledged. */
  phase: 'starting' | 'running' | 'ended';
  since: number;
  /** Updates that want an acknowledgement; the first has been sent. */
  updates: TaskStatus[];
}

interface Offer {
  agentId: string;
  cores: number;
}

/**
 * A Mesos master and its agents, as the reference describes them, for the core's random tests: offers with filters,
 * suppression, acknowledged updates, reconciliation, agents that vanish and return. Only cores are scarce.
 */
export class SimulatedMaster {
  readonly agents = new Map<string, Agent>();
  readonly tasks = new Map<string, Task>();
  readonly offers = new Map<string, Offer>();
  subscribed = false;
  suppressed = false;
  now = 0;
  #filters: { agentId: string; cores: number; until: number }[] = [];
  #uuids = 0;
  readonly #tell: (event: Event) => void;

  constructor(cores: readonly number[], tell: (event: Event) => void) {
    this.#tell = tell;
    for (const [index, count] of cores.entries()) {
      const id = `agent-${index}`;
      this.agents.set(id, { id, cores: count, up: true });
    }
  }

  subscribe(suppressed: boolean): void {
    this.disconnect();
    this.subscribed = true;
    this.suppressed = suppressed;
    this.#filters = [];
    this.#send({ type: 'SUBSCRIBED', subscribed: { framework_id: { value: 'F' } } });
    this.resend();
    this.allocate();
  }

  disconnect(): void {
    this.subscribed = false;
    this.offers.clear();
  }

  take(call: Call): void {
    switch (call.type) {
      case 'ACCEPT':
        this.#accept(call);
        break;
      case 'DECLINE':
        for (const { value } of call.decline?.offer_ids ?? [])
          this.#refuse(value, call.decline?.filters?.refuse_seconds);
        break;
      case 'REVIVE':
        this.suppressed = false;
        this.#filters = [];
        this.allocate();
        break;
      case 'SUPPRESS':
        this.suppressed = true;
        break;
      case 'KILL':
        this.#kill(call.kill?.task_id.value ?? '', call.kill?.agent_id?.value);
        break;
      case 'ACKNOWLEDGE':
        this.#acknowledge(call);
        break;
      case 'RECONCILE':
        this.#reconcile(call.reconcile?.tasks ?? []);
        break;
    }
  }

  /** Offers what is free, not filtered, and not offered yet. */
  allocate(): void {
    this.#filters = this.#filters.filter(({ until }) => until > this.now);
    if (!this.subscribed || this.suppressed) return;
    const offers = [...this.agents.values()].flatMap(({ id, up }) => {
      const cores = this.#free(id);
      const filtered = this.#filters.some((filter) => filter.agentId === id && filter.cores >= cores);
      if (!up || cores <= 0 || filtered) return [];
      const offer = makeOffer({ agent: id, cores, memory: 1e6, disk: 1e6 });
      this.offers.set(offer.id.value, { agentId: id, cores });
      return [offer];
    });
    if (offers.length > 0) this.#send({ type: 'OFFERS', offers: { offers } });
  }

  rescind(index: number): void {
    const ids = [...this.offers.keys()];
    const id = ids[index % Math.max(1, ids.length)];
    if (id === undefined) return;
    this.offers.delete(id);
    this.#send({ type: 'RESCIND', rescind: { offer_id: { value: id } } });
  }

  /** All updates that were not acknowledged, once more. */
  resend(): void {
    for (const { updates } of this.tasks.values()) if (updates[0]) this.#update(updates[0]);
  }

  run(task: Task): void {
    task.phase = 'running';
    task.since = this.now;
    this.#queue(task, 'TASK_RUNNING');
  }

  end(task: Task, state: TaskState, reason?: string): void {
    if (task.phase === 'ended') return;
    task.phase = 'ended';
    this.#queue(task, state, reason);
  }

  loseAgent(id: string): void {
    const agent = this.agents.get(id);
    if (!agent?.up) return;
    agent.up = false;
    for (const [offerId, { agentId }] of this.offers) {
      if (agentId !== id) continue;
      this.offers.delete(offerId);
      this.#send({ type: 'RESCIND', rescind: { offer_id: { value: offerId } } });
    }
    for (const task of this.#tasksOn(id)) this.#update(status(task.id, id, 'TASK_UNREACHABLE', 'REASON_AGENT_REMOVED'));
    this.#send({ type: 'FAILURE', failure: { agent_id: { value: id } } });
  }

  findAgent(id: string): void {
    const agent = this.agents.get(id);
    if (!agent || agent.up) return;
    agent.up = true;
    for (const task of this.#tasksOn(id))
      this.#update(status(task.id, id, 'TASK_RUNNING', 'REASON_AGENT_REREGISTERED'));
    this.resend();
  }

  /** Tasks that use their agent's resources. */
  get alive(): Task[] {
    return [...this.tasks.values()].filter(({ phase }) => phase !== 'ended');
  }

  #tasksOn(agentId: string): Task[] {
    return this.alive.filter((task) => task.agentId === agentId);
  }

  #free(agentId: string): number {
    const used = this.#tasksOn(agentId).reduce((sum, { cores }) => sum + cores, 0);
    const offered = [...this.offers.values()].filter((offer) => offer.agentId === agentId);
    return (this.agents.get(agentId)?.cores ?? 0) - used - offered.reduce((sum, { cores }) => sum + cores, 0);
  }

  #accept({ accept }: Call): void {
    const ids = (accept?.offer_ids ?? []).map(({ value }) => value);
    const tasks = (accept?.operations ?? []).flatMap(({ launch }) => launch.task_infos);
    const valid = ids.every((id) => this.offers.has(id));
    const [first] = ids;
    const agentId = this.offers.get(first ?? '')?.agentId ?? '';
    for (const id of ids) this.offers.delete(id);
    for (const { task_id, agent_id, resources } of tasks) {
      const id = task_id.value;
      if (!valid) {
        this.#update(status(id, agent_id.value, 'TASK_DROPPED', 'REASON_INVALID_OFFERS'));
        continue;
      }
      if (this.tasks.has(id)) throw new Error(`task id ${id} is used twice`);
      const cores = resources.filter(({ name }) => name === 'cpus').reduce((sum, r) => sum + (r.scalar?.value ?? 0), 0);
      const task: Task = { id, agentId, cores, phase: 'starting', since: this.now, updates: [] };
      this.tasks.set(id, task);
      this.#queue(task, 'TASK_STARTING');
    }
    if (valid) this.#filter(agentId, this.#free(agentId), accept?.filters?.refuse_seconds);
  }

  #refuse(offerId: string, seconds: number | undefined): void {
    const offer = this.offers.get(offerId);
    this.offers.delete(offerId);
    if (offer) this.#filter(offer.agentId, offer.cores, seconds);
  }

  #filter(agentId: string, cores: number, seconds = 5): void {
    this.#filters.push({ agentId, cores, until: this.now + seconds * 1000 });
  }

  #kill(id: string, agentId: string | undefined): void {
    const task = this.tasks.get(id);
    if (!task || !this.agents.get(task.agentId)?.up) this.#answerFor(id, agentId ?? '');
    else this.end(task, 'TASK_KILLED');
  }

  #acknowledge({ acknowledge }: Call): void {
    const task = this.tasks.get(acknowledge?.task_id.value ?? '');
    if (!task || !acknowledge || task.updates[0]?.uuid?.equals(acknowledge.uuid) !== true) return;
    task.updates.shift();
    if (task.updates[0]) this.#update(task.updates[0]);
    else if (task.phase === 'ended') this.tasks.delete(task.id);
  }

  #reconcile(asked: { task_id: { value: string }; agent_id?: { value: string } }[]): void {
    for (const { task_id, agent_id } of asked) this.#answerFor(task_id.value, agent_id?.value ?? '');
    if (asked.length > 0) return;
    for (const task of this.alive) if (this.agents.get(task.agentId)?.up) this.#answerFor(task.id, task.agentId);
  }

  #answerFor(id: string, agentId: string): void {
    const task = this.tasks.get(id);
    const agent = this.agents.get(task?.agentId ?? agentId);
    const state: TaskState = !agent ? 'TASK_UNKNOWN' : !agent.up ? 'TASK_UNREACHABLE' : stateOf(task);
    this.#update(status(id, agent?.id ?? agentId, state, 'REASON_RECONCILIATION'));
  }

  #queue(task: Task, state: TaskState, reason?: string): void {
    const update = { ...status(task.id, task.agentId, state, reason), uuid: Buffer.from(String(++this.#uuids)) };
    task.updates.push(update);
    if (task.updates.length === 1) this.#update(update);
  }

  /** Agents out of sight send nothing, and nothing is sent to a framework that is not there. */
  #update(update: TaskStatus): void {
    const isUp = this.agents.get(update.agent_id?.value ?? '')?.up;
    if (update.uuid && !isUp) return;
    this.#send({ type: 'UPDATE', update: { status: update } });
  }

  #send(event: Event): void {
    if (this.subscribed) this.#tell(event);
  }
}

function status(id: string, agentId: string, state: TaskState, reason?: string): TaskStatus {
  return { task_id: { value: id }, agent_id: { value: agentId }, state, ...(reason && { reason }) };
}

/** Reconciliation reports the last forwarded state: that of the first update which waits for its acknowledgement. */
function stateOf(task: Task | undefined): TaskState {
  if (!task) return 'TASK_GONE';
  if (task.updates[0]) return task.updates[0].state;
  return task.phase === 'running' ? 'TASK_RUNNING' : 'TASK_STARTING';
}
