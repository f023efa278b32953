import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { Driver } from '../../../framework/driver.ts';
import { randomCredentials } from '../../../framework/local/credentials.ts';
import { startLocalMaster } from '../../../framework/local/master.ts';
import { endInhabitants } from '../../../framework/local/processes.ts';
import { basic } from '../../../framework/mesos/credentials.ts';
import { parseMaster } from '../../../framework/mesos/leader.ts';
import { ADDRESS_FILE, serveOps } from '../../../framework/ops/server.ts';
import { defaultPool } from '../../../framework/scheduler/state/pool.ts';
import { workQueue } from '../../../framework/workqueue/watcher.ts';
import { WORK_QUEUE_WORKER } from '../../../framework/workqueue/worker.ts';
import { NO_CATALOG, type WorkQueueBatch } from '../../makeflow/run.ts';
import { FRAMEWORK_URL_FILE } from '../store/local-files.ts';
import { containerPool, giveToWorkers, type LocalContainers } from './containers.ts';
import { openManagerPort } from './manager-port.ts';
import type { LocalOffer } from './offer.ts';
import { clearSandboxes, makeSandboxes } from './sandboxes.ts';

/** What is offered to steps on this machine. */
export interface LocalResources extends Omit<LocalOffer, 'disk'> {
  /** What workers run in; default: plain processes. */
  containers?: LocalContainers;
}

/** Everything between makeflow and a worker, on this machine and for one run. */
export interface LocalCluster {
  /** How makeflow is started so that its tasks come here. */
  batch: WorkQueueBatch;
  /** Where its framework says what it does: `http://127.0.0.1:PORT`. */
  url: string;
  /** Why other machines can connect to makeflow, and only its password keeps them out; undefined: they cannot. */
  exposed: string | undefined;
  /** Aborted, with the reason, when a part of it has ended without being told to. */
  failed: AbortSignal;
  /** Ends every part of it, workers first. */
  stop(): Promise<void>;
}

/** MB of memory and disk that a worker has at least. */
export const LEAST_WORKER: Pick<LocalOffer, 'memory' | 'disk'> = defaultPool(WORK_QUEUE_WORKER).shape;
/** MB offered as disk; the workers check what is really free. */
const DISK = 1_000_000;
/** What workers must know to be given tasks; only their user can read it. */
const PASSWORD_FILE = 'password';

/**
 * Starts the embedded Mesos master and our framework, on loopback and on free ports, and a place for makeflow beside them;
 * logs and sandboxes go below `dir`. Serves one project only. The framework knows where makeflow will listen, so that no
 * catalog is needed to find it.
 */
export async function startLocalCluster(
  dir: string,
  project: string,
  resources: LocalResources,
): Promise<LocalCluster> {
  mkdirSync(dir, { recursive: true });
  // Sandboxes and logs: what steps were given, and what they wrote.
  chmodSync(dir, 0o700);
  const log = pino(
    { timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: join(dir, 'framework.log'), sync: true, mode: 0o600 }),
  );
  const passwordFile = join(dir, PASSWORD_FILE);
  const password = writePassword(passwordFile);
  const place = await openManagerPort();
  try {
    const { cpus, memory, gpus, containers } = resources;
    if (containers) await giveToWorkers(containers, passwordFile);
    const credentials = randomCredentials();
    const agents = [{ cpus, memory, disk: DISK, gpus, containerizer: containers?.program }];
    const sandboxes = join(dir, 'agent');
    makeSandboxes(sandboxes);
    // Where the agent of before was killed, and what was to end its workers as well.
    await endInhabitants(realpathSync(sandboxes));
    const clear = () => clearSandboxes(sandboxes, ({ message }) => log.warn({ error: message }, 'sandboxes stay'));
    await clear();
    const master = await startLocalMaster({ workDir: sandboxes, agents, log, credentials });
    const projects = new RegExp(`^${project.replace(/[.]/g, '\\.')}$`);
    const stateDir = join(dir, 'framework');
    const fatal = new AbortController();
    const driver = new Driver({
      pools: [
        {
          ...defaultPool(WORK_QUEUE_WORKER),
          projects,
          // A step may have all that there is.
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
      stateDir,
      log,
      onFatal: (why) => {
        log.error({ why }, 'the framework cannot go on');
        fatal.abort(`the framework cannot go on: ${why}`);
      },
    });
    const ops = await serveOps(driver, '127.0.0.1', 0);
    writeFileSync(join(stateDir, ADDRESS_FILE), `${ops.address}\n`, { mode: 0o600 });
    writeFileSync(join(dir, FRAMEWORK_URL_FILE), `http://${ops.address}\n`, { mode: 0o600 });
    driver.start();
    return {
      batch: { type: 'wq', catalog: NO_CATALOG, project, passwordFile, port: place.port, enter: place.enter },
      url: `http://${ops.address}`,
      exposed: place.exposed,
      failed: AbortSignal.any([place.lost, fatal.signal]),
      stop: async () => {
        const files = [join(stateDir, ADDRESS_FILE), join(dir, FRAMEWORK_URL_FILE), passwordFile];
        for (const file of files) removeIfPossible(file);
        // What cannot end in order, because nothing can be written any more, keeps nothing else from its end.
        const parts = [
          () => ops.close(),
          () => driver.stop({ teardown: true }),
          () => master.stop(),
          clear,
          () => place.close(),
        ];
        for (const end of parts) {
          try {
            await end();
          } catch (error) {
            log.warn({ error: (error as Error).message }, 'a part of the cluster did not end in order');
          }
        }
      },
    };
  } catch (error) {
    rmSync(passwordFile, { force: true });
    await place.close();
    throw error;
  }
}

/** That a run ends counts for more than what it leaves: its directory may not be writable any more. */
function removeIfPossible(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // it is not there, or has to stay
  }
}

/** Another one for each start: what an earlier worker knew counts no more. */
function writePassword(file: string): Buffer {
  const password = randomBytes(32).toString('hex');
  rmSync(file, { force: true });
  writeFileSync(file, password, { mode: 0o600, flag: 'wx' });
  return Buffer.from(password);
}
