import type { Logger } from '../log.ts';
import type { ContainerProgram } from './container-cli.ts';
import type { LocalCredentials } from './credentials.ts';

export interface LocalMasterOptions {
  /** Port on 127.0.0.1; 0 (the default) takes a free one. */
  port?: number;
  /** Default: one agent with this machine's cores, memory and 10 GB of disk. */
  agents?: LocalAgentOptions[];
  /**
   * The directory of the sandboxes: `<workDir>/<agent>/<task>/{stdout,stderr}`. Only its owner can read it. It is created if
   * missing, and never removed.
   */
  workDir: string;
  log: Logger;
  /**
   * Every request needs `Authorization: Basic`, except /health, /version and /redirect. `undefined` is only for tests: then every
   * user of this machine can run commands as the user of this process.
   */
  credentials: LocalCredentials | undefined;
  timings?: Partial<LocalTimings>;
}

export interface LocalAgentOptions {
  /** The host name in offers. The agent always listens on 127.0.0.1. Default: localhost. */
  hostname?: string;
  /** Cores, unreserved. */
  cpus: number;
  /** MB, unreserved. */
  memory: number;
  /** MB, unreserved. */
  disk: number;
  /** Default: none. The agent only counts them; the worker decides which task uses which GPU. */
  gpus?: number;
  /** First and last port of the offers; absent: no ports. */
  ports?: [number, number];
  /** The program that runs tasks with a container. Without it they fail, as on an agent without a containerizer. */
  containerizer?: ContainerProgram | undefined;
  /** A text becomes a TEXT attribute, a number a SCALAR attribute. */
  attributes?: Record<string, string | number>;
  /** Static reservations, in addition to the unreserved resources. A role also gets the reservations of its ancestors. */
  reservations?: { role: string; cpus?: number; memory?: number; disk?: number }[];
}

/** In milliseconds, where nothing else is said. */
export interface LocalTimings {
  /** Between HEARTBEAT events. */
  heartbeat: number;
  /** Between regular allocations; it is also the shortest time of a refusal filter. */
  allocation: number;
  /** From SIGTERM to SIGKILL, for a task without a kill_policy. */
  killGrace: number;
  /** From SIGTERM to SIGKILL at TEARDOWN, if the task's own grace period is longer. */
  executorShutdown: number;
  /** Before an unacknowledged update is sent again; twice as long before each further repetition. */
  updateRetryMin: number;
  updateRetryMax: number;
  /** What a start of an executor costs an agent (see `executor-starts.ts`); 0: nothing. Tests and benches imitate a slow agent. */
  executorStart: number;
  /** How many starts share the agent at the same time. */
  executorsAtOnce: number;
}

/**
 * The values of a real master and agent: master/constants.hpp (heartbeat), `--allocation_interval`, launcher/executor.cpp
 * (kill grace), `--executor_shutdown_grace_period`, slave/constants.hpp (update retries). Executors start at once, because there are none.
 */
export const REAL_TIMINGS: LocalTimings = {
  heartbeat: 15_000,
  allocation: 1_000,
  killGrace: 3_000,
  executorShutdown: 5_000,
  updateRetryMin: 10_000,
  updateRetryMax: 600_000,
  executorStart: 0,
  executorsAtOnce: 20,
};

/** A refusal without a time holds for 5 s; no refusal holds longer than a year (mesos.proto, Filters). */
export const DEFAULT_REFUSE_SECONDS = 5;
export const MAX_REFUSE_SECONDS = 365 * 24 * 3600;

/** The version of Mesos that is imitated. */
export const MESOS_VERSION = '1.12.0';
