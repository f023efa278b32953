import { InputError } from '../../input/input-error.ts';
import { type RunRecord, statusOf } from '../store/record.ts';

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
