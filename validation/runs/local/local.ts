import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { defaultPool } from '../../../framework/scheduler/state/pool.ts';
import { WORK_QUEUE_WORKER } from '../../../framework/workqueue/worker.ts';
import { NO_CATALOG, type WorkQueueBatch } from '../../makeflow/work-queue.ts';
import type { Plan } from '../../workflow/plan.ts';
import { FRAMEWORK_URL_FILE } from '../store/local-files.ts';
import type { LocalContainers } from './containers.ts';
import { NO_FREE_PORT, type OpeningPort } from './manager-port.ts';
import type { LocalOffer } from './offer.ts';

/** The resources that this machine offers to steps. */
export interface LocalResources extends Omit<LocalOffer, 'disk'> {
  /** The containers of workers; default: plain processes. */
  containers?: LocalContainers;
  least?: LeastWorker;
}

/** Everything between makeflow and a worker, on this machine and for one run. */
export interface LocalCluster {
  /** How makeflow is started so that its tasks run here. */
  batch: WorkQueueBatch;
  /** The address of its framework, `http://127.0.0.1:PORT`, as soon as it has started. */
  frameworks: readonly string[];
  /** Why other machines can connect to makeflow, so that only its password protects it; undefined: they cannot. */
  exposed: string | undefined;
  /** Aborted, with the reason, when a part of it has ended by itself. */
  failed: AbortSignal;
  /** Ends all parts, workers first. May be called again. */
  stop(): Promise<void>;
}

/** Memory and disk of the smallest worker, MB. */
export type LeastWorker = Pick<LocalOffer, 'memory' | 'disk'>;

/**
 * The smallest worker of a run. A worker starts only if its disk is free. So it asks for no more disk than the steps need, and a
 * run can continue on a nearly full disk.
 */
export function leastWorker({ stages }: Plan): LeastWorker {
  const { memory, disk } = defaultPool(WORK_QUEUE_WORKER).shape;
  return { memory, disk: Math.min(disk, ...stages.map(({ resources }) => resources.disk)) };
}

/** The password of the workers; only their user can read it. */
const PASSWORD_FILE = 'password';

/**
 * Prepares a place for makeflow on this machine, and starts the embedded Mesos master and the framework; logs and sandboxes are below
 * `dir`. The cluster serves one project.
 * @param place for makeflow; the cluster closes it
 * @returns when makeflow can start, which takes a moment: the framework starts meanwhile
 */
export async function startLocalCluster(
  dir: string,
  project: string,
  resources: LocalResources,
  place: OpeningPort,
): Promise<LocalCluster> {
  mkdirSync(dir, { recursive: true });
  // Only the owner may read it: sandboxes and logs contain the inputs and outputs of steps.
  chmodSync(dir, 0o700);
  const passwordFile = join(dir, PASSWORD_FILE);
  const urlFile = join(dir, FRAMEWORK_URL_FILE);
  const password = writePassword(passwordFile);
  const { port, enter, exposed, lost, close } = await place.opened;
  const ends: (() => Promise<void>)[] = [close];
  const fatal = new AbortController();
  const frameworks: string[] = [];
  const start = async (): Promise<void> => {
    // First the caller starts makeflow, which takes as long as all that follows.
    await nextTurn();
    const { startFramework } = await import('./framework.ts');
    const onFatal = (why: string) => fatal.abort(`the framework cannot go on: ${why}`);
    const options = { ...resources, dir, project, port, passwordFile, password, onFatal };
    const url = `http://${await startFramework(options, (end) => ends.push(end))}`;
    writeFileSync(urlFile, `${url}\n`, { mode: 0o600 });
    frameworks.push(url);
  };
  const started = start().catch(({ code, message }: NodeJS.ErrnoException) => {
    fatal.abort(`the framework cannot be started: ${code === 'EADDRINUSE' ? NO_FREE_PORT : message}`);
  });
  const stop = async (): Promise<void> => {
    await started;
    for (const file of [urlFile, passwordFile]) removeIfPossible(file);
    for (const end of ends.reverse()) await end();
  };
  let stopped: Promise<void> | undefined;
  return {
    batch: { type: 'wq', catalog: NO_CATALOG, project, passwordFile, port, enter },
    frameworks,
    exposed,
    failed: AbortSignal.any([lost, fatal.signal]),
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

/** Errors are ignored, because the run must end even when its directory is not writable any more. */
function removeIfPossible(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // it does not exist, or cannot be removed
  }
}

/** A new one for each start, so that workers of an earlier start cannot join. */
function writePassword(file: string): Buffer {
  const password = randomBytes(32).toString('hex');
  rmSync(file, { force: true });
  writeFileSync(file, password, { mode: 0o600, flag: 'wx' });
  return Buffer.from(password);
}
