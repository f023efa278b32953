import { mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
import { containerPool, giveToWorkers } from './containers.ts';
import type { LocalResources } from './local.ts';
import { clearSandboxes, makeSandboxes } from './sandboxes.ts';

/** What the framework of a run serves, and with what. */
export interface FrameworkOptions extends LocalResources {
  /** Directory of its log and of the sandboxes. */
  dir: string;
  project: string;
  /** The port of makeflow on 127.0.0.1. */
  port: number;
  passwordFile: string;
  password: Buffer;
  onFatal: (why: string) => void;
}

/** MB of disk that the agent offers. Workers check themselves how much disk is free. */
const DISK = 1_000_000;

/**
 * Starts the embedded Mesos master and the framework, on loopback and on free ports. The framework knows the port of makeflow, so it
 * needs no catalog. It keeps no journal, because the master ends with it.
 * @param onEnd gets what ends each part, as soon as the part runs: the last one is to be called first
 * @returns its address: `127.0.0.1:PORT`
 */
export async function startFramework(
  { dir, project, port, passwordFile, password, onFatal, ...resources }: FrameworkOptions,
  onEnd: (end: () => Promise<void>) => void,
): Promise<string> {
  const log = pino(
    { timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: join(dir, 'framework.log'), sync: true, mode: 0o600 }),
  );
  // If a part cannot end properly, for example because the disk is full, the other parts still end.
  const atEnd = (end: () => Promise<void>) =>
    onEnd(() =>
      end().catch(({ message }) => log.warn({ error: message }, 'a part of the cluster did not end properly')),
    );
  const { cpus, memory, gpus, containers, least } = resources;
  if (containers) await giveToWorkers(containers, passwordFile);
  const pool = defaultPool(WORK_QUEUE_WORKER);
  const credentials = randomCredentials();
  const agents = [{ cpus, memory, disk: DISK, gpus, containerizer: containers?.program }];
  const sandboxes = join(dir, 'agent');
  const clear = () => clearSandboxes(sandboxes, ({ message }) => log.warn({ error: message }, 'sandboxes stay'));
  atEnd(clear);
  if (!makeSandboxes(sandboxes)) {
    // The agent of an earlier start may have been killed before it could end its workers.
    await endProcessesIn(realpathSync(sandboxes));
    await clear();
  }
  const master = await startLocalMaster({ workDir: sandboxes, agents, log, credentials });
  atEnd(() => master.stop());
  const driver = new Driver({
    pools: [
      {
        ...pool,
        projects: new RegExp(`^${project.replace(/[.]/g, '\\.')}$`),
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
    sources: [workQueue({ catalogs: [], managers: [{ host: '127.0.0.1', port }], password })],
    log,
    onFatal: (why) => {
      log.error({ why }, 'the framework cannot go on');
      onFatal(why);
    },
  });
  atEnd(() => driver.stop({ teardown: true }));
  const ops = await serveOps(driver, '127.0.0.1', 0);
  atEnd(() => ops.close());
  // `mesos-workqueue-framework why` reads it.
  const state = join(dir, 'framework');
  mkdirSync(state, { recursive: true, mode: 0o700 });
  writeFileSync(join(state, ADDRESS_FILE), `${ops.address}\n`, { mode: 0o600 });
  atEnd(async () => rmSync(join(state, ADDRESS_FILE), { force: true }));
  driver.start();
  return ops.address;
}
