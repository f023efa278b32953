import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect as tcpConnect } from 'node:net';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Driver } from '../../framework/driver.ts';
import { startLocalMaster } from '../../framework/local/master.ts';
import { parseMaster } from '../../framework/mesos/leader.ts';
import { ADDRESS_FILE, serveOps } from '../../framework/ops/server.ts';
import { defaultPool } from '../../framework/scheduler/state/pool.ts';
import { workQueue } from '../../framework/workqueue/watcher.ts';
import { WORK_QUEUE_WORKER } from '../../framework/workqueue/worker.ts';
import { type Child, startChild } from './children.ts';
import { giveOutputs, type LocalContainers } from './containers.ts';
import { FRAMEWORK_URL_FILE } from './local-files.ts';

/** What is offered to steps on this machine. */
export interface LocalResources {
  /** Cores; default: this machine's. */
  cpus?: number;
  /** MB; default: nine tenths of this machine's. */
  memory?: number;
  /** What workers run in; default: plain processes. */
  containers?: LocalContainers;
}

/** Everything between makeflow and a worker, on this machine and for one run. */
export interface LocalCluster {
  /** `host:port` of the catalog server. */
  catalog: string;
  /** Ends every part of it, workers first. */
  stop(): Promise<void>;
}

/** Of this machine's memory, what steps may have. */
const MEMORY_SHARE = 0.9;
/** MB offered as disk; the workers check what is really free. */
const DISK = 1_000_000;
const CATALOG_PATIENCE_MS = 10_000;

/**
 * Starts a catalog server, the embedded Mesos master and our framework, all on loopback and on free ports; logs and
 * sandboxes go below `dir`. Serves one project only.
 */
export async function startLocalCluster(
  dir: string,
  project: string,
  resources: LocalResources,
): Promise<LocalCluster> {
  mkdirSync(dir, { recursive: true });
  const log = pino(
    { timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: join(dir, 'framework.log'), sync: true }),
  );
  const catalog = await startCatalog(dir);
  try {
    const cpus = resources.cpus ?? availableParallelism();
    const memory = resources.memory ?? Math.floor((totalmem() / 2 ** 20) * MEMORY_SHARE);
    const { containers } = resources;
    if (containers) await giveOutputs(containers);
    const agents = [{ cpus, memory, disk: DISK, containerizer: containers?.program }];
    const master = await startLocalMaster({ workDir: join(dir, 'agent'), agents, log });
    const projects = new RegExp(`^${project.replace(/[.]/g, '\\.')}$`);
    const stateDir = join(dir, 'framework');
    const driver = new Driver({
      pools: [{ ...defaultPool(WORK_QUEUE_WORKER), projects, ...(containers && containerPool(containers)) }],
      info: { user: process.env.USER ?? 'relval', name: `relval ${project}`, checkpoint: true },
      connection: { locate: parseMaster(master.address, { log }) },
      sources: [workQueue({ catalogs: [{ host: '127.0.0.1', port: catalog.port }], managers: [] })],
      stateDir,
      log,
      onFatal: (why) => log.error({ why }, 'the framework cannot go on'),
    });
    const ops = await serveOps(driver, '127.0.0.1', 0);
    writeFileSync(join(stateDir, ADDRESS_FILE), `${ops.address}\n`);
    writeFileSync(join(dir, FRAMEWORK_URL_FILE), `http://${ops.address}\n`);
    driver.start();
    return {
      catalog: `127.0.0.1:${catalog.port}`,
      stop: async () => {
        for (const file of [join(stateDir, ADDRESS_FILE), join(dir, FRAMEWORK_URL_FILE)]) rmSync(file, { force: true });
        await ops.close();
        await driver.stop({ teardown: true });
        await master.stop();
        await catalog.child.stop(2000);
      },
    };
  } catch (error) {
    await catalog.child.stop(2000);
    throw error;
  }
}

const containerPool = ({ image, volumes, outputs }: LocalContainers) => ({
  image,
  volumes: [...volumes, ...outputs.map((path) => ({ hostPath: path, containerPath: path, mode: 'RW' as const }))],
});

async function startCatalog(dir: string): Promise<{ child: Child; port: number }> {
  const port = await freePortPair();
  const args = ['-I', '127.0.0.1', '-p', String(port), '-n', 'localhost', '-H', join(dir, 'catalog.history')];
  // Without -u it would tell the public catalog of its existence; nothing listens on port 1.
  const child = await startChild('catalog_server', [...args, '-u', '127.0.0.1:1'], {
    cwd: dir,
    log: join(dir, 'catalog.log'),
  });
  for (let waited = 0; !(await answers(port)); waited += 20) {
    if (waited >= CATALOG_PATIENCE_MS) {
      await child.stop(0);
      throw new Error(`catalog_server does not answer on port ${port}; see ${join(dir, 'catalog.log')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { child, port };
}

/** A catalog server takes updates by TCP on the port after its own, so both must be free. */
async function freePortPair(): Promise<number> {
  for (;;) {
    const port = await tryPort(0);
    if (port !== undefined && port < 65_535 && (await tryPort(port + 1)) !== undefined) return port;
  }
}

function tryPort(port: number): Promise<number | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = tcpConnect(port, '127.0.0.1');
    socket.once('connect', () => socket.destroy());
    socket.once('error', () => resolve(false));
    socket.once('close', (hadError) => resolve(!hadError));
  });
}
