import type { ProjectDemand, Shape } from '../../demand/demand.ts';
import type { FetchUri, WorkerKind, WorkerSettings } from '../../demand/worker-kind.ts';

/** `1 core`, `0.5 cores`: in what operators read. */
export function coresText(cores: number | string): string {
  return `${cores} ${Number(cores) === 1 ? 'core' : 'cores'}`;
}

/** A host directory seen in the worker's container. */
export interface VolumeMount {
  hostPath: string;
  containerPath: string;
  mode: 'RO' | 'RW';
}

/** A regular expression for whole texts. */
export interface Pattern {
  readonly source: string;
  test(text: string): boolean;
  /** Whether it gives no answer for a text because that would take too long; absent: it always gives one. */
  isTooSlow?(text: string): boolean;
}

/**
 * What an agent must be like. `field` is the name of an attribute, or `hostname`.
 * - `LIKE`, `UNLIKE`: its value matches the (anchored) pattern, or does not. An agent without the attribute is never
 *   LIKE anything, and UNLIKE everything.
 * - `MAX_PER`: at most `limit` workers of the pool on all agents with the same value; agents without one are left out.
 *   (UNIQUE of the configuration is a limit of 1.)
 */
export type Constraint =
  | { field: string; operator: 'LIKE' | 'UNLIKE'; pattern: Pattern }
  | { field: string; operator: 'MAX_PER'; limit: number };

/** Which projects get which worker. Projects are matched against pools in order: the first pool that fits serves it. */
export interface Pool extends WorkerSettings {
  /** Which kind of worker it launches, and so which source's projects it serves. */
  kind: WorkerKind;
  /** Anchored: the whole project name must match. */
  projects: Pattern;
  /** Shape of a worker; a task that needs more gets a worker grown to its need, up to `limit`. */
  shape: Shape;
  /** Largest worker; a task beyond it is reported, never waited for in silence. Absent: as large as an offer. */
  limit?: Shape;
  /** Mesos role that its offers come from. */
  role: string;
  /** Whether workers may run on revocable resources, which Mesos may take back at any time. */
  revocable: boolean;
  constraints: Constraint[];
  /** `spread`: over agents with few of our workers first; `pack`: onto those with many, so that others stay free. */
  placement: 'spread' | 'pack';
  /**
   * Workers of `shape` that one manager lacks are launched together as one worker of up to this many times the shape,
   * within `limit`; where no offer has room for it, as several smaller ones. Coarse workers start sooner, fine ones are
   * given back sooner.
   */
  granularity: number;
  /**
   * Workers at least and at most, over all managers of the pool: a coarse worker is one. `min` is kept only while a
   * manager is there to serve.
   */
  min: number;
  max: number;
  /** How many tasks a worker of `shape` is to carry at once, a coarse one as many times that. Absent: as many as fit. */
  tasksPerWorker?: number;
  /** Share among the managers and pools that want the same offers. */
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
  /** User that workers run as; absent: the agent's default. */
  user?: string;
}

/** A pool with everything at its default: plain processes of one core for every project of a source. */
export function defaultPool(kind: WorkerKind): Pool {
  return { ...DEFAULTS, ...ofKind(kind) };
}

/** What a pool has because of its kind of worker, unless it says otherwise. */
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
  granularity: 1,
  min: 0,
  max: 1000,
  weight: 1,
  // Long enough that the next stage of a workflow finds its workers still there, short enough to be no waste.
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

/** A project may end with this and the image that its workers are to have: `NAME@image=IMAGE`. */
const IMAGE_MARK = '@image=';

/** A project's name, and the image that it asks for, where it does. */
function readProject(project: string): { name: string; image?: string } {
  const at = project.indexOf(IMAGE_MARK);
  if (at < 0) return { name: project };
  return { name: project.slice(0, at), image: project.slice(at + IMAGE_MARK.length) };
}

/** What tells which pool serves a project. */
type Served = Pick<ProjectDemand, 'name' | 'source'>;

/** The pool that serves a project: the first of its source that matches its name, and has the image that it asks for. */
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
    return `no pool serves project ${project.name}: add one with source ${project.source} whose projects match it`;
  }
  const others = fitting.map((pool) => `${pool.name} ${pool.image ?? 'none'}`).join(', ');
  return `no pool serves project ${name} in image ${image}: those that serve it otherwise have ${others}`;
}

function fits({ kind, projects }: Pool, source: string, name: string): boolean {
  return kind.source === source && projects.test(name);
}
