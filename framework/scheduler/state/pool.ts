import type { ProjectDemand, Shape } from '../../demand/demand.ts';
import type { FetchUri, WorkerKind, WorkerSettings } from '../../demand/worker-kind.ts';

/** `1 core`, `0.5 cores`: for messages to operators. */
export function coresText(cores: number | string): string {
  return `${cores} ${Number(cores) === 1 ? 'core' : 'cores'}`;
}

/** `, 2 GPUs` behind other amounts; nothing where there are none. */
export function gpusText(gpus = 0): string {
  return gpus > 0 ? `, ${gpus} ${gpus === 1 ? 'GPU' : 'GPUs'}` : '';
}

/** A host directory that is mounted in the worker's container. */
export interface VolumeMount {
  hostPath: string;
  containerPath: string;
  mode: 'RO' | 'RW';
}

/** A regular expression for whole texts. */
export interface Pattern {
  readonly source: string;
  /** As it stands in the configuration; absent: it does not come from there. */
  readonly written?: string;
  test(text: string): boolean;
  /** Whether it gives no answer for a text because that would take too long; absent: it always gives one. */
  isTooSlow?(text: string): boolean;
}

/**
 * A condition on agents. `field` is the name of an attribute, or `hostname`.
 * - `LIKE`, `UNLIKE`: its value matches the (anchored) pattern, or does not. An agent without the attribute never
 *   satisfies LIKE and always satisfies UNLIKE.
 * - `MAX_PER`: at most `limit` workers of the pool on all agents with the same value. Agents without a value are excluded.
 *   (UNIQUE of the configuration is a limit of 1.)
 */
export type Constraint =
  | { field: string; operator: 'LIKE' | 'UNLIKE'; pattern: Pattern }
  | { field: string; operator: 'MAX_PER'; limit: number };

/** Which projects get which worker. A project is served by the first pool that matches it. */
export interface Pool extends WorkerSettings {
  /** The kind of worker that it launches. It decides the source whose projects the pool serves. */
  kind: WorkerKind;
  /** Anchored: the whole project name must match. */
  projects: Pattern;
  /** Size of a worker. A task that needs more gets a larger worker, up to `limit`. */
  shape: Shape;
  /** Largest worker. A task that needs more is reported. Absent: as large as an offer. */
  limit?: Shape;
  /** Mesos role whose offers it uses. */
  role: string;
  /** Whether workers may run on revocable resources, which Mesos may take back at any time. */
  revocable: boolean;
  constraints: Constraint[];
  /** `spread`: agents with few of our workers first. `pack`: agents with many first, so that others stay empty. */
  placement: 'spread' | 'pack';
  /**
   * Workers of `shape` that one manager lacks are launched together as one worker of up to this many times the size,
   * within `limit`. Where no offer has room for it, several smaller ones are launched. Large workers start sooner, small ones are
   * taken back sooner. `auto`: for each agent as many together as its start rate advises.
   */
  granularity: number | 'auto';
  /**
   * Smallest and largest number of workers, over all managers of the pool. A larger worker counts as one; with `auto`, workers that
   * were launched together count one by one. `min` is kept only while the pool has a manager.
   */
  min: number;
  max: number;
  /** How many tasks a worker of `shape` runs at once; a larger worker runs as many times more. Absent: as many as fit. */
  tasksPerWorker?: number;
  /** Share among managers and pools that need the same offers. */
  weight: number;
  /** Seconds for which a manager's tasks must have waited before workers are launched for them. */
  scaleUpDelaySeconds: number;
  /** Most launches in one second. */
  launchesPerSecond: number;
  /** Seconds between SIGTERM and SIGKILL for a worker that is taken back. */
  killGraceSeconds: number;
  /** Container image; absent: a plain command on the agent. */
  image?: string;
  containerizer: 'docker' | 'mesos';
  volumes: VolumeMount[];
  privileged: boolean;
  forcePull: boolean;
  /** Extra parameters of `docker run`. */
  dockerParameters: { key: string; value: string }[];
  uris: FetchUri[];
  environment: Record<string, string>;
  /** User who runs the workers; absent: the agent's default. */
  user?: string;
}

/** A pool with all defaults: plain processes of one core for every project of a source. */
export function defaultPool(kind: WorkerKind): Pool {
  return { ...DEFAULTS, ...ofKind(kind) };
}

/** Defaults of a pool that come from its kind of worker. */
export function ofKind(kind: WorkerKind): Pick<Pool, 'kind' | 'workerCommand' | 'killGraceSeconds'> {
  return { kind, workerCommand: kind.workerCommand, killGraceSeconds: kind.killGraceSeconds };
}

const DEFAULTS: Omit<Pool, keyof ReturnType<typeof ofKind>> = {
  name: 'default',
  projects: /^.*$/,
  shape: { cores: 1, memory: 1024, disk: 1024 },
  role: '*',
  revocable: false,
  constraints: [],
  placement: 'spread',
  granularity: 'auto',
  min: 0,
  max: 1000,
  weight: 1,
  // Long enough that the next stage of a workflow finds its workers, short enough to waste little.
  idleSeconds: 2,
  scaleUpDelaySeconds: 0,
  launchesPerSecond: 100,
  containerizer: 'docker',
  volumes: [],
  privileged: false,
  forcePull: false,
  dockerParameters: [],
  uris: [],
  environment: {},
};

/** The most GPUs that one worker of a pool may have. */
export function gpusAtMost({ shape, limit }: Pool): number {
  return Math.max(shape.gpus ?? 0, limit?.gpus ?? 0);
}

/** A project's name may end with this and the image that its workers need: `NAME@image=IMAGE`. */
const IMAGE_MARK = '@image=';

/** A project's name, and the image that its name asks for, if any. */
function readProject(project: string): { name: string; image?: string } {
  const at = project.indexOf(IMAGE_MARK);
  if (at < 0) return { name: project };
  return { name: project.slice(0, at), image: project.slice(at + IMAGE_MARK.length) };
}

/** The properties of a project that decide which pool serves it. */
type Served = Pick<ProjectDemand, 'name' | 'source'>;

/** The pool that serves a project: the first pool of its source that matches its name and has the image that it asks for. */
export function poolOf(pools: readonly Pool[], project: Served): Pool | undefined {
  const { name, image } = readProject(project.name);
  return pools.find((pool) => fits(pool, project.source, name) && (image === undefined || pool.image === image));
}

/** Why no pool serves a project, for the operator. */
export function unservedWords(pools: readonly Pool[], project: Served): string {
  const { name, image } = readProject(project.name);
  const slow = pools.find(({ kind, projects }) => kind.source === project.source && projects.isTooSlow?.(name));
  if (slow) {
    return `no pool serves project ${project.name}: the regular expression of pool ${slow.name} takes too long to match it; write it without repetitions within repetitions`;
  }
  const fitting = pools.filter((pool) => fits(pool, project.source, name));
  if (image === undefined || fitting.length === 0) {
    return `no pool serves project ${project.name}. Add a pool with source ${project.source} whose projects match it`;
  }
  const others = fitting.map((pool) => `${pool.name} ${pool.image ?? 'none'}`).join(', ');
  return `no pool serves project ${name} with image ${image}. The pools that match its name have other images: ${others}`;
}

function fits({ kind, projects }: Pool, source: string, name: string): boolean {
  return kind.source === source && projects.test(name);
}
