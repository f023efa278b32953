import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import { Driver } from '../../../framework/driver.ts';
import { randomCredentials } from '../../../framework/local/credentials.ts';
import { startLocalMaster } from '../../../framework/local/master.ts';
import { endProcessesIn } from '../../../framework/local/processes.ts';
import { basic } from '../../../framework/mesos/credentials.ts';
import { parseMaster } from '../../../framework/mesos/leader.ts';
import { ADDRESS_FILE, serveOps } from '../../../framework/ops/server.ts';
import { defaultPool } from '../../../framework/scheduler/state/pool.ts';
import { workQueue } from '../../../framework/workqueue/watcher.ts';
import { WORK_QUEUE_WORKER } from '../../../framework/workqueue/worker.ts';
import { NO_CATALOG, type WorkQueueBatch } from '../../makeflow/work-queue.ts';
import type { Plan } from '../../workflow/plan.ts';
import { FRAMEWORK_URL_FILE } from '../store/local-files.ts';
import { containerPool, giveToWorkers, type LocalContainers } from './containers.ts';
import type { OpeningPort } from './manager-port.ts';
import type { LocalOffer } from './offer.ts';
import { clearSandboxes, makeSandboxes } from './sandboxes.ts';

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
  /** The address of its framework: `http://127.0.0.1:PORT`. */
  url: string;
  /** Why other machines can connect to makeflow, so that only its password protects it; undefined: they cannot. */
  exposed: string | undefined;
  /** Aborted, with the reason, when a part of it has ended by itself. */
  failed: AbortSignal;
  /** Ends all parts, workers first. */
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

/** MB of disk that the agent offers. Workers check themselves how much disk is free. */
const DISK = 1_000_000;
/** The password of the workers; only their user can read it. */
const PASSWORD_FILE = 'password';

/**
 * Starts the embedded Mesos master and the framework, on loopback and on free ports, and prepares a place for makeflow;
 * logs and sandboxes are below `dir`. The cluster serves one project. The framework knows the port of makeflow, so it needs no
 * catalog.
 * @param place for makeflow; the cluster closes it
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
  const log = pino(
    { timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: join(dir, 'framework.log'), sync: true, mode: 0o600 }),
  );
  const passwordFile = join(dir, PASSWORD_FILE);
  const password = writePassword(passwordFile);
  try {
    const { cpus, memory, gpus, containers, least } = resources;
    const pool = defaultPool(WORK_QUEUE_WORKER);
    if (containers) await giveToWorkers(containers, passwordFile);
    const credentials = randomCredentials();
    const agents = [{ cpus, memory, disk: DISK, gpus, containerizer: containers?.program }];
    const sandboxes = join(dir, 'agent');
    const clear = () => clearSandboxes(sandboxes, ({ message }) => log.warn({ error: message }, 'sandboxes stay'));
    if (!makeSandboxes(sandboxes)) {
      // The agent of an earlier start may have been killed before it could end its workers.
      await endProcessesIn(realpathSync(sandboxes));
      await clear();
    }
    const master = await startLocalMaster({ workDir: sandboxes, agents, log, credentials });
    const projects = new RegExp(`^${project.replace(/[.]/g, '\\.')}$`);
    const addressFile = join(dir, 'framework', ADDRESS_FILE);
    const fatal = new AbortController();
    const driver = new Driver({
      pools: [
        {
          ...pool,
          projects,
          shape: { ...pool.shape, ...least },
          // One step may use the whole machine.
          limit: { cores: Math.ceil(cpus), memory, disk: DISK, gpus },
          passwordFile,
          ...(containers && containerPool(containers, passwordFile)),
        },
      ],
      info: { user: process.env.USER ?? 'relval', name: `relval ${project}`, checkpoint: true },
      connection: {
        locate: parseMaster(master.address, { log }),
        credentials: basic(credentials.principal, credentials.secret),
      },
      sources: [workQueue({ catalogs: [], managers: [{ host: '127.0.0.1', port: place.port }], password })],
      log,
      onFatal: (why) => {
        log.error({ why }, 'the framework cannot go on');
        fatal.abort(`the framework cannot go on: ${why}`);
      },
    });
    const ops = await serveOps(driver, '127.0.0.1', 0);
    mkdirSync(dirname(addressFile), { recursive: true, mode: 0o700 });
    writeFileSync(addressFile, `${ops.address}\n`, { mode: 0o600 });
    writeFileSync(join(dir, FRAMEWORK_URL_FILE), `http://${ops.address}\n`, { mode: 0o600 });
    const { port, enter, exposed, lost, close } = await place.opened;
    driver.start();
    return {
      batch: { type: 'wq', catalog: NO_CATALOG, project, passwordFile, port, enter },
      url: `http://${ops.address}`,
      exposed,
      failed: AbortSignal.any([lost, fatal.signal]),
      stop: async () => {
        const files = [addressFile, join(dir, FRAMEWORK_URL_FILE), passwordFile];
        for (const file of files) removeIfPossible(file);
        // If a part cannot end properly, for example because the disk is full, the other parts still end.
        const parts = [() => ops.close(), () => driver.stop({ teardown: true }), () => master.stop(), clear, close];
        for (const end of parts) {
          try {
            await end();
          } catch (error) {
            log.warn({ error: (error as Error).message }, 'a part of the cluster did not end properly');
          }
        }
      },
    };
  } catch (error) {
    rmSync(passwordFile, { force: true });
    await place.opened.then(({ close }) => close());
    throw error;
  }
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
