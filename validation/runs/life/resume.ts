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

/** s. The makeflow of a run that was killed sees its end within 5 s, and must not be there twice. */
const PATIENCE_S = 15;

/**
 * Takes up a run that was interrupted or is broken, up to the moment at which its steps can run.
 * @param warn gets what is dangerous and not refused
 * @throws InputError it cannot be resumed, or not here or now
 */
export async function resumeRun(run: RunDir, warn: (message: string) => void): Promise<PreparedRun> {
  checkResumable(run.readRecord());
  const lock = lockToResume(run);
  try {
    const record = run.readRecord();
    checkResumable(record);
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
function checkResumable(record: RunRecord): void {
  const status = statusOf(record);
  if (status === 'interrupted' || status === 'broken') return;
  throw new InputError([{ message: `${record.id} is ${status}: only interrupted and broken runs are resumed` }]);
}

/** @throws InputError it was moved or copied: its steps would store what they make in the old place */
function checkPlace(run: RunDir, { id, directory }: RunRecord): void {
  if (directory === undefined || isSame(directory, run.path)) return;
  const message = `${id} was begun in ${directory}, and its steps store what they make below that`;
  const advice = existsSync(directory)
    ? `${run.path} is a copy: resume the other one`
    : `move it back, or keep it where it is and let the old name lead there\n  ln -s ${quote(run.path)} ${quote(directory)}`;
  throw new InputError([{ message: `${message}\n${advice}` }]);
}

/** Whether two paths, which may be links, lead to the same directory. */
function isSame(path: string, other: string): boolean {
  const [one, two] = [path, other].map((name) => statSync(name, { throwIfNoEntry: false }));
  return one !== undefined && one.ino === two?.ino && one.dev === two.dev;
}

/** @throws InputError somebody else carries it */
function lockToResume(run: RunDir): RunLock {
  const lock = lockRun(run.path) ?? (isAlive(run.readRecord().process) ? undefined : lockRun(run.path, PATIENCE_S));
  if (lock) return lock;
  const { id, process: carrier } = run.readRecord();
  const by = isAlive(carrier) ? `process ${carrier.pid} on ${carrier.host} carries it` : 'its makeflow still runs';
  throw new InputError([{ message: `${id} cannot be resumed: ${by}` }]);
}
