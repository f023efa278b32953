import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect as tcpConnect } from 'node:net';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Driver } from '../../../framework/driver.ts';
import { randomCredentials } from '../../../framework/local/credentials.ts';
import { startLocalMaster } from '../../../framework/local/master.ts';
import { basic } from '../../../framework/mesos/credentials.ts';
import { parseMaster } from '../../../framework/mesos/leader.ts';
import { ADDRESS_FILE, serveOps } from '../../../framework/ops/server.ts';
import { DEFAULT_POOL } from '../../../framework/scheduler/pool.ts';
import { FRAMEWORK_URL_FILE } from '../store/local-files.ts';
import { type Child, startChild } from './children.ts';
import { giveOutputs, type LocalContainers } from './containers.ts';
import { clearSandboxes, makeSandboxes } from './sandboxes.ts';

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
/** Looks for two free ports; one in two succeeds even where nine tenths of the ports are taken. */
const PORT_TRIES = 100;

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
  // Sandboxes and logs: what steps were given, and what they wrote.
  chmodSync(dir, 0o700);
  const log = pino(
    { timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: join(dir, 'framework.log'), sync: true, mode: 0o600 }),
  );
  const catalog = await startCatalog(dir);
  try {
    const cpus = resources.cpus ?? availableParallelism();
    const memory = resources.memory ?? Math.floor((totalmem() / 2 ** 20) * MEMORY_SHARE);
    const { containers } = resources;
    if (containers) await giveOutputs(containers);
    const credentials = randomCredentials();
    const agents = [{ cpus, memory, disk: DISK, containerizer: containers?.program }];
    const sandboxes = join(dir, 'agent');
    makeSandboxes(sandboxes);
    const clear = () => clearSandboxes(sandboxes, ({ message }) => log.warn({ error: message }, 'sandboxes stay'));
    await clear();
    const master = await startLocalMaster({ workDir: sandboxes, agents, log, credentials });
    const projects = new RegExp(`^${project.replace(/[.]/g, '\\.')}$`);
    const stateDir = join(dir, 'framework');
    const driver = new Driver({
      pools: [{ ...DEFAULT_POOL, projects, ...(containers && containerPool(containers)) }],
      info: { user: process.env.USER ?? 'relval', name: `relval ${project}`, checkpoint: true },
      connection: {
        locate: parseMaster(master.address, { log }),
        credentials: basic(credentials.principal, credentials.secret),
      },
      demand: { catalogs: [{ host: '127.0.0.1', port: catalog.port }], managers: [] },
      stateDir,
      log,
      onFatal: (why) => log.error({ why }, 'the framework cannot go on'),
    });
    const ops = await serveOps(driver, '127.0.0.1', 0);
    writeFileSync(join(stateDir, ADDRESS_FILE), `${ops.address}\n`, { mode: 0o600 });
    writeFileSync(join(dir, FRAMEWORK_URL_FILE), `http://${ops.address}\n`, { mode: 0o600 });
    driver.start();
    return {
      catalog: `127.0.0.1:${catalog.port}`,
      stop: async () => {
        for (const file of [join(stateDir, ADDRESS_FILE), join(dir, FRAMEWORK_URL_FILE)]) rmSync(file, { force: true });
        await ops.close();
        await driver.stop({ teardown: true });
        await master.stop();
        await clear();
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
  for (let tries = 0; tries < PORT_TRIES; tries++) {
    const port = await tryPort(0);
    if (port !== undefined && port < 65_535 && (await tryPort(port + 1)) !== undefined) return port;
  }
  const message = `no two free ports next to each other on 127.0.0.1 after ${PORT_TRIES} tries: this machine's ports are used up (ss -tanp shows by whom)`;
  throw Object.assign(new Error(message), { code: 'EADDRINUSE', syscall: 'listen' });
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
