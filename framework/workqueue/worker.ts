import type { Need, ProjectDemand, Shape } from '../demand/demand.ts';
import type { NewWorker, Obstacle, WorkerKind, WorkerLaunch, WorkerSettings } from '../demand/worker-kind.ts';
import { parseHostPort } from '../net/address.ts';

/** Seconds for which a worker tries to reach its manager. It knows the address, so half a minute is a broken network. */
const CONNECT_TIMEOUT_SECONDS = 30;
/** Seconds without a task after which a worker leaves by itself: the safety net for when the framework is away. */
const IDLE_TIMEOUT_SECONDS = 300;
/** The same for a manager that cannot be asked which of its workers are idle: they must leave by themselves. */
const UNSEEN_IDLE_TIMEOUT_SECONDS = 15;
/** Work Queue doubles the pause between attempts to connect from 1 s to this; its own default is 60 s. */
const MAX_BACKOFF_SECONDS = 4;

/** Double quotes: the shell replaces it, and keeps blanks. */
const SANDBOX = '"$MESOS_SANDBOX"';

/** `work_queue_worker`: it connects to one manager at a known address, and carries as many tasks as fit. */
export const WORK_QUEUE_WORKER: WorkerKind = {
  source: 'workqueue',
  title: 'Work Queue worker',
  takesGpus: true,
  workerCommand: 'work_queue_worker',
  // SIGTERM makes a worker hand its tasks back in under a second.
  killGraceSeconds: 5,
  connectSeconds: CONNECT_TIMEOUT_SECONDS + 15,
  // A manager hands out tasks within milliseconds. It passes over a worker on a blocked host, or of the wrong size.
  handOutSeconds: 5,
  earlyEnd: 'before its manager knew it: no route to it, another Work Queue protocol, or a wrong password',
  carries,
  obstacle,
  launch,
};

/** A task that states nothing takes the whole worker. */
function carries(shape: Shape, need: Need): number {
  const { cores = 0, memory = 0, disk = 0, gpus = 0 } = need;
  if (cores <= 0 && memory <= 0 && disk <= 0 && gpus <= 0) return 1;
  const timesIn = (have: number, want: number): number =>
    want <= 0 ? Number.POSITIVE_INFINITY : Math.floor(have / want + 1e-9);
  // Work Queue gives a task that states some but not all resources a proportional share; a whole core at least.
  return Math.min(
    timesIn(shape.cores, cores > 0 ? cores : 1),
    timesIn(shape.memory, memory),
    timesIn(shape.disk, disk),
    timesIn(shape.gpus ?? 0, gpus),
  );
}

/**
 * Workers of a pool with a password run nothing for a manager that has not proved that it knows the password: anybody
 * could start such a manager, and its tasks would run with all that the pool's workers can read.
 */
function obstacle({ name, passwordFile }: WorkerSettings, project: ProjectDemand): Obstacle | undefined {
  const { closed, authenticated, workers } = project;
  if (closed !== undefined) {
    const detail = `its manager ${closed}. It cannot be asked, and it would accept no workers`;
    return { reason: 'manager-locked', detail };
  }
  if (authenticated) {
    if (passwordFile !== undefined) return undefined;
    const detail = `its manager wants a password, and pool ${name} has no passwordFile for its workers`;
    return { reason: 'password', detail };
  }
  if (passwordFile === undefined) return undefined;
  const rule = `The workers of pool ${name} have a password (passwordFile, --password) and serve only managers that prove that they know it`;
  if (workers === undefined) {
    const detail = `its manager cannot be asked from here, so it cannot prove that it knows the password. ${rule}. Open the manager's port for this framework`;
    return { reason: 'password-unknown', detail };
  }
  const detail = `its manager does not ask for a password. ${rule}. Start the manager with that password (makeflow --password FILE), or serve it by a framework without --password`;
  return { reason: 'manager-without-password', detail };
}

/** For one manager at a known address, so that no stale catalog row can mislead it. */
function launch(pool: WorkerSettings, { id, shape }: NewWorker, project: ProjectDemand): WorkerLaunch {
  const { cores, memory, disk, gpus = 0 } = shape;
  const idle =
    project.workers === undefined
      ? Math.max(UNSEEN_IDLE_TIMEOUT_SECONDS, Math.ceil(pool.idleSeconds))
      : IDLE_TIMEOUT_SECONDS;
  const options = [
    '--single-shot',
    ...['--connect-timeout', String(CONNECT_TIMEOUT_SECONDS)],
    ...['--idle-timeout', String(idle)],
    ...['-b', String(MAX_BACKOFF_SECONDS)],
    // All four are given: unset means all of the host, not of the container.
    ...['--cores', String(cores), '--memory', String(memory), '--disk', String(disk), '--gpus', String(gpus)],
    // The manager repeats this in worker_status: how a connected worker is known to be this one.
    ...['--os', id],
  ];
  const { host, port } = parseHostPort(project.manager) ?? { host: project.manager, port: '' };
  const command = [
    ...['exec', quote(pool.workerCommand), '-s', SANDBOX],
    ...options.map(quote),
    // Always, whatever the manager said a moment ago: another one may have its port by now.
    ...(pool.passwordFile === undefined ? [] : ['-P', inSandbox(pool.passwordFile)]),
    ...[host, String(port)].map(quote),
  ].join(' ');
  return { command };
}

/** A relative path is one in the sandbox, wherever the container's image has its working directory. */
function inSandbox(path: string): string {
  return path.startsWith('/') ? quote(path) : `${SANDBOX}/${quote(path)}`;
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
