import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError } from '../../input/input-error.ts';
import { isAlive, isHere, type RunRecord, type RunStatus, statusOf } from '../store/record.ts';
import { askToStop } from '../store/stop-request.ts';
import type { RunDir } from '../store/store.ts';

/** s. A run that is stopped cancels its jobs and judges the steps that have ended. */
const PATIENCE_S = 60;
const LOOK_MS = 100;

/**
 * Asks a run to stop, and waits until it has stopped.
 * @param told called when the run has got the request
 * @returns how it ended
 * @throws InputError when it does not run, cannot be reached, or does not stop in time
 */
export async function stopRun(run: RunDir, told: () => void = () => {}): Promise<RunStatus> {
  const record = run.readRecord();
  const { id } = record;
  if (record.state === 'ended' || !isAlive(record.process, run.path))
    throw new InputError([{ message: `${id} does not run: it is ${statusOf(record, run.path)}` }]);
  const here = isHere(record.process);
  if (here) signal(record);
  else ask(record, run);
  told();
  // Looking up a process is cheaper than asking for the lock, which starts a program.
  const pause = here ? LOOK_MS : 10 * LOOK_MS;
  for (let waited = 0; isAlive(record.process, run.path); waited += pause) {
    if (waited >= PATIENCE_S * 1000) throw new InputError([{ message: stillRuns(id) }]);
    await sleep(pause);
  }
  return statusOf(run.readRecord(), run.path);
}

function stillRuns(id: string): string {
  return `${id} has not stopped after ${PATIENCE_S} s\nTo see when it ends:\n  relval status ${id} --follow\nTo end it at once, without a report:\n  relval stop ${id}`;
}

/** @throws InputError when it cannot be reached */
function ask({ id, process: { host } }: RunRecord, run: RunDir): void {
  try {
    askToStop(run.path);
  } catch (error) {
    const message = `${id} runs on ${host} and cannot be stopped from this machine: ${(error as Error).message}`;
    throw new InputError([{ message }]);
  }
}

/** @throws InputError when it cannot be reached */
function signal({ id, process: { pid } }: RunRecord): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // The run has just ended.
    if (code === 'ESRCH') return;
    const why = code === 'EPERM' ? `only its owner ${ownerOf(pid)} can stop it` : message;
    throw new InputError([{ message: `you cannot stop ${id} (process ${pid}): ${why}` }]);
  }
}

function ownerOf(pid: number): string {
  const { stdout } = spawnSync('stat', ['-c', '%U', `/proc/${pid}`], { encoding: 'utf8' });
  return stdout?.trim() || 'another user';
}
