import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inheritedLock } from '../store/lock.ts';
import { RunDir } from '../store/store.ts';
import { BACKGROUND } from './background-command.ts';
import { type PreparedRun, reopenRun } from './prepare.ts';

/** In the run's directory: what the process in the background says. */
const OUTPUT = 'relval.log';
/** In that process, the run's lock. */
const LOCK_FD = 3;
const LOOK_MS = 50;

/** How a run in the background came up. */
export type BackgroundStart =
  | { pid: number; page: string | undefined }
  /** It ended before its steps could run; `said` is all that it printed. */
  | { status: number; said: string };

/**
 * Hands a prepared run over, with its lock, to a process of a session of its own. Waits until the steps can run.
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

/** In that process: the run whose lock it has inherited. */
export async function takeOver(directory: string): Promise<PreparedRun> {
  const run = new RunDir(directory);
  return reopenRun(run, inheritedLock(LOCK_FD), run.readRecord());
}

/** The built command, whoever calls this: the command itself, the page's server, or a test. */
function relvalProgram(): string {
  return createRequire(import.meta.url).resolve('release-validation/dist/validation/cli/main.js');
}
