import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { addLine } from '../../history/store.ts';
import { InputError } from '../../input/input-error.ts';
import { lockRun, type RunLock } from '../store/lock.ts';
import { type RunRecord, statusOf } from '../store/record.ts';
import type { RunDir } from '../store/store.ts';

/**
 * The record of a run after a person has accepted it.
 * @param now ms since 1970
 * @throws InputError if the run is broken, interrupted, or has not ended
 */
export function accepted(record: RunRecord, by: string, note: string, now: number): RunRecord {
  const status = statusOf(record);
  if (status === 'passed' || status === 'failed') return { ...record, accepted: { time: now, by, note } };
  throw new InputError([{ message: `${record.id} is ${status}: only a run that passed or failed can be accepted` }]);
}

/** The record of a run without the acceptance. @throws InputError when it is not accepted */
export function withdrawn(record: RunRecord): RunRecord {
  const { accepted: before, ...rest } = record;
  if (!before) throw new InputError([{ message: `${record.id} is not accepted` }]);
  return rest;
}

/** Time for another process to finish its change of a record; also the process that executed a run has it a moment longer, ms. */
const PATIENCE_MS = 5000;
const AGAIN_MS = 100;

/**
 * Changes the record of a run that has ended. No other process can change it or resume the run meanwhile.
 * @throws InputError from `change`, or when another process has the run
 */
export async function changeEnded(run: RunDir, change: (record: RunRecord) => RunRecord): Promise<RunRecord> {
  // The reason why a run cannot be changed at all comes first.
  change(run.readRecord());
  const lock = await lockSoon(run.path);
  if (!lock) throw new InputError([{ message: `another process is changing the run in ${run.path}: try again` }]);
  try {
    const record = change(run.readRecord());
    write(run, record);
    await keepNight(run, record);
    return record;
  } finally {
    lock.release();
  }
}

/** @throws InputError */
function write(run: RunDir, record: RunRecord): void {
  try {
    run.writeRecord(record);
  } catch (error) {
    throw new InputError([{ message: `the record of ${record.id} cannot be written: ${(error as Error).message}` }]);
  }
}

/**
 * The history knows the change even if somebody removes the run by hand. As long as the run exists, its record decides: then it
 * does no harm if the line cannot be written now.
 */
async function keepNight({ path }: RunDir, record: RunRecord): Promise<void> {
  await addLine(dirname(path), { path, record }).catch(() => undefined);
}

/** A server goes on with other requests while this waits. */
async function lockSoon(directory: string): Promise<RunLock | undefined> {
  for (let left = PATIENCE_MS; left > 0; left -= AGAIN_MS) {
    const lock = lockRun(directory);
    if (lock) return lock;
    await sleep(AGAIN_MS);
  }
  return undefined;
}
