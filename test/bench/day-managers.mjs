// Work Queue managers for `day.mjs` and `day-embedded.mjs`: each begins with tasks that wait, gives one to every worker, and ends with its last task.

/** @typedef {import('../../framework/demand/demand.ts').ProjectDemand} ProjectDemand */
/** @typedef {import('../../framework/demand/demand.ts').Demand} Demand */
/** @typedef {{waiting: number, running: Map<string, number>, startedAt: number, seen: ProjectDemand | undefined}} Manager */

/**
 * @typedef {object} Surroundings
 * @property {() => number} random
 * @property {(ms: number, run: () => void) => void} after
 * @property {() => number} time
 * @property {(id: string) => void} stop a worker ends, because its manager has ended
 */

const SHAPE = { cores: 1, memory: 1024, disk: 1024 };
const SHORTEST_MS = 30_000;
const LONGEST_MS = 600_000;

export class SimulatedManagers {
  /** @type {Map<string, Manager>} */
  #managers = new Map();
  /** @type {Map<string, string>} the manager of each worker */
  #workers = new Map();
  #changed = true;
  /** @type {Surroundings} */
  #around;

  /** @param {Surroundings} around */
  constructor(around) {
    this.#around = around;
  }

  /** Tasks that have not ended. */
  get left() {
    return [...this.#managers.values()].reduce(
      (sum, { waiting, running }) => sum + waiting + [...running.values()].reduce((a, b) => a + b, 0),
      0,
    );
  }

  /** @param {number} tasks @param {string} address */
  begin(tasks, address) {
    const startedAt = this.#around.time();
    this.#managers.set(address, { waiting: tasks, running: new Map(), startedAt, seen: undefined });
    this.#changed = true;
  }

  /** A worker connects. @param {string} id @param {string} address */
  join(id, address) {
    const manager = this.#managers.get(address);
    if (!manager) return this.#around.stop(id);
    this.#workers.set(id, address);
    manager.running.set(id, 0);
    this.#note(manager);
    this.#next(id, address, manager);
  }

  /** A worker has ended. @param {string} id */
  leave(id) {
    const manager = this.#managers.get(this.#workers.get(id) ?? '');
    this.#workers.delete(id);
    if (!manager) return;
    manager.waiting += manager.running.get(id) ?? 0;
    manager.running.delete(id);
    this.#note(manager);
  }

  /** @returns {Demand | undefined} undefined when nothing has changed */
  demand() {
    if (!this.#changed) return undefined;
    this.#changed = false;
    const projects = [...this.#managers.keys()].flatMap((address) => this.look(address) ?? []);
    return { at: this.#around.time(), projects, problems: [] };
  }

  /** What a manager needs; undefined when it has ended. @param {string} address */
  look(address) {
    const manager = this.#managers.get(address);
    if (manager) manager.seen ??= this.#look(address, manager);
    return manager?.seen;
  }

  /** Gives a worker a task, or ends the manager with its last one. @param {string} id @param {string} address @param {Manager} manager */
  #next(id, address, manager) {
    if (manager.waiting > 0) {
      manager.waiting--;
      manager.running.set(id, 1);
      const { random, after } = this.#around;
      after(SHORTEST_MS + random() * (LONGEST_MS - SHORTEST_MS), () => {
        if (manager.running.get(id) !== 1) return;
        manager.running.set(id, 0);
        this.#note(manager);
        this.#next(id, address, manager);
      });
      return;
    }
    if ([...manager.running.values()].some((tasks) => tasks > 0)) return;
    this.#managers.delete(address);
    this.#changed = true;
    for (const worker of manager.running.keys()) {
      this.#workers.delete(worker);
      this.#around.stop(worker);
    }
  }

  /** @param {Manager} manager */
  #note(manager) {
    manager.seen = undefined;
    this.#changed = true;
  }

  /** @param {string} address @param {Manager} manager @returns {ProjectDemand} */
  #look(address, { waiting, running, startedAt }) {
    const need = { category: 'default', count: waiting, cores: 1, memory: 1024, disk: 1024 };
    return {
      ...{ source: 'workqueue', manager: address, name: `project-${address}`, owner: 'o', startedAt },
      asOf: this.#around.time(),
      tasksWaiting: waiting,
      tasksOnWorkers: [...running.values()].reduce((sum, tasks) => sum + tasks, 0),
      waiting: waiting > 0 ? [need] : [],
      running: [{ ...need, count: 1 }],
      workers: [...running].map(([tag, tasksRunning]) => ({ tag, hostname: 'h', shape: SHAPE, tasksRunning })),
    };
  }
}
