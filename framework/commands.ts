import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { pino } from 'pino';
import { ConfigError } from './config/config-error.ts';
import { parseVolume } from './config/volume.ts';
import type { SourceType } from './demand/source.ts';
import { Driver } from './driver.ts';
import type { Logger } from './log.ts';
import { jsonCodec, protobufCodec } from './mesos/codec.ts';
import { type Credentials, readCredentials } from './mesos/credentials.ts';
import { parseMaster } from './mesos/leader.ts';
import { readTls } from './mesos/tls.ts';
import type { HostPort } from './net/address.ts';
import { ADDRESS_FILE, serveOps } from './ops/server.ts';
import type { FrameworkArguments } from './options.ts';
import { defaultPool, type Pool } from './scheduler/state/pool.ts';
import { hostPort, sourcesOf } from './sources.ts';
import { JOURNAL_FILE } from './store/journal.ts';
import { temporaryDir } from './temporary-dir.ts';
import { fitForTerminals, say, sayError } from './terminal.ts';
import { collectGarbage } from './tools/garbage.ts';
import { WORK_QUEUE_WORKER } from './workqueue/worker.ts';

/** Image of the predecessor's workers. */
const PREDECESSOR_IMAGE = 'alisw/slc6-builder';
/** Serves until SIGINT or SIGTERM. SIGHUP reads the pools of `--config` again. Exit status 1 when the framework cannot go on. */
export async function runFramework(args: FrameworkArguments): Promise<void> {
  const log = pino(
    { level: args.logLevel, timestamp: pino.stdTimeFunctions.isoTime },
    fitForTerminals(pino.destination(2)),
  );
  // Check the flags before anything starts.
  const sources = await sourcesOf(args);
  const pools = await poolsOf(args, sources);
  checkContainerizer(args, pools);
  const { host, port } = listenAddress(args.listen);
  const local = args.master === 'local' ? await (await import('./embedded.ts')).startEmbedded(args, log) : undefined;
  const trialDir = args.dryRun ? await temporaryDir() : undefined;
  const stateDir = local?.dir ?? trialDir ?? args.stateDir;
  const master = local ?? masterOf(args, log);
  const driver = makeDriver(args, sources, pools, master, stateDir, log, (why) => void end(1, why));
  const ops = await serveOps(driver, host, port, args.allowedHost).catch((error: Error) => {
    throw new ConfigError(`--listen ${args.listen}: cannot listen there: ${error.message}`);
  });
  const addressFile = join(stateDir, ADDRESS_FILE);
  writeFileSync(addressFile, `${ops.address}\n`, { mode: 0o600 });
  log.info({ address: ops.address }, 'serving /healthz, /metrics and /state');

  let ending = false;
  async function end(status: number, why: string): Promise<void> {
    if (ending) return;
    ending = true;
    log[status === 0 ? 'info' : 'error']({ why }, 'stopping');
    // When the framework ends without a signal, the next start takes over its workers.
    await driver.stop({ teardown: local !== undefined || args.dryRun || (args.teardownOnExit && status === 0) });
    await ops.close();
    rmSync(addressFile, { force: true });
    await local?.stop();
    process.exit(status);
  }
  process.once('SIGINT', () => void end(0, 'SIGINT'));
  process.once('SIGTERM', () => void end(0, 'SIGTERM'));
  if (args.config !== undefined) process.on('SIGHUP', () => void reloadPools(driver, args, sources, log));
  driver.start();
}

/** Applies the pools of the configuration file. If the file has an error, the former pools stay. */
async function reloadPools(
  driver: Driver,
  args: FrameworkArguments,
  sources: readonly SourceType[],
  log: Logger,
): Promise<void> {
  try {
    const pools = await poolsOf(args, sources);
    checkContainerizer(args, pools);
    driver.handle({ type: 'pools', pools });
    log.info({ config: args.config, pools: pools.map(({ name }) => name) }, 'the configuration was read again');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    log.error(
      { config: args.config, why: error.message },
      'the configuration has an error: the former one stays in use',
    );
  }
}

/** Ends the framework of a state directory. */
export async function teardown(args: FrameworkArguments): Promise<void> {
  if (args.master === 'local')
    throw new ConfigError(
      'teardown: an embedded master ends together with its framework. Name a real master with --master',
    );
  const log = pino({ level: args.logLevel }, fitForTerminals(pino.destination(2)));
  if (!existsSync(join(args.stateDir, JOURNAL_FILE))) {
    throw new ConfigError(`teardown: no framework has run with the state directory ${args.stateDir}`);
  }
  const sources = await sourcesOf(args);
  const pools = await poolsOf(args, sources);
  const driver = makeDriver(args, sources, pools, masterOf(args, log), args.stateDir, log, (why) => {
    sayError(why);
    process.exit(1);
  });
  const id = driver.scheduler.state.frameworkId;
  driver.connection.start();
  for (let waited = 0; !driver.scheduler.state.subscribed; waited += 100) {
    if (waited >= 30_000) throw new ConfigError(`teardown: the master at ${args.master} does not answer`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await driver.stop({ teardown: true });
  say(`framework ${id} was torn down`);
}

/** A master, and what it requires of this framework. */
export interface Master {
  /** As written in `--master`. */
  address: string;
  credentials: Credentials | undefined;
}

function masterOf(args: FrameworkArguments, log: Logger): Master {
  const { credentialFile, tokenFile, principal, master } = args;
  const secret = process.env.MESOS_SECRET;
  return { address: master, credentials: readCredentials({ credentialFile, tokenFile, secret, principal }, log) };
}

/** @throws ConfigError */
function makeDriver(
  args: FrameworkArguments,
  sources: readonly SourceType[],
  pools: readonly Pool[],
  { address, credentials }: Master,
  stateDir: string,
  log: Logger,
  onFatal: (why: string) => void,
): Driver {
  const { tlsCa, tlsCert, tlsKey } = args;
  if (!Number.isFinite(args.failoverTimeout) || args.failoverTimeout < 0) {
    throw new ConfigError(`--failover-timeout: expected a number of seconds, got ${args.failoverTimeout}`);
  }
  const secure = [tlsCa, tlsCert, tlsKey].some((file) => file !== undefined);
  const tls = readTls({ caFile: tlsCa, certFile: tlsCert, keyFile: tlsKey });
  // A master accepts only the principal that authenticated.
  const principal = credentials ? credentials.principal : args.principal;
  return new Driver({
    pools,
    info: {
      user: args.user ?? userInfo().username,
      name: args.framework_name,
      failover_timeout: args.failoverTimeout,
      // Without checkpointing the master declares tasks lost whenever their agent restarts.
      checkpoint: true,
      ...(principal && { principal }),
    },
    connection: {
      locate: parseMaster(address, { log, secure }),
      codec: args.json ? jsonCodec : protobufCodec,
      credentials,
      tls,
    },
    sources,
    stateDir,
    log,
    dryRun: args.dryRun,
    onFatal,
    whenIdle: collectGarbage,
  });
}

/** The pools of the configuration file, or the one pool that the flags describe. @throws ConfigError */
async function poolsOf(args: FrameworkArguments, sources: readonly SourceType[]): Promise<Pool[]> {
  const base = poolOfFlags(args);
  const kinds = sources.map(({ kind }) => kind);
  const { config } = args;
  const pools = config === undefined ? [base] : (await import('./config/pools.ts')).readPools(config, base, kinds);
  return pools.map((pool) => withPassword(pool, args.password));
}

/**
 * Work Queue's workers must prove the managers' password as the framework does. They read it from the file at the same path on their
 * agent, which a container gets as a read-only volume; a pool whose agents have it elsewhere says so (`passwordFile`).
 * The password itself is never given to Mesos: a variable of the environment shows in the agent's process list
 * (`docker run -e`, `mesos-containerizer launch`), and a file in the sandbox can be read through the agent's `/files`.
 */
function withPassword(pool: Pool, file: string | undefined): Pool {
  if (file === undefined || pool.passwordFile !== undefined || pool.kind !== WORK_QUEUE_WORKER) return pool;
  const passwordFile = resolve(file);
  if (pool.image === undefined) return { ...pool, passwordFile };
  const volume = { hostPath: passwordFile, containerPath: passwordFile, mode: 'RO' } as const;
  return { ...pool, passwordFile, volumes: [...pool.volumes, volume] };
}

/** The one pool that the predecessor's flags describe. */
function poolOfFlags(args: FrameworkArguments): Pool {
  const image = args.docker ?? (args.master === 'local' ? 'none' : PREDECESSOR_IMAGE);
  for (const key of ['cores', 'memory', 'disk', 'max'] as const) {
    if (!Number.isInteger(args[key]) || args[key] < 1) {
      throw new ConfigError(`--${key}: expected a whole number from 1, got ${args[key]}`);
    }
  }
  if (!Number.isInteger(args.gpus) || args.gpus < 0) {
    throw new ConfigError(`--gpus: expected a whole number from 0, got ${args.gpus}`);
  }
  return {
    ...defaultPool(WORK_QUEUE_WORKER),
    shape: { cores: args.cores, memory: args.memory, disk: args.disk, ...(args.gpus > 0 && { gpus: args.gpus }) },
    role: args.role === '' ? '*' : args.role,
    granularity: granularityOf(args),
    max: args.max,
    idleSeconds: args.idle,
    ...(image !== 'none' && image !== '' && { image }),
    volumes: args.volume.map(parseVolume),
    privileged: args.privileged,
    ...(args.user && { user: args.user }),
  };
}

/** Processes of the embedded agent start at once, so small workers, which are given back one by one, cost nothing. @throws ConfigError */
function granularityOf({ granularity, master, containerizer }: FrameworkArguments): Pool['granularity'] {
  if (granularity === undefined) return master === 'local' && containerizer === 'process' ? 1 : 'auto';
  if (granularity === 'auto') return granularity;
  if (/^[1-9]\d*$/.test(granularity)) return Number(granularity);
  throw new ConfigError(`--granularity: expected auto or a whole number from 1, got ${granularity}`);
}

/** @throws ConfigError when a pool has an image and nothing can run it, or when the containerizer is not installed */
function checkContainerizer({ master, containerizer }: FrameworkArguments, pools: readonly Pool[]): void {
  const named = pools.find(({ image }) => image !== undefined);
  if (master !== 'local' && containerizer !== 'process') {
    throw new ConfigError(
      `--containerizer ${containerizer} works only with --master local: on a cluster the Mesos agents decide`,
    );
  }
  if (master === 'local' && containerizer === 'process' && named) {
    throw new ConfigError(
      `pool ${named.name} has the image ${named.image}, but --master local runs plain processes. Add --containerizer docker or --containerizer podman`,
    );
  }
}

/** Here port 0 is allowed: the system chooses a free port. @throws ConfigError */
function listenAddress(text: string): HostPort {
  const anyPort = /^(.+:)0$/.exec(text);
  return anyPort ? { ...hostPort('listen', `${anyPort[1]}1`), port: 0 } : hostPort('listen', text);
}
