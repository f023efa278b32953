import type { Logger } from '../log.ts';
import type { ContainerProgram } from './container-cli.ts';
import type { LocalCredentials } from './credentials.ts';

export interface LocalMasterOptions {
  /** Port on 127.0.0.1; 0 (the default) takes a free one. */
  port?: number;
  /** Default: one agent with this machine's cores, memory and 10 GB of disk. */
  agents?: LocalAgentOptions[];
  /** Sandboxes live below it, for its owner only: `<workDir>/<agent>/<task>/{stdout,stderr}`. Created when missing, never removed. */
  workDir: string;
  log: Logger;
  /**
   * Demands `Authorization: Basic` of every request but /health, /version and /redirect. Without them every user of this
   * machine may run commands as the user of this process: `undefined` is for tests.
   */
  credentials: LocalCredentials | undefined;
  timings?: Partial<LocalTimings>;
}

export interface LocalAgentOptions {
  /** What offers name the machine; the agent itself listens on 127.0.0.1 in any case. Default: localhost. */
  hostname?: string;
  /** Cores, unreserved. */
  cpus: number;
  /** MB, unreserved. */
  memory: number;
  /** MB, unreserved. */
  disk: number;
  /** Default: none. Only counted: who may use which GPU is up to the worker. */
  gpus?: number;
  /** First and last port that is offered; none when left out. */
  ports?: [number, number];
  /** What runs tasks that have a container; without it they fail, as on an agent without containerizers for them. */
  containerizer?: ContainerProgram | undefined;
  /** Text becomes a TEXT attribute, a number a SCALAR one. */
  attributes?: Record<string, string | number>;
  /** Statically reserved on top of the unreserved resources; a role also gets what is reserved for its ancestors. */
  reservations?: { role: string; cpus?: number; memory?: number; disk?: number }[];
}

/** All in milliseconds. */
export interface LocalTimings {
  /** Between HEARTBEAT events. */
  heartbeat: number;
  /** Between allocations that nothing else causes; also the least time that a refusal filter lasts. */
  allocation: number;
  /** From SIGTERM to SIGKILL for a task without a kill_policy. */
  killGrace: number;
  /** From TEARDOWN's SIGTERM to SIGKILL, when the task's own grace is longer. */
  executorShutdown: number;
  /** First repetition of an update that nobody acknowledged; each further one waits twice as long. */
  updateRetryMin: number;
  updateRetryMax: number;
}

/**
 * What a real master and agent take: master/constants.hpp (heartbeat), `--allocation_interval`, launcher/executor.cpp
 * (kill grace), `--executor_shutdown_grace_period`, slave/constants.hpp (update retries).
 */
export const REAL_TIMINGS: LocalTimings = {
  heartbeat: 15_000,
  allocation: 1_000,
  killGrace: 3_000,
  executorShutdown: 5_000,
  updateRetryMin: 10_000,
  updateRetryMax: 600_000,
};

/** Offers refused without saying for how long stay away 5 s; nothing stays away longer than a year (mesos.proto, Filters). */
export const DEFAULT_REFUSE_SECONDS = 5;
export const MAX_REFUSE_SECONDS = 365 * 24 * 3600;

/** The version of Mesos whose behaviour this is. */
export const MESOS_VERSION = '1.12.0';
