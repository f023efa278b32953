import type { Need, ProjectDemand, Shape } from './demand.ts';

/** A file that the agent fetches into the sandbox before the worker starts. */
export interface FetchUri {
  uri: string;
  /** Unpack an archive. This is Mesos' default. */
  extract?: boolean;
  executable?: boolean;
  /** Keep the file on the agent for the next worker. */
  cache?: boolean;
  /** Its name in the sandbox; absent: the last part of the URI. */
  outputFile?: string;
}

/** The settings of a pool that its kind of worker needs. */
export interface WorkerSettings {
  /** Name of the pool. */
  name: string;
  /** The worker program, by path or by name in the image's PATH. */
  workerCommand: string;
  /** Path of the password file on the worker: in a volume, or in the sandbox (then relative). */
  passwordFile?: string;
  /** Seconds after which an idle worker ends. */
  idleSeconds: number;
}

/** The worker to be launched. */
export interface NewWorker {
  /** The id of the launch, never used twice. The worker must show it, so that its source reports it as `SeenWorker.tag`. */
  id: string;
  shape: Shape;
}

/** The command and files of a launch. */
export interface WorkerLaunch {
  /**
   * For `/bin/sh`, with `exec`, so that the worker receives the signals. `$MESOS_SANDBOX` is known only on the agent: Mesos'
   * executors set it, and in a container it is the mount point.
   */
  command: string;
  /** Variables and files in addition to those of the pool. */
  environment?: Record<string, string>;
  files?: FetchUri[];
}

/** Why a project gets no workers, or no more workers. */
export interface Obstacle {
  /** A code for programs: words joined by hyphens. */
  reason: string;
  /** A sentence for operators: the cause, then what to do. */
  detail: string;
}

/**
 * What the scheduler must know of a kind of worker. Mesos launches the worker's command; then its source lists it
 * under its id; it ends by itself, or Mesos kills it (SIGTERM, and SIGKILL after the pool's grace period).
 */
export interface WorkerKind {
  /** Name of its source, as in `source` of a pool. */
  readonly source: string;
  /** Its name for operators: `Work Queue worker`. */
  readonly title: string;
  /** Whether its workers can have GPUs. Default: no. */
  readonly takesGpus?: boolean;
  /**
   * Whether another manager than the one a worker was launched for may list it, and have it. Otherwise such a manager is not
   * believed: one user could take the workers of another.
   */
  readonly changesManager: boolean;
  /** Defaults of its pools: the program, and the seconds from SIGTERM to SIGKILL in which it returns its tasks. */
  readonly workerCommand: string;
  readonly killGraceSeconds: number;
  /** Within this many seconds after its start the source lists a worker. After that the worker has failed. */
  readonly connectSeconds: number;
  /** Within this many seconds an idle worker gets a waiting task. After that its manager does not use it. */
  readonly handOutSeconds: number;
  /** The likely cause when a worker ends without an error before its source has listed it, as the end of a sentence. */
  readonly earlyEnd: string;
  /** How many tasks of a need one worker of a size can run at once; 0: none. */
  tasksAtOnce(shape: Shape, need: Need): number;
  /** Why workers of a pool cannot serve a project, whatever waits; undefined: they can. */
  obstacle(pool: WorkerSettings, project: ProjectDemand): Obstacle | undefined;
  launch(pool: WorkerSettings, worker: NewWorker, project: ProjectDemand): WorkerLaunch;
}
