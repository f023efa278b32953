import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MakeflowError } from './write.ts';

export interface MakeflowRun {
  /** Where the Makeflow file is; makeflow's working directory. */
  directory: string;
  /** `Makeflow.<phase>` */
  file: string;
  /** How often makeflow tries a failed rule again; always passed on, because its own default is 5. */
  retries: number;
  /** On this machine by makeflow itself, or by Work Queue. */
  batch: { type: 'local' } | WorkQueueBatch;
  /** SIGTERM for makeflow when this process dies, however it dies. @default false: it runs on */
  dieWithParent?: boolean;
  /** Added to this process's environment. Of all this only LOGS_VARIABLE reaches steps on workers. */
  env?: NodeJS.ProcessEnv;
  /** An open file of ours that makeflow keeps open as well: a lock on it is held as long as either of us lives. */
  keepOpen?: number | undefined;
}

/** Nothing listens there, and only root could. */
export const NO_CATALOG = '127.0.0.1:1';

export interface WorkQueueBatch {
  type: 'wq';
  /** `host:port`; without one makeflow would contact its makers' catalog. `NO_CATALOG`: none is told. */
  catalog: string;
  /** Name under which the catalog lists this manager. */
  project: string;
  /** Whose whole content, line feeds included, workers must know. */
  passwordFile?: string | undefined;
  /** Where it listens for workers; default: on a free port. */
  port?: number;
  /** The words before its command line that start it elsewhere, such as in a network namespace. They keep its pid. */
  enter?: readonly string[];
}

/** makeflow as a child in a session of its own. */
export interface RunningMakeflow {
  pid: number;
  /** Where workers connect. @throws {MakeflowError} makeflow ended before it listened */
  port: () => Promise<number>;
  /** Its status says nothing about success (0 also when rules failed): read the transaction log. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Ends it in order: jobs are cancelled, workers released, within 5 s. */
  interrupt: () => void;
  /** Ends it and what it runs at once. */
  kill: () => void;
}

/** Files that makeflow leaves beside a Makeflow file, appended to across resumes. */
export function makeflowFiles(
  directory: string,
  file: string,
): {
  transactions: string;
  workQueueLog: string;
  workQueueTransactions: string;
  stdout: string;
  stderr: string;
  port: string;
  /** A directory, while makeflow runs. */
  openMpi: string;
} {
  const path = join(directory, file);
  return {
    transactions: `${path}.makeflowlog`,
    workQueueLog: `${path}.wqlog`,
    workQueueTransactions: `${path}.wqlog.tr`,
    stdout: `${path}.stdout`,
    stderr: `${path}.stderr`,
    port: `${path}.port`,
    openMpi: `${path}.openmpi`,
  };
}

/**
 * The environment for Debian 12's makeflow, which is linked with Open MPI and has no use for it here. Isolated it starts no
 * daemon and wants no ssh. With no other than its own messages it opens no port on all interfaces. Open MPI makes a
 * directory and never removes it; in /tmp it has a name that another user may have taken, and then makeflow does not start.
 */
const openMpi = (directory: string) => ({
  OMPI_MCA_ess_singleton_isolated: '1',
  OMPI_MCA_btl: 'self',
  OMPI_MCA_orte_tmpdir_base: directory,
});

const MISSING = 'makeflow cannot be started: install coop-computing-tools and openmpi-bin';

/**
 * Starts makeflow on a file that writeMakeflow wrote, or resumes it. Its output goes to files, so that it needs nobody to
 * read it.
 * @throws {MakeflowError} it is not installed
 */
export async function startMakeflow(run: MakeflowRun): Promise<RunningMakeflow> {
  const { directory, file } = run;
  const files = makeflowFiles(directory, file);
  await rm(files.port, { force: true });
  removeDirectory(files.openMpi);
  mkdirSync(files.openMpi);
  const [command = '', ...args] = [
    ...(run.batch.type === 'wq' ? (run.batch.enter ?? []) : []),
    // Behind what enters a namespace: the kernel forgets the signal of a process that becomes somebody else.
    ...(run.dieWithParent ? ['setpriv', '--pdeathsig', 'TERM', '--'] : []),
    ...['makeflow', '-r', String(run.retries), ...batchArguments(run.batch, files.port), file],
  ];
  const stdout = openSync(files.stdout, 'a', 0o600);
  const stderr = openSync(files.stderr, 'a', 0o600);
  const child = spawn(command, args, {
    cwd: directory,
    env: { ...process.env, ...openMpi(files.openMpi), ...run.env },
    detached: true,
    stdio: ['ignore', stdout, stderr, ...(run.keepOpen === undefined ? [] : [run.keepOpen])],
  });
  closeSync(stdout);
  closeSync(stderr);
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => {
      removeDirectory(files.openMpi);
      resolve({ code, signal });
    });
  });
  await once(child, 'spawn').catch((error: Error) => {
    throw new MakeflowError(`${MISSING} (${error.message})`);
  });
  const pid = child.pid as number;
  return {
    pid,
    exited,
    port: () => readPort(files.port, files.stderr, exited),
    interrupt: () => signal(pid, 'SIGINT'),
    kill: () => signal(-pid, 'SIGKILL'),
  };
}

/** It is empty, and a run whose directory cannot be written to any more must end all the same. */
function removeDirectory(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // it stays
  }
}

function batchArguments(batch: MakeflowRun['batch'], portFile: string): string[] {
  if (batch.type === 'local') return ['-T', 'local'];
  const password = batch.passwordFile === undefined ? [] : ['--password', batch.passwordFile];
  // -Z asks for a free port, unless -p comes after it.
  const port = batch.port === undefined ? [] : ['-p', String(batch.port)];
  return ['-T', 'wq', '-N', batch.project, '-C', batch.catalog, '-Z', portFile, ...port, ...password];
}

async function readPort(portFile: string, stderr: string, exited: Promise<unknown>): Promise<number> {
  let ended = false;
  void exited.then(() => {
    ended = true;
  });
  for (;;) {
    const port = Number.parseInt(await readFile(portFile, 'latin1').catch(() => ''), 10);
    if (port > 0) return port;
    if (ended) {
      const said = (await readFile(stderr, 'utf8')).trim().split('\n').at(-1);
      throw new MakeflowError(`makeflow ended before it listened for workers: ${said}`);
    }
    await sleep(20);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
