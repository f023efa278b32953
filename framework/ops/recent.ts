import type { JournalRecord, WorkerIdentity } from '../scheduler/state/records.ts';
import type { SchedulerState } from '../scheduler/state/state.ts';
import { serving } from '../scheduler/state/worker.ts';

/** ms between two samples, and how many are kept: one hour. */
export const SAMPLE_MS = 10_000;
const SAMPLES = 360;
/** Launches and ends that are kept. */
const HAPPENINGS = 200;
/** Pools of which numbers are kept. */
const POOLS = 200;

/** The pool of projects that no pool serves. */
export const NO_POOL = '';

const SERIES = ['waiting', 'running', 'busy', 'idle', 'starting'] as const;
/** Tasks that wait and that run, and workers by state, at each sample. */
type Numbers = Record<(typeof SERIES)[number], number>;

/** A worker was launched, or ended. */
export interface Happening {
  /** ms since 1970. */
  time: number;
  what: 'launched' | 'ended';
  worker: string;
  project: string;
  pool: string;
  hostname: string;
  /** Of an end: why. */
  why?: string;
}

type Who = Omit<Happening, 'time' | 'what' | 'why'>;

/** The last hour of a framework, oldest first. */
export interface RecentHour {
  /** ms between two samples. */
  everyMs: number;
  /** ms since 1970, of each sample. */
  times: number[];
  /** By pool, `''` where no pool serves a project: as many numbers as there are times. */
  pools: Record<string, Record<(typeof SERIES)[number], number[]>>;
  happenings: Happening[];
}

/** Keeps in memory what pools and workers did during the last hour: for charts, nothing is decided by it. */
export class Recent {
  #samples: { time: number; pools: Map<string, Numbers> }[] = [];
  #happenings: Happening[] = [];
  /** Of workers that live: an end only names its worker. */
  readonly #launched = new Map<string, Who>();

  /** @param workers those of an earlier process of this framework */
  constructor(workers: Iterable<WorkerIdentity>) {
    for (const worker of workers) this.#know(worker);
  }

  /** @param now ms since 1970 */
  sample(state: SchedulerState, now: number): void {
    this.#samples.push({ time: now, pools: numbersOf(state) });
    if (this.#samples.length > SAMPLES) this.#samples = this.#samples.slice(-SAMPLES);
  }

  /** @param now ms since 1970 */
  note(record: JournalRecord, now: number): void {
    if (record.type === 'launch') {
      this.#add({ time: now, what: 'launched', ...this.#know(record.worker) });
    } else if (record.type === 'gone') {
      const who = this.#launched.get(record.id) ?? { worker: record.id, project: '', pool: '', hostname: '' };
      this.#launched.delete(record.id);
      this.#add({ time: now, what: 'ended', ...who, why: record.why });
    }
  }

  hour(): RecentHour {
    const names = new Set(this.#samples.flatMap(({ pools }) => [...pools.keys()]));
    const series = (pool: string): RecentHour['pools'][string] =>
      Object.fromEntries(
        SERIES.map((name) => [name, this.#samples.map(({ pools }) => pools.get(pool)?.[name] ?? 0)]),
      ) as RecentHour['pools'][string];
    return {
      everyMs: SAMPLE_MS,
      times: this.#samples.map(({ time }) => time),
      pools: Object.fromEntries([...names].map((pool) => [pool, series(pool)])),
      happenings: this.#happenings,
    };
  }

  #know({ id: worker, project, pool, hostname }: WorkerIdentity): Who {
    const who = { worker, project, pool, hostname };
    this.#launched.set(worker, who);
    return who;
  }

  #add(happening: Happening): void {
    this.#happenings.push(happening);
    if (this.#happenings.length > HAPPENINGS) this.#happenings = this.#happenings.slice(-HAPPENINGS);
  }
}

function numbersOf({ pools, demand, targets, workers }: SchedulerState): Map<string, Numbers> {
  const numbers = new Map<string, Numbers>();
  const of = (pool: string): Numbers => {
    const known = numbers.get(pool) ?? { waiting: 0, running: 0, busy: 0, idle: 0, starting: 0 };
    numbers.set(pool, known);
    return known;
  };
  for (const { name } of pools.slice(0, POOLS)) of(name);
  for (const { manager, tasksWaiting, tasksOnWorkers } of demand?.projects ?? []) {
    const target = targets.get(manager);
    if (target !== undefined && !numbers.has(target.pool)) continue;
    const pool = of(target?.pool ?? NO_POOL);
    pool.waiting += tasksWaiting;
    pool.running += tasksOnWorkers;
  }
  for (const worker of workers.values()) {
    const known = numbers.get(worker.pool);
    if (!known || !serving(worker)) continue;
    known[!worker.connected ? 'starting' : worker.tasksRunning > 0 ? 'busy' : 'idle']++;
  }
  return numbers;
}
