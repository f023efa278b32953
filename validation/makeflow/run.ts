import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openMpi } from '../../framework/tools/open-mpi.ts';
import { type Batch, batchSystem } from './batch.ts';
import { FOUND_NO_PORT, foundNoPort } from './free-port.ts';
import { MakeflowError } from './write.ts';

/** How often makeflow is started, in all, while it finds no free port. */
const PORT_TRIES = 5;
/** The pause before the next start in ms is at most this number times the starts before. It is random: two runs shall not meet again. */
const PORT_PAUSE_MS = 200;

export interface MakeflowRun {
  /** The directory of the Makeflow file; makeflow's working directory. */
  directory: string;
  /** `Makeflow.<phase>` */
  file: string;
  /** How many times makeflow repeats a failed rule. It is always passed, because makeflow's own default is 5. */
  retries: number;
  /** What runs the rules. */
  batch: Batch;
  /** Whether makeflow gets SIGTERM when this process ends in any way. @default false: it continues */
  dieWithParent?: boolean;
  /** Added to this process's environment. Steps on workers get only LOGS_VARIABLE of all this. */
  env?: NodeJS.ProcessEnv;
  /** An open file that makeflow keeps open as well: a lock on it lasts while one of the two processes lives. */
  keepOpen?: number | undefined;
}

interface MakeflowExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** Makeflow as a child process in its own session. */
export interface RunningMakeflow {
  /** Another one after it was started again. */
  readonly pid: number;
  /** Where workers connect. @throws {MakeflowError} makeflow ended before it listened */
  port: () => Promise<number>;
  /** Its exit status does not say whether it succeeded (it is also 0 when rules failed): read the transaction log. */
  exited: Promise<MakeflowExit>;
  /** Ends it properly: it cancels its jobs and releases its workers, within 5 s. */
  interrupt: () => void;
  /** Kills it and what it runs at once. */
  kill: () => void;
}

/** Files that makeflow writes beside a Makeflow file, and appends to when it is resumed. */
export function makeflowFiles(
  directory: string,
  file: string,
): {
  transactions: string;
  workQueueLog: string;
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
    stdout: `${path}.stdout`,
    stderr: `${path}.stderr`,
    port: `${path}.port`,
    openMpi: `${path}.openmpi`,
  };
}

const MISSING = 'makeflow cannot be started. Install the package coop-computing-tools';

/**
 * Starts makeflow on a file from writeMakeflow, or resumes it. Its output goes to files, so that nobody needs to
 * read it. A makeflow that finds no free port is started again, a few times.
 * @throws {MakeflowError} when it is not installed
 */
export async function startMakeflow(run: MakeflowRun): Promise<RunningMakeflow> {
  const files = makeflowFiles(run.directory, run.file);
  let current = await spawnMakeflow(run);
  let isWanted = true;
  const toItsEnd = async (): Promise<MakeflowExit> => {
    for (let starts = 1; ; starts += 1) {
      const end = await current.exited;
      if (!isWanted || starts === PORT_TRIES || end.code !== 1 || !foundNoPort(files.stderr)) return end;
      await sleep(Math.random() * PORT_PAUSE_MS * starts);
      if (!isWanted) return end;
      current = await spawnMakeflow(run);
      if (!isWanted) signal(current.pid, 'SIGINT');
    }
  };
  const exited = toItsEnd();
  const end = (name: NodeJS.Signals, group: 1 | -1): void => {
    isWanted = false;
    signal(group * current.pid, name);
  };
  return {
    get pid() {
      return current.pid;
    },
    exited,
    port: () => readPort(files.port, files.stderr, exited),
    interrupt: () => end('SIGINT', 1),
    kill: () => end('SIGKILL', -1),
  };
}

/** One process of makeflow. */
interface MakeflowProcess {
  pid: number;
  exited: Promise<MakeflowExit>;
}

async function spawnMakeflow(run: MakeflowRun): Promise<MakeflowProcess> {
  const { directory, file } = run;
  const batch = batchSystem(run.batch);
  const files = makeflowFiles(directory, file);
  rmSync(files.port, { force: true });
  removeDirectory(files.openMpi);
  mkdirSync(files.openMpi);
  const [command = '', ...args] = [
    ...batch.enter,
    // After entering the namespace: the kernel drops the death signal of a process that changes its user.
    ...(run.dieWithParent ? ['setpriv', '--pdeathsig', 'TERM', '--'] : []),
    ...['makeflow', '-r', String(run.retries), ...batch.arguments(join(directory, file)), file],
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
  const exited = new Promise<MakeflowExit>((resolve) => {
    child.once('exit', (code, signal) => {
      removeDirectory(files.openMpi);
      resolve({ code, signal });
    });
  });
  await once(child, 'spawn').catch((error: Error) => {
    throw new MakeflowError(`${MISSING} (${error.message})`);
  });
  return { pid: child.pid as number, exited };
}

/** It is empty, and a run whose directory cannot be written to any more must end all the same. */
function removeDirectory(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // it stays
  }
}

async function readPort(portFile: string, stderr: string, exited: Promise<unknown>): Promise<number> {
  let ended = false;
  const note = (): void => {
    ended = true;
  };
  exited.then(note, note);
  for (;;) {
    const port = Number.parseInt(await readFile(portFile, 'latin1').catch(() => ''), 10);
    if (port > 0) return port;
    if (ended) {
      const said = foundNoPort(stderr) ? FOUND_NO_PORT : (await readFile(stderr, 'utf8')).trim().split('\n').at(-1);
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
