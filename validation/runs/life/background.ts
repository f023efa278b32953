import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inheritedLock } from '../store/lock.ts';
import { RunDir } from '../store/store.ts';
import { BACKGROUND } from './background-command.ts';
import { type PreparedRun, reopenRun } from './prepare.ts';

/** In the run's directory: the output of the process in the background. */
const OUTPUT = 'relval.log';
/** File descriptor of the run's lock in that process. */
const LOCK_FD = 3;
const LOOK_MS = 50;

/** How the start of a run in the background ended. */
export type BackgroundStart =
  | { pid: number; page: string | undefined }
  /** The process ended before the steps could run; `said` is its whole output. */
  | { status: number; said: string };

/**
 * Hands a prepared run, with its lock, to a process in a new session. Waits until the steps can run.
 * @param flags of the command line, for that process
 */
export async function executeInBackground(
  { journal: { run }, lock }: PreparedRun,
  flags: readonly string[],
): Promise<BackgroundStart> {
  const log = join(run.path, OUTPUT);
  const output = openSync(log, 'w');
  const child = spawn(process.execPath, [...process.execArgv, relvalProgram(), BACKGROUND, run.path, ...flags], {
    detached: true,
    stdio: ['ignore', output, output, lock.fd],
  });
  closeSync(output);
  let ended: number | undefined;
  child.once('exit', (code) => {
    ended = code ?? 1;
  });
  while (ended === undefined) {
    const { process: carrier, state } = run.readRecord();
    if (carrier.pid === child.pid && state !== 'preparing') break;
    await sleep(LOOK_MS);
  }
  lock.release();
  child.unref();
  const said = readFileSync(log, 'utf8');
  if (ended !== undefined) return { status: ended, said };
  // The page is served before the steps can run.
  const [, page] = /^page: (.+)$/m.exec(said) ?? [];
  return { pid: child.pid as number, page };
}

/** Called in that process: the run whose lock it has inherited. */
export async function takeOver(directory: string): Promise<PreparedRun> {
  const run = new RunDir(directory);
  return reopenRun(run, inheritedLock(LOCK_FD), run.readRecord());
}

/** The path of the built command. It is the same for the command, the page's server and the tests. */
function relvalProgram(): string {
  return createRequire(import.meta.url).resolve('release-validation/dist/validation/cli/main.js');
}
