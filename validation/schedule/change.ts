/** What became of a part of a nightly at its scheduler, or would. */
export interface Change {
  what: 'created' | 'updated' | 'unchanged' | 'removed' | 'absent' | 'started';
  /** Job, unit file or line. */
  name: string;
}

/** A scheduler did not do what it was asked to: what, where, what it said. The nightly and its file are not to blame. */
export class SchedulerError extends Error {
  override name = 'SchedulerError';
}
