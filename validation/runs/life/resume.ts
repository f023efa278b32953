import { existsSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { InputError } from '../../input/input-error.ts';
import { quote } from '../../step/shell-words.ts';
import { repeatSteps } from '../execution/repeat.ts';
import { readSecrets } from '../inputs/secrets.ts';
import { readReport } from '../judging/reference.ts';
import { lockRun, type RunLock } from '../store/lock.ts';
import { isAlive, type RunRecord, statusOf } from '../store/record.ts';
import { lackOfSpace } from '../store/space.ts';
import type { RunDir } from '../store/store.ts';
import { removeUnknownAttempts } from '../store/unknown-attempts.ts';
import { provideContainers } from './containers.ts';
import { passwordOf } from './password.ts';
import { type PreparedRun, reopenRun } from './prepare.ts';

/** s. The makeflow of a killed run notices its end within 5 s. There must not be two of them. */
const PATIENCE_S = 15;
/** So many steps are named when a step is unknown. */
const MOST_NAMES = 10;

/**
 * Prepares a run that was interrupted or is broken, until its steps can run.
 * @param warn gets warnings about accepted dangers
 * @throws InputError when it cannot be resumed, here or now
 */
export async function resumeRun(run: RunDir, warn: (message: string) => void): Promise<PreparedRun> {
  return goOn(run, warn, checkResumable);
}

/** Which steps of a run are to run again: those of these names, or all that did not succeed. */
export type StepsAgain = { steps: readonly string[] } | 'failed';

/**
 * Prepares a run that has ended so that some of its steps run again, and what depends on them. Each gets a new attempt. The
 * run is judged again when they have ended.
 * @param warn gets warnings about accepted dangers
 * @throws InputError when the run goes on or is accepted, or has no such step
 */
export async function retrySteps(
  run: RunDir,
  again: StepsAgain,
  warn: (message: string) => void,
): Promise<PreparedRun> {
  checkRetriable(run, run.readRecord());
  const steps = stepsToRetry(run, again);
  return goOn(run, warn, checkRetriable, () => repeatSteps(run, steps));
}

/**
 * @param change prepares the files of the run once nothing can refuse it any more. Its record says only then that it goes on, so
 *   that after a kill `relval resume` does the same
 * @throws InputError
 */
async function goOn(
  run: RunDir,
  warn: (message: string) => void,
  check: (run: RunDir, record: RunRecord) => void,
  change: () => void = () => undefined,
): Promise<PreparedRun> {
  check(run, run.readRecord());
  const lock = lockToResume(run);
  try {
    const record = run.readRecord();
    check(run, record);
    checkPlace(run, record);
    const full = lackOfSpace(run.path);
    if (full) throw new InputError([{ message: full.message }]);
    readSecrets(record.request.secrets ?? []);
    passwordOf(record.request, false, warn);
    const { verdict: _verdict, reason: _reason, ended: _ended, timing: _timing, judged: _judged, ...rest } = record;
    const prepared = await reopenRun(run, lock, { ...rest, state: 'preparing' }, async (containers) => {
      const obstacle = containers && (await provideContainers(containers));
      if (obstacle !== undefined) throw new InputError([{ message: obstacle }]);
      change();
    });
    removeUnknownAttempts(run, prepared.journal.view);
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
  const advice = record.state === 'ended' ? '; `relval retry` runs single steps of a run again' : '';
  const message = `${record.id} is ${status}: only interrupted and broken runs can be resumed${advice}`;
  throw new InputError([{ message }]);
}

/** @throws InputError */
function checkRetriable(run: RunDir, record: RunRecord): void {
  const { id, state, accepted } = record;
  if (state !== 'ended') {
    const status = statusOf(record, run.path);
    const advice = status === 'interrupted' ? `resume it: relval resume ${id}` : 'wait until it has ended, or stop it';
    throw new InputError([{ message: `${id} is ${status}: ${advice}` }]);
  }
  if (!accepted) return;
  const message = `${id} is accepted as good by ${accepted.by}, and other runs are compared with it`;
  throw new InputError([{ message: `${message}. To run its steps again: relval accept ${id} --withdraw` }]);
}

/** @throws InputError when there is no such step, or no step that did not succeed */
function stepsToRetry(run: RunDir, again: StepsAgain): string[] {
  const { steps } = run.readView();
  if (again === 'failed') {
    // The events do not know of errors in logs, which make a step fail whose payload ended with 0.
    const judged = new Map(readReport(run)?.steps.map(({ id, state }) => [id, state]));
    const failed = [...steps.values()]
      .filter(({ id, state }) => state !== 'succeeded' || (judged.get(id) ?? state) !== 'succeeded')
      .map(({ id }) => id);
    if (failed.length > 0) return failed;
    throw new InputError([{ message: `${basename(run.path)} has no step that did not succeed` }]);
  }
  const unknown = again.steps.filter((step) => !steps.has(step));
  if (unknown.length === 0) return [...new Set(again.steps)];
  const all = [...steps.keys()];
  const known = `${all.slice(0, MOST_NAMES).join(', ')}${all.length > MOST_NAMES ? ', …' : ''}`;
  throw new InputError([
    { message: `${basename(run.path)} has no step ${unknown.join(', ')}; its steps are ${known}` },
  ]);
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
