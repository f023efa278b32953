import type { CommandInfo, ContainerInfo, Resource, TaskInfo } from '../../mesos/messages.ts';
import type { Pool } from '../state/pool.ts';
import type { WorkerIdentity } from '../state/records.ts';

/** Seconds for which a worker tries to reach its manager. It knows the address, so half a minute is a broken network. */
export const CONNECT_TIMEOUT_SECONDS = 30;
/** Seconds without a task after which a worker leaves by itself: the safety net for when the framework is away. */
const IDLE_TIMEOUT_SECONDS = 300;
/** The same for a manager that cannot be asked which of its workers are idle: they must leave by themselves. */
const UNSEEN_IDLE_TIMEOUT_SECONDS = 15;
/** Work Queue doubles the pause between attempts to connect from 1 s to this; its default of 60 s is an age. */
const MAX_BACKOFF_SECONDS = 4;

/** Double quotes: the shell replaces it, and keeps blanks. */
const SANDBOX = '"$MESOS_SANDBOX"';

/** What a manager adds to the launch of its workers. */
export interface ManagerTraits {
  /** Only the catalog tells of it: nobody will see which of its workers are idle. */
  unseen: boolean;
}

/**
 * The command line of a worker: for one manager at a known address, so that no stale catalog row can mislead it.
 * By shell, because the sandbox's path is only known there: MESOS_SANDBOX is set by Mesos' executors, and is the mount
 * point inside a container. `exec` makes the worker the process that gets the signals.
 */
export function workerCommandLine(pool: Pool, worker: WorkerIdentity, { unseen }: ManagerTraits): string {
  const { cores, memory, disk } = worker.shape;
  const idle = unseen ? Math.max(UNSEEN_IDLE_TIMEOUT_SECONDS, Math.ceil(pool.idleSeconds)) : IDLE_TIMEOUT_SECONDS;
  const options = [
    '--single-shot',
    ...['--connect-timeout', String(CONNECT_TIMEOUT_SECONDS)],
    ...['--idle-timeout', String(idle)],
    ...['-b', String(MAX_BACKOFF_SECONDS)],
    // All four are given: unset means all of the host, not of the container.
    ...['--cores', String(cores), '--memory', String(memory), '--disk', String(disk), '--gpus', '0'],
    // The manager repeats this in worker_status: how a connected worker is known to be this task.
    ...['--os', worker.id],
  ];
  return [
    ...['exec', quote(pool.workerCommand), '-s', SANDBOX],
    ...options.map(quote),
    // Always, whatever the manager said a moment ago: another one may have its port by now.
    ...(pool.passwordFile === undefined ? [] : ['-P', inSandbox(pool.passwordFile)]),
    ...splitAddress(worker.manager).map(quote),
  ].join(' ');
}

/** A relative path is one in the sandbox, wherever the container's image has its working directory. */
function inSandbox(path: string): string {
  return path.startsWith('/') ? quote(path) : `${SANDBOX}/${quote(path)}`;
}

/** `host:port`, or `[v6]:port` whose brackets only separate. */
function splitAddress(address: string): [host: string, port: string] {
  const colon = address.lastIndexOf(':');
  return [address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), address.slice(colon + 1)];
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The Mesos task that is a worker, in a container when the pool has an image. */
export function workerTask(pool: Pool, worker: WorkerIdentity, resources: Resource[], traits: ManagerTraits): TaskInfo {
  const container = containerOf(pool);
  return {
    name: `Work Queue worker for ${worker.project}`,
    task_id: { value: worker.id },
    agent_id: { value: worker.agentId },
    resources,
    command: commandOf(pool, workerCommandLine(pool, worker, traits)),
    ...(container && { container }),
    kill_policy: { grace_period: { nanoseconds: String(Math.round(pool.killGraceSeconds * 1e9)) } },
    labels: {
      labels: [
        { key: 'pool', value: pool.name },
        { key: 'project', value: worker.project },
        { key: 'manager', value: worker.manager },
      ],
    },
  };
}

function commandOf(pool: Pool, value: string): CommandInfo {
  const variables = Object.entries(pool.environment).map(([name, text]) => ({ name, type: 'VALUE', value: text }));
  const uris = pool.uris.map(({ uri, extract, executable, cache, outputFile }) => ({
    value: uri,
    ...(extract !== undefined && { extract }),
    ...(executable !== undefined && { executable }),
    ...(cache !== undefined && { cache }),
    ...(outputFile !== undefined && { output_file: outputFile }),
  }));
  return {
    shell: true,
    value,
    ...(pool.user !== undefined && { user: pool.user }),
    ...(variables.length > 0 && { environment: { variables } }),
    ...(uris.length > 0 && { uris }),
  };
}

function containerOf(pool: Pool): ContainerInfo | undefined {
  if (pool.image === undefined) return undefined;
  const volumes = pool.volumes.map(({ hostPath, containerPath, mode }) => ({
    host_path: hostPath,
    container_path: containerPath,
    mode,
  }));
  if (pool.containerizer === 'mesos') {
    const image = { type: 'DOCKER', docker: { name: pool.image }, cached: !pool.forcePull } as const;
    return { type: 'MESOS', volumes, mesos: { image } };
  }
  return {
    type: 'DOCKER',
    volumes,
    docker: {
      image: pool.image,
      // The manager connects nowhere, but workers must reach it, and its address may be one of this host's.
      network: 'HOST',
      privileged: pool.privileged,
      force_pull_image: pool.forcePull,
      ...(pool.dockerParameters.length > 0 && { parameters: pool.dockerParameters }),
    },
  };
}
