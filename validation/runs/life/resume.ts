import { existsSync, statSync } from 'node:fs';
import { InputError } from '../../input/input-error.ts';
import { quote } from '../../step/shell-words.ts';
import { readSecrets } from '../inputs/secrets.ts';
import { lockRun, type RunLock } from '../store/lock.ts';
import { isAlive, type RunRecord, statusOf } from '../store/record.ts';
import { lackOfSpace } from '../store/space.ts';
import type { RunDir } from '../store/store.ts';
import { provideContainers } from './containers.ts';
import { passwordOf } from './password.ts';
import { type PreparedRun, reopenRun } from './prepare.ts';

/** s. The makeflow of a killed run notices its end within 5 s. There must not be two of them. */
const PATIENCE_S = 15;

/**
 * Prepares a run that was interrupted or is broken, until its steps can run.
 * @param warn gets warnings about accepted dangers
 * @throws InputError when it cannot be resumed, here or now
 */
export async function resumeRun(run: RunDir, warn: (message: string) => void): Promise<PreparedRun> {
  checkResumable(run, run.readRecord());
  const lock = lockToResume(run);
  try {
    const record = run.readRecord();
    checkResumable(run, record);
    checkPlace(run, record);
    const full = lackOfSpace(run.path);
    if (full) throw new InputError([{ message: full.message }]);
    readSecrets(record.request.secrets ?? []);
    passwordOf(record.request, false, warn);
    const { verdict: _verdict, reason: _reason, ended: _ended, ...rest } = record;
    const prepared = await reopenRun(run, lock, { ...rest, state: 'preparing' }, async (containers) => {
      const obstacle = containers && (await provideContainers(containers));
      if (obstacle !== undefined) throw new InputError([{ message: obstacle }]);
    });
    prepared.journal.add({ type: 'resumed', pid: process.pid });
    return prepared;
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** @throws InputError */
function checkResumable(run: RunDir, record: RunRecord): void {
  const status = statusOf(record, run.path);
  if (status === 'interrupted' || status === 'broken') return;
  throw new InputError([{ message: `${record.id} is ${status}: only interrupted and broken runs can be resumed` }]);
}

/** @throws InputError when the directory was moved or copied: its steps would store their outputs in the old place */
function checkPlace(run: RunDir, { id, directory }: RunRecord): void {
  if (directory === undefined || isSame(directory, run.path)) return;
  const message = `${id} was started in ${directory}, and its steps store their outputs there`;
  const advice = existsSync(directory)
    ? `${run.path} is a copy: resume the original run`
    : `move it back, or make a link from the old path to the new one:\n  ln -s ${quote(run.path)} ${quote(directory)}`;
  throw new InputError([{ message: `${message}\n${advice}` }]);
}

/** Whether two paths, which may be links, lead to the same directory. */
function isSame(path: string, other: string): boolean {
  const [one, two] = [path, other].map((name) => statSync(name, { throwIfNoEntry: false }));
  return one !== undefined && one.ino === two?.ino && one.dev === two.dev;
}

/** @throws InputError if another process is executing it */
function lockToResume(run: RunDir): RunLock {
  const lock =
    lockRun(run.path) ?? (isAlive(run.readRecord().process, run.path) ? undefined : lockRun(run.path, PATIENCE_S));
  if (lock) return lock;
  const { id, process: carrier } = run.readRecord();
  const by = isAlive(carrier, run.path)
    ? `process ${carrier.pid} on ${carrier.host} executes it`
    : 'its makeflow still runs';
  throw new InputError([{ message: `${id} cannot be resumed: ${by}` }]);
}
