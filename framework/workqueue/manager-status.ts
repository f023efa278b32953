import type { SeenWorker } from '../demand/demand.ts';
import type { Listing } from './listings.ts';
import type { ManagerAnswer, ManagerFailure } from './manager.ts';
import { type ManagerRecord, parseTasks, parseWorkers } from './records.ts';
import { type TaskPicture, taskPicture } from './task-needs.ts';

/**
 * What is known about one manager. All functions here are pure: they depend on the former state, the answer, and the time.
 *
 * - `new`: not asked yet
 * - `answering`: it answered the last question
 * - `silent`: it accepts connections but does not answer: it is busy, it has not ended
 * - `failing`: it cannot be reached, or drops the connection; it is asked again soon
 * - `dead`: nothing listens at its address any more
 * - `foreign`: another manager, or another program, is at its address now
 * - `duplicate`: it is a manager that is followed at another address already
 * - `locked`: it needs a password (or TLS) that we do not have
 */
export interface ManagerStatus {
  state: 'new' | 'answering' | 'silent' | 'failing' | 'dead' | 'foreign' | 'duplicate' | 'locked';
  /** When this state began, ms since 1970. */
  since: number;
  /** Why, for the operator: the sentence goes on after the name of the manager. Empty for a manager that answers. */
  reason: string;
  failure?: ManagerFailure;
  /** Failures in a row. */
  failures: number;
  /** It has asked for a password. */
  protected: boolean;
  /** Its own last record, and when that arrived, ms since 1970. */
  record?: ManagerRecord;
  asOf: number;
  /** How long its last answers to `queue_status` and `worker_status` took, ms. */
  costMs: number;
  tasks?: { picture: TaskPicture; marks: string; askedAt: number; costMs: number };
  workers?: { list: SeenWorker[]; marks: string };
}

export interface AskIntervals {
  /** Between rounds while tasks wait or workers are connected, ms. */
  busyMs: number;
  /** Between rounds while there is neither, ms. */
  idleMs: number;
  /** Between attempts at a directly named manager that does not listen yet, ms. */
  absentMs: number;
}

/** After this many failures in a row (about 3 s), a program that drops the connection or answers nonsense is no manager. */
const FOREIGN_AFTER = 5;
/** Attempts after a failure: the first after this time, then twice as long each, up to the longest; ms. */
const RETRY_MS = { first: 200, longest: 5000 };
/** A round costs the manager at most a tenth of its time, task lists another twentieth; pauses have limits, ms. */
const ROUND_SHARE = 10;
const TASK_SHARE = 20;
const LONGEST_ROUND_PAUSE_MS = 10_000;
const LONGEST_TASK_PAUSE_MS = 60_000;
/**
 * What a manager needs for an answer, measured with Debian's build and 20,000 waiting tasks: `queue_status` took
 * 66 ms (it counts all tasks), `task_status` 190 ms for 4.5 MB. The time until the answer begins is not a measure: it
 * includes other work that the manager does first.
 */
const QUEUE_STATUS_MS_PER_TASK = 0.004;
const LIST_MS_PER_BYTE = 0.00005;

/** The state before the first question. */
export function notAskedYet(now: number): ManagerStatus {
  return { state: 'new', since: now, reason: '', failures: 0, protected: false, asOf: 0, costMs: 0 };
}

/**
 * The manager answered `queue_status`. If the answer comes from another manager than the catalog's row, the port was
 * reused. A directly named address may become another manager: then everything known before is dropped.
 */
export function afterStatus(
  known: ManagerStatus,
  listing: Listing,
  record: ManagerRecord,
  { transferMs }: Pick<ManagerAnswer, 'transferMs'>,
  now: number,
): ManagerStatus {
  if (listing.row && !isSameRun(record, listing.row)) {
    return resting(known, 'foreign', `has ended: the manager of "${record.project}" has its port now`, now);
  }
  const before = known.record && isSameRun(known.record, record) ? known : notAskedYet(now);
  return {
    ...before,
    state: 'answering',
    since: before.state === 'answering' ? before.since : now,
    reason: '',
    failures: 0,
    protected: known.protected,
    record,
    asOf: now,
    costMs: transferMs + (record.tasksWaiting + record.tasksOnWorkers) * QUEUE_STATUS_MS_PER_TASK,
    ...(record.workers === 0 && { workers: { list: [], marks: record.workerMarks } }),
  };
}

/**
 * Whether to ask `task_status`: there are tasks, the counts of `queue_status` show that they changed since the
 * last time, and the list's cost allows it (see `TASK_SHARE`): for 20,000 tasks that is every 5 s. In between the known
 * needs are scaled by the waiting counts of the categories.
 */
export function tasksDue({ record, tasks }: ManagerStatus, now: number): boolean {
  if (!record || record.tasksWaiting + record.tasksOnWorkers === 0) return false;
  if (!tasks) return true;
  const pause = Math.min(tasks.costMs * TASK_SHARE, LONGEST_TASK_PAUSE_MS);
  return tasks.marks !== record.taskMarks && now >= tasks.askedAt + pause;
}

/** The manager answered `task_status`. */
export function afterTasks(
  known: ManagerStatus,
  { records, bytes, transferMs }: ManagerAnswer,
  now: number,
): ManagerStatus {
  return {
    ...known,
    tasks: {
      picture: taskPicture(parseTasks(records)),
      marks: known.record?.taskMarks ?? '',
      askedAt: now,
      costMs: transferMs + bytes * LIST_MS_PER_BYTE,
    },
  };
}

/** The list of tasks failed (too large, cut off): it is asked again much later. */
export function afterNoTasks(known: ManagerStatus, now: number): ManagerStatus {
  const picture = known.tasks?.picture ?? { waiting: [], running: [] };
  return { ...known, tasks: { picture, marks: '', askedAt: now, costMs: LONGEST_TASK_PAUSE_MS } };
}

/** Whether to ask `worker_status`: its answer would differ from the last one. */
export function workersDue({ record, workers }: ManagerStatus): boolean {
  return record !== undefined && record.workers > 0 && record.workerMarks !== workers?.marks;
}

/** The manager answered `worker_status`. */
export function afterWorkers(known: ManagerStatus, { records, bytes, transferMs }: ManagerAnswer): ManagerStatus {
  return {
    ...known,
    workers: { list: parseWorkers(records), marks: known.record?.workerMarks ?? '' },
    costMs: known.costMs + transferMs + bytes * LIST_MS_PER_BYTE,
  };
}

/** A question of `askedAt` has been open for a long time. */
export function afterSilence(known: ManagerStatus, askedAt: number): ManagerStatus {
  return known.state === 'silent' ? known : { ...known, state: 'silent', since: askedAt, reason: 'does not answer' };
}

/** A question failed. */
export function afterFailure(
  known: ManagerStatus,
  failure: ManagerFailure,
  reason: string,
  now: number,
): ManagerStatus {
  switch (failure) {
    case 'refused':
      return resting(known, 'dead', reason, now);
    case 'needs password':
    case 'wrong password':
      return { ...resting(known, 'locked', reason, now), protected: true, failure };
    case 'stopped':
      return known;
    default: {
      const failures = known.failures + 1;
      const noManager = failure === 'garbage' || failure === 'dropped';
      if (noManager && failures >= FOREIGN_AFTER) return resting(known, 'foreign', reason, now);
      const since = known.state === 'failing' || known.state === 'silent' ? known.since : now;
      return { ...known, state: 'failing', since, reason, failure, failures };
    }
  }
}

/** A state in which the manager is not asked again until its row changes. Its earlier answers no longer count. */
export function resting(
  known: ManagerStatus,
  state: 'dead' | 'foreign' | 'duplicate' | 'locked',
  reason: string,
  now: number,
): ManagerStatus {
  return { ...notAskedYet(now), state, reason, protected: known.protected };
}

/** When to ask again, ms from now. Undefined: not before the catalog's row changes. */
export function nextAsk(known: ManagerStatus, listing: Listing, intervals: AskIntervals): number | undefined {
  switch (known.state) {
    case 'new':
      return 0;
    case 'failing':
      return Math.min(RETRY_MS.first * 2 ** (known.failures - 1), RETRY_MS.longest);
    case 'answering':
    case 'silent': {
      const { record, costMs } = known;
      const busy = record !== undefined && record.tasksWaiting + record.tasksOnWorkers + record.workers > 0;
      return Math.max(
        busy ? intervals.busyMs : intervals.idleMs,
        Math.min(costMs * ROUND_SHARE, LONGEST_ROUND_PAUSE_MS),
      );
    }
    default:
      if (listing.row) return undefined;
      return known.state === 'dead' ? intervals.absentMs : RETRY_MS.longest;
  }
}

/** Whether two records are of the same run of one manager. Start times without microseconds are whole seconds. */
export function isSameRun(a: ManagerRecord, b: ManagerRecord): boolean {
  return (
    a.project === b.project &&
    a.startedAt === b.startedAt &&
    (a.startedAtMicros === undefined || b.startedAtMicros === undefined || a.startedAtMicros === b.startedAtMicros)
  );
}
