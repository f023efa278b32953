import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, totalmem, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { pino } from 'pino';
import { parseVolume, readPools } from './config/pools.ts';
import { ConfigError } from './config/yaml-file.ts';
import type { Demand } from './demand/demand.ts';
import type { SourceType } from './demand/source.ts';
import { Driver } from './driver.ts';
import { ContainerError } from './local/container-cli.ts';
import { randomCredentials } from './local/credentials.ts';
import { startLocalMaster } from './local/master.ts';
import type { Logger } from './log.ts';
import { jsonCodec, protobufCodec } from './mesos/codec.ts';
import { basic, type Credentials, readCredentials } from './mesos/credentials.ts';
import { parseMaster } from './mesos/leader.ts';
import { readTls } from './mesos/tls.ts';
import type { HostPort } from './net/address.ts';
import type { Explanation } from './ops/explain.ts';
import { ADDRESS_FILE, serveOps } from './ops/server.ts';
import type { FrameworkArguments } from './options.ts';
import { defaultPool, type Pool } from './scheduler/state/pool.ts';
import { hostPort, sourcesOf } from './sources.ts';
import { JOURNAL_FILE } from './store/journal.ts';
import { temporaryDir } from './temporary-dir.ts';
import { fitForTerminals, say, sayError, sayJson } from './terminal.ts';
import { WORK_QUEUE_WORKER } from './workqueue/worker.ts';

/** Image of the predecessor's workers. */
const PREDECESSOR_IMAGE = 'alisw/slc6-builder';
/** What the embedded master keeps for the rest of the machine unless told otherwise. */
const LOCAL_MEMORY_SHARE = 0.9;
/** MB that the embedded agent offers; what is really free is checked by the workers. */
const LOCAL_DISK = 1_000_000;

/** Serves until SIGINT or SIGTERM; SIGHUP reads the pools of `--config` again. Exit status 1 when going on makes no sense. */
export async function runFramework(args: FrameworkArguments): Promise<void> {
  const log = pino(
    { level: args.logLevel, timestamp: pino.stdTimeFunctions.isoTime },
    fitForTerminals(pino.destination(2)),
  );
  // What can be wrong with the flags shows before anything is started.
  const sources = sourcesOf(args);
  const pools = poolsOf(args, sources);
  checkContainerizer(args, pools);
  const { host, port } = listenAddress(args.listen);
  const local = args.master === 'local' ? await startLocal(args, log) : undefined;
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
    // An end that nobody asked for leaves the workers to the next start.
    await driver.stop({ teardown: local !== undefined || args.dryRun || (args.teardownOnExit && status === 0) });
    await ops.close();
    rmSync(addressFile, { force: true });
    await local?.stop();
    process.exit(status);
  }
  process.once('SIGINT', () => void end(0, 'SIGINT'));
  process.once('SIGTERM', () => void end(0, 'SIGTERM'));
  if (args.config !== undefined) process.on('SIGHUP', () => reloadPools(driver, args, sources, log));
  driver.start();
}

/** Puts the pools of the configuration file into force; with an error in it, those of before stay. */
function reloadPools(driver: Driver, args: FrameworkArguments, sources: readonly SourceType[], log: Logger): void {
  try {
    const pools = poolsOf(args, sources);
    checkContainerizer(args, pools);
    driver.handle({ type: 'pools', pools });
    log.info({ config: args.config, pools: pools.map(({ name }) => name) }, 'configuration reloaded');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    log.error({ config: args.config, why: error.message }, 'configuration not reloaded, the former one stays in force');
  }
}

/** Ends the framework of a state directory. */
export async function teardown(args: FrameworkArguments): Promise<void> {
  if (args.master === 'local')
    throw new ConfigError('teardown: a local master ends with its framework; name a real one');
  const log = pino({ level: args.logLevel }, fitForTerminals(pino.destination(2)));
  if (!existsSync(join(args.stateDir, JOURNAL_FILE))) {
    throw new ConfigError(`teardown: no framework has run with the state directory ${args.stateDir}`);
  }
  const sources = sourcesOf(args);
  const pools = poolsOf(args, sources);
  const driver = makeDriver(args, sources, pools, masterOf(args, log), args.stateDir, log, (why) => {
    sayError(why);
    process.exit(1);
  });
  const id = driver.scheduler.state.frameworkId;
  driver.connection.start();
  for (let waited = 0; !driver.scheduler.state.subscribed; waited += 100) {
    if (waited >= 30_000) throw new ConfigError(`teardown: no master answers at ${args.master}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await driver.stop({ teardown: true });
  say(`framework ${id} is torn down`);
}

/** Asks the running framework of a state directory, and prints its explanations. */
export async function explainRunning(args: { project?: string; stateDir: string; json: boolean }): Promise<void> {
  let projects: Explanation[];
  let problems: string[];
  try {
    const address = readFileSync(join(args.stateDir, ADDRESS_FILE), 'utf8').trim();
    const answer = await fetch(`http://${address}/state`);
    const state = (await answer.json()) as { projects: Explanation[]; demand: Demand | null };
    projects = state.projects;
    problems = state.demand?.problems ?? [];
  } catch (error) {
    throw new ConfigError(
      `why: no framework answers for ${args.stateDir} (${(error as Error).message}). Is it running, with this --state-dir?`,
    );
  }
  const shown = projects.filter(({ project }) => args.project === undefined || project === args.project);
  if (args.json) {
    sayJson(shown);
    return;
  }
  if (shown.length === 0) say(args.project ? `no manager of project ${args.project} is known` : 'no manager is known');
  for (const { project, manager, words } of shown) say(`${project} (${manager})`, ...words.map((line) => `  ${line}`));
  // What could not be looked at may be just what is asked for.
  if (problems.length > 0) say('not looked at:', ...problems.map((line) => `  ${line}`));
}

/** A master, and what it demands of this framework. */
interface Master {
  /** As `--master` has it. */
  address: string;
  credentials: Credentials | undefined;
}

function masterOf(args: FrameworkArguments, log: Logger): Master {
  const { credentialFile, tokenFile, principal, master } = args;
  const secret = process.env.MESOS_SECRET;
  return { address: master, credentials: readCredentials({ credentialFile, tokenFile, secret, principal }, log) };
}

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
  const secure = [tlsCa, tlsCert, tlsKey].some((file) => file !== undefined);
  const tls = readTls({ caFile: tlsCa, certFile: tlsCert, keyFile: tlsKey });
  // A master takes no other principal than the authenticated one.
  const principal = credentials ? credentials.principal : args.principal;
  return new Driver({
    pools,
    info: {
      user: args.user ?? userInfo().username,
      name: args.framework_name,
      failover_timeout: args.failoverTimeout,
      // Without it the master declares tasks lost whenever their agent restarts.
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
  });
}

/** The pools of the configuration file, or the one of the flags. @throws ConfigError */
function poolsOf(args: FrameworkArguments, sources: readonly SourceType[]): Pool[] {
  const base = poolOfFlags(args);
  const kinds = sources.map(({ kind }) => kind);
  const pools = args.config === undefined ? [base] : readPools(args.config, base, kinds);
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
  for (const key of ['cores', 'memory', 'disk', 'granularity', 'max'] as const) {
    if (!Number.isInteger(args[key]) || args[key] < 1) {
      throw new ConfigError(`--${key}: expected a whole number from 1, got ${args[key]}`);
    }
  }
  return {
    ...defaultPool(WORK_QUEUE_WORKER),
    shape: { cores: args.cores, memory: args.memory, disk: args.disk },
    role: args.role === '' ? '*' : args.role,
    granularity: args.granularity,
    max: args.max,
    idleSeconds: args.idle,
    ...(image !== 'none' && image !== '' && { image }),
    volumes: args.volume.map(parseVolume),
    privileged: args.privileged,
    ...(args.user && { user: args.user }),
  };
}

/** @throws ConfigError images that nothing would run, or something to run them that is not there */
function checkContainerizer({ master, containerizer }: FrameworkArguments, pools: readonly Pool[]): void {
  const named = pools.find(({ image }) => image !== undefined);
  if (master !== 'local' && containerizer !== 'process') {
    throw new ConfigError(`--containerizer ${containerizer} goes with --master local: elsewhere Mesos' agents decide`);
  }
  if (master === 'local' && containerizer === 'process' && named) {
    throw new ConfigError(
      `pool ${named.name} has the image ${named.image}, and --master local runs plain processes: give --containerizer docker or podman`,
    );
  }
}

/** A master of our own that takes calls of this process only. @throws ConfigError */
async function startLocal(
  args: FrameworkArguments,
  log: Logger,
): Promise<Master & { dir: string; stop(): Promise<void> }> {
  if (args.credentialFile !== undefined || args.tokenFile !== undefined) {
    throw new ConfigError('--master local makes its own credentials: leave out --credential-file and --token-file');
  }
  const dir = await temporaryDir();
  const memory = args.localMemory ?? Math.floor((totalmem() / 2 ** 20) * LOCAL_MEMORY_SHARE);
  const containerizer = args.containerizer === 'process' ? undefined : args.containerizer;
  const agents = [{ cpus: args.localCpus ?? availableParallelism(), memory, disk: LOCAL_DISK, containerizer }];
  const credentials = randomCredentials();
  const workDir = join(dir, 'agents');
  mkdirSync(workDir, { mode: 0o700 });
  const master = await startLocalMaster({ workDir, agents, log, credentials }).catch((error: Error) => {
    if (!(error instanceof ContainerError)) throw error;
    throw new ConfigError(`--containerizer ${args.containerizer}: ${error.message}`);
  });
  const { principal, secret } = credentials;
  return { address: master.address, credentials: basic(principal, secret), dir, stop: () => master.stop() };
}

/** Unlike where others listen, port 0 means something here. @throws ConfigError */
function listenAddress(text: string): HostPort {
  const anyPort = /^(.+:)0$/.exec(text);
  return anyPort ? { ...hostPort('listen', `${anyPort[1]}1`), port: 0 } : hostPort('listen', text);
}
