import type { Need, ProjectDemand, Shape } from './demand.ts';

/** A file that the agent fetches into the sandbox before the worker starts. */
export interface FetchUri {
  uri: string;
  /** Unpack an archive (Mesos does it unless told otherwise). */
  extract?: boolean;
  executable?: boolean;
  /** Keep it on the agent for the next worker. */
  cache?: boolean;
  /** Name in the sandbox; absent: the last part of the URI. */
  outputFile?: string;
}

/** What a pool says about its workers, as far as their kind must know it. */
export interface WorkerSettings {
  /** Of the pool. */
  name: string;
  /** The worker program, by path or by name in the image's PATH. */
  workerCommand: string;
  /** File with the workers' secret as the worker sees it: in a volume, or fetched into the sandbox (then relative). */
  passwordFile?: string;
  /** Seconds for which a worker may stand without a task. */
  idleSeconds: number;
}

/** The worker to be launched. */
export interface NewWorker {
  /** Never used twice. The worker must carry it, so that its source shows it as `SeenWorker.tag`. */
  id: string;
  shape: Shape;
}

/** What a launch runs. */
export interface WorkerLaunch {
  /**
   * For `/bin/sh`, with `exec`, so that the worker gets the signals. `$MESOS_SANDBOX` is only known there: Mesos'
   * executors set it, and in a container it is the mount point.
   */
  command: string;
  /** Variables and files beside those of the pool. */
  environment?: Record<string, string>;
  files?: FetchUri[];
}

/** Why a project gets no workers, or no more. */
export interface Obstacle {
  /** A code for programs: words joined by hyphens. */
  reason: string;
  /** A sentence for operators: what is so, and what to do about it. */
  detail: string;
}

/**
 * What the scheduler must know of a kind of worker. A worker begins by Mesos' launch of its command, is then listed by
 * its source under its id, and ends when Mesos kills it (SIGTERM, and SIGKILL after the pool's grace) or by itself.
 */
export interface WorkerKind {
  /** Name of the source that it works for: `source` of a pool. */
  readonly source: string;
  /** What operators call one of them: `Work Queue worker`. */
  readonly title: string;
  /** Whether its workers can be given GPUs; absent: no. */
  readonly takesGpus?: boolean;
  /** Defaults of its pools: the program, and the seconds from SIGTERM to SIGKILL that it needs to give its tasks back. */
  readonly workerCommand: string;
  readonly killGraceSeconds: number;
  /** A worker whose process runs is listed by its source within so many seconds, or never. */
  readonly connectSeconds: number;
  /** An idle worker gets a waiting task within so many seconds, or its manager has no use for it. */
  readonly handOutSeconds: number;
  /** What it means when a worker ends without an error before its source has listed it, as the end of a sentence. */
  readonly earlyEnd: string;
  /** How many tasks of a need a worker of a shape carries at once; 0: not one. */
  carries(shape: Shape, need: Need): number;
  /** Why workers of a pool cannot serve a project, however much waits; undefined: they can. */
  obstacle(pool: WorkerSettings, project: ProjectDemand): Obstacle | undefined;
  launch(pool: WorkerSettings, worker: NewWorker, project: ProjectDemand): WorkerLaunch;
}
