import type { SeenWorker, Shape } from '../demand/demand.ts';

/** One parsed record of the catalog or of a status answer. Its values are not checked yet. */
export type Row = Record<string, unknown>;

/** Unknown values are absent. */
export type Amounts = Partial<Shape>;

/** How many tasks of a category wait, and the largest need among them, where the manager reports it. */
export interface CategoryCounts extends Amounts {
  category: string;
  waiting: number;
}

/**
 * What a manager reports about itself: `queue_status`, and the same record in the catalog, in protocols 9 and 11. The "lean"
 * record of a manager with many entries lacks the categories and the priority.
 */
export interface ManagerRecord {
  /** Empty when the manager has no name (makeflow without -N). */
  project: string;
  owner: string;
  port: number;
  /** ms since 1970, whole seconds. */
  startedAt: number;
  /** Microseconds since 1970. They distinguish managers that started in the same second. Lean records lack it. */
  startedAtMicros?: number;
  priority: number;
  /** 9 when the record does not contain it. */
  protocol: number;
  version: string;
  ssl: boolean;
  tasksWaiting: number;
  tasksOnWorkers: number;
  workers: number;
  categories: CategoryCounts[];
  /** The largest need of any task (protocol 9 only). */
  largest: Amounts;
  /** The sum of the needs of all tasks, waiting or on workers. */
  total: Amounts;
  /** Mean time on a worker of the tasks that have finished well, in seconds. */
  taskSeconds?: number;
  /** Changes whenever the answer to `task_status` may change in tasks, states or needs. */
  taskMarks: string;
  /** Changes whenever the answer to `worker_status` may change in workers or in the number of their tasks. */
  workerMarks: string;
}

/** The row types of a manager: `wq_master` in both known versions; newer tools also read `wq_manager`. */
const MANAGER_TYPES = new Set<unknown>(['wq_master', 'wq_manager']);
/** The first category of protocol 9: the sum of all categories, and the largest need of any task. */
const WHOLE_QUEUE = 'whole queue';
const TASK_MARKS = ['tasks_submitted', 'tasks_dispatched', 'tasks_waiting', 'tasks_on_workers'];
const WORKER_MARKS = [
  ...['workers', 'workers_joined', 'workers_removed', 'workers_init', 'workers_idle', 'workers_busy'],
  ...['tasks_dispatched', 'tasks_on_workers', 'tasks_running', 'tasks_done', 'tasks_with_results'],
  ...['cores_total', 'memory_total', 'disk_total'],
];

/** Reads a manager's record; undefined for records of other kinds, or without a valid port. */
export function parseManagerRecord(row: Row): ManagerRecord | undefined {
  const port = number(row, 'port');
  if (!MANAGER_TYPES.has(row.type) || port === undefined || !Number.isInteger(port) || port < 1 || port > 65535) {
    return undefined;
  }
  const categories = rows(row.categories);
  const whole = categories.find((category) => category.category === WHOLE_QUEUE);
  const startedAtMicros = number(row, 'time_when_started');
  return {
    project: text(row, 'project'),
    owner: text(row, 'owner'),
    port,
    startedAt: (number(row, 'starttime') ?? 0) * 1000,
    ...(startedAtMicros !== undefined && { startedAtMicros }),
    priority: number(row, 'priority') ?? 0,
    protocol: number(row, 'protocol') ?? 9,
    version: text(row, 'version'),
    ssl: row.ssl === true,
    tasksWaiting: count(row, 'tasks_waiting'),
    tasksOnWorkers: count(row, 'tasks_on_workers'),
    workers: count(row, 'workers'),
    categories: categories
      .filter((category) => category !== whole)
      .map((category) => ({
        category: text(category, 'category') || 'default',
        waiting: count(category, 'tasks_waiting'),
        ...amounts(category, 'max_'),
      })),
    largest: whole ? amounts(whole, 'max_') : {},
    total: amounts(row, 'tasks_total_'),
    ...taskSecondsOf(row),
    taskMarks: marks(row, TASK_MARKS),
    workerMarks: marks(row, WORKER_MARKS),
  };
}

function taskSecondsOf(row: Row): Pick<ManagerRecord, 'taskSeconds'> {
  const done = count(row, 'tasks_done') - count(row, 'tasks_failed');
  const microseconds = count(row, 'time_workers_execute_good');
  return done > 0 && microseconds > 0 ? { taskSeconds: microseconds / 1e6 / done } : {};
}

/** One task of `task_status`. */
export interface TaskRecord extends Amounts {
  category: string;
  /** In upper case. Protocol 11 writes all states so, protocol 9 all but `running`. */
  state: string;
}

/** Reads an answer to `task_status`. An amount of -1 means that the task does not ask for that resource. */
export function parseTasks(answer: Row[]): TaskRecord[] {
  return answer.map((row) => ({
    category: text(row, 'category') || 'default',
    state: text(row, 'state').toUpperCase(),
    ...amounts(row, ''),
  }));
}

/** Reads an answer to `worker_status`. */
export function parseWorkers(answer: Row[]): SeenWorker[] {
  return answer.map((row) => ({
    tag: text(row, 'os'),
    hostname: text(row, 'hostname'),
    shape: amountsOf(row, '_total'),
    inUse: amountsOf(row, '_inuse'),
    tasksRunning: count(row, 'total_tasks_running'),
  }));
}

/** The resources of a worker whose keys end like this. */
function amountsOf(row: Row, end: '_total' | '_inuse'): Shape {
  const gpus = count(row, `gpus${end}`);
  return {
    cores: count(row, `cores${end}`),
    memory: count(row, `memory${end}`),
    disk: count(row, `disk${end}`),
    ...(gpus > 0 && { gpus }),
  };
}

/** The objects in an array; other entries are left out. */
export function rows(value: unknown): Row[] {
  return Array.isArray(value) ? value.filter((entry): entry is Row => typeof entry === 'object' && entry !== null) : [];
}

/** A text field; empty if it is absent or of another type. */
export function text(row: Row, key: string): string {
  const value = row[key];
  return typeof value === 'string' ? value : '';
}

/** A number, also when it is printed as text (`"1.000"`); undefined if it is absent or "na". */
export function number(row: Row, key: string): number | undefined {
  const value = row[key];
  const parsed = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof parsed === 'number' && Number.isFinite(parsed) ? parsed : undefined;
}

function count(row: Row, key: string): number {
  return Math.max(0, Math.trunc(number(row, key) ?? 0));
}

function amounts(row: Row, prefix: string): Amounts {
  const found: Amounts = {};
  for (const resource of ['cores', 'memory', 'disk'] as const) {
    const value = number(row, `${prefix}${resource}`);
    if (value !== undefined && value >= 0) found[resource] = value;
  }
  const gpus = count(row, `${prefix}gpus`);
  if (gpus > 0) found.gpus = gpus;
  return found;
}

function marks(row: Row, keys: string[]): string {
  return keys.map((key) => number(row, key) ?? '').join(' ');
}
