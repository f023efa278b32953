import type { Event } from '../../../framework/mesos/messages.ts';
import type { Decision } from '../../../framework/scheduler/scheduler.ts';
import type { Pool } from '../../../framework/scheduler/state/pool.ts';
import type { JournalRecord } from '../../../framework/scheduler/state/records.ts';
import type { SchedulerState } from '../../../framework/scheduler/state/state.ts';
import { unitsOfWorker } from '../../../framework/scheduler/state/worker.ts';
import { launches } from './fixtures.ts';

/** What no decision of the core may ever break; counted along by what the core was told, not by what it believes. */
export class Rules {
  readonly #max: number;
  /** Cores of a worker that is not coarse. Every core carries a task. */
  readonly #workerCores: number;
  readonly #granularity: Pool['granularity'];
  /** Cores of the offers that may be used: told of, and neither withdrawn, given back nor used. */
  readonly #usable = new Map<string, number>();
  readonly #launched = new Set<string>();

  constructor(max: number, workerCores: number, granularity: Pool['granularity']) {
    this.#max = max;
    this.#workerCores = workerCores;
    this.#granularity = granularity;
  }

  /** The core will hear of this. */
  told({ offers, rescind }: Event): void {
    for (const { id, resources } of offers?.offers ?? []) {
      const cpus = (resources ?? []).filter(({ name }) => name === 'cpus');
      this.#usable.set(
        id.value,
        cpus.reduce((sum, { scalar }) => sum + (scalar?.value ?? 0), 0),
      );
    }
    if (rescind) this.#usable.delete(rescind.offer_id.value);
  }

  disconnected(): void {
    this.#usable.clear();
  }

  /** @throws when a rule is broken */
  check(state: SchedulerState, { records, calls }: Decision, startingBefore: ReadonlyMap<string, number>): void {
    const fresh = new Set(records.flatMap((record) => (record.type === 'launch' ? [record.worker.id] : [])));
    for (const { accept, decline } of calls) {
      for (const { value } of decline?.offer_ids ?? []) this.#usable.delete(value);
      if (!accept) continue;
      let cores = 0;
      for (const { value } of accept.offer_ids) {
        const offered = this.#usable.get(value);
        if (offered === undefined) throw new Error(`offer ${value} is used, but is not there to be used`);
        this.#usable.delete(value);
        cores += offered;
      }
      for (const { task_id, resources } of launches([{ type: 'ACCEPT', accept }])) {
        if (!fresh.has(task_id.value)) throw new Error(`${task_id.value} is launched without a record`);
        if (this.#launched.has(task_id.value)) throw new Error(`${task_id.value} is launched twice`);
        this.#launched.add(task_id.value);
        cores -= resources.reduce((sum, { name, scalar }) => sum + (name === 'cpus' ? (scalar?.value ?? 0) : 0), 0);
      }
      if (cores < 0) throw new Error('more is launched than was offered');
    }
    this.#checkCounts(state, records, startingBefore);
  }

  #checkCounts(
    state: SchedulerState,
    records: readonly JournalRecord[],
    startingBefore: ReadonlyMap<string, number>,
  ): void {
    const counts = new Map<string, number>();
    for (const record of records) {
      // An adopted worker is recorded as launched too.
      if (record.type !== 'launch' || state.workers.get(record.worker.id)?.restored) continue;
      const { manager, managerStartedAt, shape } = record.worker;
      const key = `${manager} ${managerStartedAt}`;
      const units = shape.cores / this.#workerCores;
      const most = this.#granularity === 'auto' ? Number.POSITIVE_INFINITY : this.#granularity;
      if (!Number.isInteger(units) || units > most) throw new Error(`a worker of ${shape.cores} cores`);
      const count = (counts.get(key) ?? 0) + units;
      counts.set(key, count);
      const waiting = state.projects.get(manager)?.tasksWaiting ?? 0;
      const carried = startingBefore.get(key) ?? 0;
      if (count > Math.ceil(Math.max(0, waiting - carried) / this.#workerCores)) {
        throw new Error(`${manager} gets more workers than its tasks need`);
      }
    }
    if (counts.size === 0) return;
    const alive = [...state.workers.values()].filter(({ phase, connected }) => phase !== 'unreachable' || connected);
    const count = alive.reduce((sum, worker) => sum + unitsOfWorker(worker), 0);
    if (count > this.#max) throw new Error(`${count} workers, and at most ${this.#max} are allowed`);
  }
}

/** Cores of the workers on their way, by manager: what must be counted as capacity. */
export function startingCores(state: SchedulerState): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { phase, connectedAt, manager, managerStartedAt, killedAt, shape } of state.workers.values()) {
    if (connectedAt !== undefined || killedAt !== undefined || phase === 'leaving' || phase === 'unreachable') continue;
    const key = `${manager} ${managerStartedAt}`;
    counts.set(key, (counts.get(key) ?? 0) + shape.cores);
  }
  return counts;
}
