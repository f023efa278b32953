import type { Need, ProjectDemand, Shape } from '../demand/demand.ts';
import type { NewWorker, Obstacle, WorkerKind, WorkerLaunch, WorkerSettings } from '../demand/worker-kind.ts';
import { parseHostPort } from '../net/address.ts';

/** Seconds for which a worker tries to reach its manager. It knows the address, so a longer failure means a broken network. */
const CONNECT_TIMEOUT_SECONDS = 30;
/** Seconds without a task after which a worker ends by itself, in case the framework is not running. */
const IDLE_TIMEOUT_SECONDS = 300;
/** The same for a manager that cannot be asked which of its workers are idle: they must end by themselves. */
const UNSEEN_IDLE_TIMEOUT_SECONDS = 15;
/** Work Queue doubles the pause between attempts to connect from 1 s to this value; its own default is 60 s. */
const MAX_BACKOFF_SECONDS = 4;

/** In double quotes the shell replaces the variable and keeps blanks. */
const SANDBOX = '"$MESOS_SANDBOX"';

/** `work_queue_worker`: it connects to one manager at a known address, and runs as many tasks as fit. */
export const WORK_QUEUE_WORKER: WorkerKind = {
  source: 'workqueue',
  title: 'Work Queue worker',
  takesGpus: true,
  changesManager: true,
  workerCommand: 'work_queue_worker',
  // After SIGTERM a worker returns its tasks in under a second.
  killGraceSeconds: 5,
  connectSeconds: CONNECT_TIMEOUT_SECONDS + 15,
  // A manager assigns tasks within milliseconds. It gives none to a worker on a blocked host, or of the wrong size.
  handOutSeconds: 5,
  earlyEnd:
    'before it connected to its manager. The causes may be: no route to the manager, another Work Queue protocol, a wrong password',
  tasksAtOnce,
  obstacle,
  launch,
};

/** A task without any need takes the whole worker. */
function tasksAtOnce(shape: Shape, need: Need): number {
  const { cores = 0, memory = 0, disk = 0, gpus = 0 } = need;
  if (cores <= 0 && memory <= 0 && disk <= 0 && gpus <= 0) return 1;
  const timesIn = (have: number, want: number): number =>
    want <= 0 ? Number.POSITIVE_INFINITY : Math.floor(have / want + 1e-9);
  // Work Queue gives a task with some but not all needs a proportional share of the rest, and at least one core.
  return Math.min(
    timesIn(shape.cores, cores > 0 ? cores : 1),
    timesIn(shape.memory, memory),
    timesIn(shape.disk, disk),
    timesIn(shape.gpus ?? 0, gpus),
  );
}

/**
 * Workers of a pool with a password serve only managers that have proved that they know the password: anybody
 * could start another manager, and its tasks would run with access to all that the pool's workers can read.
 */
function obstacle({ name, passwordFile }: WorkerSettings, project: ProjectDemand): Obstacle | undefined {
  const { closed, authenticated, workers } = project;
  if (closed !== undefined) {
    const detail = `its manager ${closed}. So the framework cannot ask it, and it would accept no workers`;
    return { reason: 'manager-locked', detail };
  }
  if (authenticated) {
    if (passwordFile !== undefined) return undefined;
    const detail = `its manager asks for a password, but pool ${name} has no passwordFile for its workers`;
    return { reason: 'password', detail };
  }
  if (passwordFile === undefined) return undefined;
  const rule = `Workers of pool ${name} have a password (passwordFile, --password) and serve only managers that prove that they know it`;
  if (workers === undefined) {
    const detail = `this framework cannot reach its manager, so the manager cannot prove that it knows the password. ${rule}. Open the manager's port for this framework`;
    return { reason: 'password-unknown', detail };
  }
  const detail = `its manager does not ask for a password. ${rule}. Start the manager with that password (makeflow --password FILE), or serve it with another framework that has no --password`;
  return { reason: 'manager-without-password', detail };
}

/** The worker gets one manager at a known address, so a stale catalog row cannot mislead it. */
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
    // All four are set: without them the worker takes all of the host, not of the container.
    ...['--cores', String(cores), '--memory', String(memory), '--disk', String(disk), '--gpus', String(gpus)],
    // The manager shows this id in worker_status. So a connected worker is recognised.
    ...['--os', id],
  ];
  const { host, port } = parseHostPort(project.manager) ?? { host: project.manager, port: '' };
  const command = [
    ...['exec', quote(pool.workerCommand), '-s', SANDBOX],
    ...options.map(quote),
    // Always, whatever the manager answered before: another manager may have its port by now.
    ...(pool.passwordFile === undefined ? [] : ['-P', inSandbox(pool.passwordFile)]),
    ...[host, String(port)].map(quote),
  ].join(' ');
  return { command };
}

/** A relative path is below the sandbox, whatever the working directory of the container's image. */
function inSandbox(path: string): string {
  return path.startsWith('/') ? quote(path) : `${SANDBOX}/${quote(path)}`;
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
