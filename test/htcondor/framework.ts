import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFailed, onTestFinished } from 'vitest';
import { parsePools } from '../../framework/config/pools.ts';
import { parseSources } from '../../framework/config/sources.ts';
import type { SourceType } from '../../framework/demand/source.ts';
import { Driver } from '../../framework/driver.ts';
import { htcondor } from '../../framework/htcondor/watcher.ts';
import { type LocalMaster, startLocalMaster } from '../../framework/local/master.ts';
import { parseMaster } from '../../framework/mesos/leader.ts';
import { explain } from '../../framework/ops/explain.ts';
import { defaultPool } from '../../framework/scheduler/state/pool.ts';
import type { HTCondorPool } from './pool.mjs';
import { until } from './pool.mjs';

/** A directory that other users may pass through; removed when the test is over. */
export function openDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'htcondor-test-'));
  chmodSync(dir, 0o711);
  onTestFinished(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  return dir;
}

/** Tokens of the workers: one that may advertise, or one of each owner of jobs. @returns `passwordFile` of a pool */
export async function workerTokens(pool: HTCondorPool, kind: 'owners' | 'pool'): Promise<string> {
  const dir = join(pool.dir, `worker-tokens-${kind}`);
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  if (kind === 'pool') return pool.token('startd@pool.test', join(dir, 'token'), 'worker');
  for (const user of ['alice', 'bob', 'worker'])
    await pool.token(`${user}@pool.test`, join(dir, `${user}@pool.test`), 'worker');
  return join(dir, '{user}');
}

export interface Settings {
  /** Lines of `pools`, each a pool in YAML's flow style without braces; default: one for everybody. */
  pools?: string[];
  /** Lines of the section `htcondor` beside `collector`. */
  htcondor?: string[];
  passwordFile: string;
  cores?: number;
  gpus?: number;
  sources?: SourceType[];
  /** Where the journal lives, for a framework that comes back. */
  stateDir?: string;
  master?: LocalMaster;
}

/** A framework in this process on an embedded master, whose workers are processes of the user `worker`. */
export async function startFramework(pool: HTCondorPool, settings: Settings) {
  const { passwordFile, cores = 4, gpus = 0, sources: others = [] } = settings;
  const dir = openDir();
  const lines: { fields: Record<string, unknown>; message: string }[] = [];
  const note = (fields: object, message: string): void => void lines.push({ fields: { ...fields }, message });
  const log = { debug: () => undefined, info: note, warn: note, error: note };
  const master = settings.master ?? (await startMaster(dir, { cores, gpus }, log));
  const common = `source: htcondor, user: worker, memory: 256, disk: 256, passwordFile: '${passwordFile}', environment: { _CONDOR_NETWORK_INTERFACE: 127.0.0.1 }`;
  const pools = settings.pools ?? ['name: condor, idleSeconds: 2'];
  const text = [
    'htcondor:',
    `  - collector: ${pool.collector}`,
    ...(settings.htcondor ?? []).map((line) => `    ${line}`),
    'pools:',
    ...pools.map((line) => `  - { ${line.includes('source:') ? line : `${line}, ${common}`} }`),
  ].join('\n');
  const file = join(dir, 'framework.yaml');
  writeFileSync(file, text);
  const sources = [...others, htcondor(parseSources(text, file).htcondor)];
  const kinds = sources.map(({ kind }) => kind);
  const [first] = kinds;
  if (!first) throw new Error('there is a source');
  const driver = new Driver({
    pools: parsePools(text, file, defaultPool(first), kinds),
    info: { user: 'root', name: 'tests of HTCondor', failover_timeout: 3600, checkpoint: true },
    connection: { locate: parseMaster(master.address, { log }) },
    sources: sources as [SourceType, ...SourceType[]],
    stateDir: settings.stateDir ?? join(dir, 'state'),
    log,
    onFatal: (why) => note({}, `fatal: ${why}`),
  });
  let stopped = false;
  const stop = async (teardown: boolean): Promise<void> => {
    if (stopped) return;
    stopped = true;
    await driver.stop({ teardown });
  };
  onTestFinished(() => stop(true));
  driver.start();
  const { scheduler } = driver;
  onTestFailed(() => {
    const tail = lines.slice(-40).map(({ message, fields }) => `${message} ${JSON.stringify(fields)}`);
    console.log(
      [...explain(scheduler.state, scheduler.blocked, Date.now()).flatMap(({ words }) => words), ...tail].join('\n'),
    );
  });
  const workers = () => [...scheduler.state.workers.values()];
  return {
    dir,
    master,
    scheduler,
    lines,
    stop,
    workers,
    busy: (project: string) => workers().filter((one) => one.project === project && one.tasksRunning > 0).length,
    project: (name: string) => scheduler.state.demand?.projects.find((one) => one.name === name),
    why: (project: string) =>
      explain(scheduler.state, scheduler.blocked, Date.now()).find((one) => one.project === project),
    noWorkers: () => until('the end of all workers', () => scheduler.state.workers.size === 0),
  };
}

async function startMaster(
  dir: string,
  { cores, gpus }: { cores: number; gpus: number },
  log: Parameters<typeof startLocalMaster>[0]['log'],
) {
  const agents = [{ cpus: cores, memory: cores * 512, disk: 100_000, ...(gpus > 0 && { gpus }) }];
  const workDir = join(dir, 'agent');
  // The agent would keep other users out of the directory of its sandboxes, and its tasks are another user's.
  mkdirSync(join(workDir, 'S0'), { recursive: true, mode: 0o711 });
  const master = await startLocalMaster({ workDir, agents, log, credentials: undefined });
  onTestFinished(() => master.stop());
  return master;
}
