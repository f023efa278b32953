import { counted } from '../../units/count.ts';

/** The part of a framework's `/state` that the page shows; see docs/framework.md. Any part may be missing. */
export interface FrameworkState {
  frameworkId: string;
  master: string;
  subscribed: boolean;
  startedAt: number;
  now: number;
  pools: PoolState[];
  projects: ProjectState[];
  workers: WorkerState[];
  offersHeld: { id: string; hostname: string; heldMs: number }[];
  poolBackoffs: string[];
  agentBackoffs: string[];
  counters: Record<string, number>;
}

export interface PoolState {
  name: string;
  /** The text in the configuration. */
  projects: string;
  source: string;
  shape: string;
  min: number;
  /** Absent: no limit except the offers. */
  max?: number;
  role: string;
  image: string;
}

export interface ProjectState {
  project: string;
  manager: string;
  /** `workqueue`, `htcondor`; empty: a framework of an older version. */
  source: string;
  pool: string;
  waiting: number;
  /** Tasks on workers. */
  running: number;
  /** What its workers do, and how many more it needs: `2 busy, 1 starting, 3 missing`. */
  workers: string;
  /** Why it does not get more workers: one word here, all sentences in `words`. */
  blocked: string;
  /** The most important sentence; empty: no task waits without a worker. */
  reason: string;
  words: string[];
}

export interface WorkerState {
  id: string;
  pool: string;
  project: string;
  hostname: string;
  phase: string;
  size: string;
  tasksRunning: number;
  launchedAt: number;
}

type Json = Record<string, unknown>;

const object = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
const list = (value: unknown): Json[] => (Array.isArray(value) ? value.map(object) : []);
const text = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** Reads the answer of a framework of this or another version. Parts that are missing or have another type become empty. */
export function readState(value: unknown): FrameworkState {
  const state = object(value);
  const backoffs = object(state.backoffs);
  return {
    frameworkId: text(state.frameworkId),
    master: text(object(state.master).master) || text(object(state.master).phase),
    subscribed: state.subscribed === true,
    startedAt: number(state.startedAt),
    now: number(state.now),
    pools: list(state.pools).map(readPool),
    projects: list(state.projects).map(readProject),
    workers: list(state.workers).map(readWorker),
    offersHeld: list(state.offersHeld).map(({ id, hostname, heldMs }) => ({
      id: text(id),
      hostname: text(hostname),
      heldMs: number(heldMs),
    })),
    poolBackoffs: Object.keys(object(backoffs.pools)),
    agentBackoffs: Object.keys(object(backoffs.agents)),
    counters: Object.fromEntries(
      Object.entries(object(state.counters)).flatMap(([key, count]) =>
        typeof count === 'number' ? [[key, count]] : [],
      ),
    ),
  };
}

function readPool(pool: Json): PoolState {
  const { cores, memory, disk } = object(pool.shape);
  return {
    name: text(pool.name),
    projects: text(pool.projectsWritten) || text(pool.projects),
    source: text(pool.source),
    shape: `${counted(number(cores), 'core')}, ${number(memory)} MB, ${number(disk)} MB disk`,
    min: number(pool.min),
    ...(typeof pool.max === 'number' && { max: pool.max }),
    role: text(pool.role),
    image: text(pool.image),
  };
}

function readProject(project: Json): ProjectState {
  return {
    project: text(project.project),
    manager: text(project.manager),
    source: text(project.source),
    pool: text(project.pool),
    waiting: number(object(project.tasks).waiting),
    running: number(object(project.tasks).onWorkers),
    workers: workersText(object(project.workers)),
    blocked: text(project.blocked),
    reason: text(project.reason),
    words: Array.isArray(project.words) ? project.words.map(text) : [],
  };
}

function workersText(workers: Json): string {
  const parts = ['busy', 'idle', 'starting', 'leaving', 'missing'].flatMap((key) =>
    number(workers[key]) > 0 ? [`${number(workers[key])} ${key}`] : [],
  );
  return parts.join(', ') || 'none';
}

function readWorker(worker: Json): WorkerState {
  const { cores, memory } = object(worker.shape);
  return {
    id: text(worker.id),
    pool: text(worker.pool),
    project: text(worker.project),
    hostname: text(worker.hostname),
    phase: text(worker.phase),
    size: `${counted(number(cores), 'core')}, ${number(memory)} MB`,
    tasksRunning: number(worker.tasksRunning),
    launchedAt: number(worker.launchedAt),
  };
}
