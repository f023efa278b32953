// A Mesos master with agents for `day.mjs`: offers with filters, suppression, and acknowledged updates.

/** @typedef {import('../../framework/mesos/messages.ts').Call} Call */
/** @typedef {import('../../framework/mesos/messages.ts').Event} Event */
/** @typedef {import('../../framework/mesos/messages.ts').TaskState} TaskState */

/**
 * @typedef {object} Surroundings
 * @property {(ms: number, run: () => void) => void} after
 * @property {() => number} time
 * @property {(event: Event) => void} tell
 * @property {(id: string, manager: string) => void} started a worker has reached its manager
 * @property {(id: string) => void} ended
 */

const CORES = 16;
/** How long a worker takes until it runs, then until its manager lists it, and until it has ended after a kill. */
const START_MS = 300;
const CONNECT_MS = 50;
const END_MS = 100;

export class SimulatedCluster {
  /** @type {Map<string, {free: number, refusedUntil: number, offer: string | undefined}>} */
  #agents = new Map();
  /** @type {Map<string, string>} the agent of each offer */
  #offers = new Map();
  /** @type {Map<string, {agent: string, cores: number}>} */
  #tasks = new Map();
  #suppressed = true;
  #count = 0;
  /** @type {Record<string, number>} */
  calls = {};
  /** @type {Surroundings} */
  #around;

  /** @param {number} agents @param {Surroundings} around */
  constructor(agents, around) {
    this.#around = around;
    for (let count = 0; count < agents; count++) {
      this.#agents.set(`agent-${count}`, { free: CORES, refusedUntil: 0, offer: undefined });
    }
  }

  allocate() {
    if (this.#suppressed) return;
    const offers = [];
    for (const [id, agent] of this.#agents) {
      if (agent.offer !== undefined || agent.free < 1 || agent.refusedUntil > this.#around.time()) continue;
      agent.offer = `offer-${++this.#count}`;
      this.#offers.set(agent.offer, id);
      offers.push(this.#offer(agent.offer, id, agent.free));
    }
    if (offers.length > 0) this.#around.tell({ type: 'OFFERS', offers: { offers } });
  }

  /** @param {Call} call */
  take(call) {
    this.calls[call.type] = (this.calls[call.type] ?? 0) + 1;
    const { accept, decline, kill } = call;
    if (call.type === 'SUPPRESS') this.#suppressed = true;
    if (call.type === 'REVIVE') {
      this.#suppressed = false;
      for (const agent of this.#agents.values()) agent.refusedUntil = 0;
      this.#around.after(5, () => this.allocate());
    }
    if (decline) this.#refuse(decline.offer_ids, decline.filters?.refuse_seconds ?? 5);
    if (accept) {
      this.#refuse(accept.offer_ids, accept.filters?.refuse_seconds ?? 5);
      for (const { launch } of accept.operations) for (const task of launch.task_infos) this.#launch(task);
    }
    if (kill) this.#around.after(END_MS, () => this.#end(kill.task_id.value, 'TASK_KILLED'));
  }

  /** A worker ends by itself, because its manager has ended. @param {string} id */
  finish(id) {
    this.#around.after(END_MS, () => this.#end(id, 'TASK_FINISHED'));
  }

  /** @param {{value: string}[]} offers @param {number} seconds */
  #refuse(offers, seconds) {
    for (const { value } of offers) {
      const agent = this.#agents.get(this.#offers.get(value) ?? '');
      this.#offers.delete(value);
      if (!agent) continue;
      agent.offer = undefined;
      agent.refusedUntil = this.#around.time() + seconds * 1000;
    }
  }

  /** @param {import('../../framework/mesos/messages.ts').TaskInfo} task */
  #launch({ task_id: { value: id }, agent_id, resources, labels }) {
    const cores = resources.find(({ name }) => name === 'cpus')?.scalar?.value ?? 0;
    const agent = this.#agents.get(agent_id.value);
    if (!agent || agent.free < cores) throw new Error('more was launched than was offered');
    agent.free -= cores;
    this.#tasks.set(id, { agent: agent_id.value, cores });
    const manager = labels?.labels?.find(({ key }) => key === 'manager')?.value ?? '';
    this.#around.after(START_MS, () => {
      this.#update(id, 'TASK_STARTING');
      this.#update(id, 'TASK_RUNNING');
    });
    this.#around.after(START_MS + CONNECT_MS, () => {
      if (this.#tasks.has(id)) this.#around.started(id, manager);
    });
  }

  /** @param {string} id @param {TaskState} state */
  #end(id, state) {
    const task = this.#tasks.get(id);
    if (!task) return;
    const agent = this.#agents.get(task.agent);
    // Mesos offers what has become free whatever was refused before, because it is more.
    if (agent) Object.assign(agent, { free: agent.free + task.cores, refusedUntil: 0 });
    this.#update(id, state);
    this.#tasks.delete(id);
    this.#around.ended(id);
  }

  /** @param {string} id @param {TaskState} state */
  #update(id, state) {
    const task = this.#tasks.get(id);
    if (!task) return;
    const agent_id = { value: task.agent };
    const status = { task_id: { value: id }, state, agent_id, uuid: Buffer.alloc(16, ++this.#count) };
    this.#around.tell({ type: 'UPDATE', update: { status } });
  }

  /** @param {string} id @param {string} agent @param {number} free */
  #offer(id, agent, free) {
    const allocation_info = { role: '*' };
    const scalar = (/** @type {string} */ name, /** @type {number} */ value) => ({
      ...{ name, type: /** @type {const} */ ('SCALAR'), scalar: { value }, allocation_info },
    });
    return {
      id: { value: id },
      framework_id: { value: 'F' },
      agent_id: { value: agent },
      hostname: `${agent}.example`,
      resources: [scalar('cpus', free), scalar('mem', free * 2048), scalar('disk', free * 10_000)],
      allocation_info,
    };
  }
}
