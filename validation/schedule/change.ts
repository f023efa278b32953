/** A change, made or planned, of a part of a nightly at its scheduler. */
export interface Change {
  what: 'created' | 'updated' | 'unchanged' | 'removed' | 'absent' | 'started';
  /** Name of the job, unit file or line. */
  name: string;
}

/** A scheduler refused or failed. The message says what, where, and the scheduler's answer. The nightly's file is not the cause. */
export class SchedulerError extends Error {
  override name = 'SchedulerError';
}
