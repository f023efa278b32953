import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError } from '../../input/input-error.ts';
import { isAlive, type RunRecord, type RunStatus, statusOf, thisProcess } from '../store/record.ts';
import type { RunDir } from '../store/store.ts';

/** s. A run that is stopped cancels its jobs and judges what there is. */
const PATIENCE_S = 60;
const LOOK_MS = 100;

/**
 * Tells a run to stop, and waits until it has.
 * @param told called once the run has been told
 * @returns how it ended
 * @throws InputError it does not run, or is out of reach, or does not stop in time
 */
export async function stopRun(run: RunDir, told: () => void = () => {}): Promise<RunStatus> {
  const record = run.readRecord();
  const { id } = record;
  if (record.state === 'ended' || !isAlive(record.process))
    throw new InputError([{ message: `${id} does not run: it is ${statusOf(record)}` }]);
  signal(record, run);
  told();
  for (let waited = 0; isAlive(record.process); waited += LOOK_MS) {
    if (waited >= PATIENCE_S * 1000) throw new InputError([{ message: stillRuns(id) }]);
    await sleep(LOOK_MS);
  }
  return statusOf(run.readRecord());
}

function stillRuns(id: string): string {
  return `${id} was told to stop, and still runs after ${PATIENCE_S} s\n  relval status ${id} --follow   shows when it has ended\n  relval stop ${id}   once more ends it at once, without a report`;
}

/** @throws InputError it is out of reach */
function signal({ id, process: { pid, host } }: RunRecord, run: RunDir): void {
  const { host: here } = thisProcess();
  if (host !== here) {
    const there = `ssh ${host} relval stop ${id} --runs ${dirname(run.path)}`;
    throw new InputError([{ message: `${id} runs on ${host}, not here: stop it there\n  ${there}` }]);
  }
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // It has ended by itself just now.
    if (code === 'ESRCH') return;
    const why = code === 'EPERM' ? `it belongs to ${ownerOf(pid)}, who can stop it` : message;
    throw new InputError([{ message: `${id}, process ${pid}, cannot be stopped by you: ${why}` }]);
  }
}

function ownerOf(pid: number): string {
  const { stdout } = spawnSync('stat', ['-c', '%U', `/proc/${pid}`], { encoding: 'utf8' });
  return stdout?.trim() || 'another user';
}
