import type { TaskState, TaskStatus } from '../mesos/messages.ts';
import { isTerminal } from '../mesos/task-states.ts';

/** Milliseconds before the first repetition, and the longest pause between two. */
export interface RetryTimes {
  min: number;
  max: number;
}

/**
 * The updates of one task on their way from its agent to its framework, oldest first. Only the first is ever sent; it
 * is sent again until acknowledged, and nothing newer of the task before (slave/task_status_update_manager.cpp).
 * Every function returns the update to send now, if any. Times are milliseconds on the caller's clock.
 */
export class UpdateStream {
  readonly #retry: RetryTimes;
  #pending: TaskStatus[] = [];
  #pause: number;
  #dueAt = Number.POSITIVE_INFINITY;
  #latest: TaskState = 'TASK_STAGING';
  #forwarded: TaskState = 'TASK_STAGING';

  constructor(retry: RetryTimes) {
    this.#retry = retry;
    this.#pause = retry.min;
  }

  /** The newest state, sent or not. */
  get latest(): TaskState {
    return this.#latest;
  }

  /** The state that the framework has been sent last: what a reconciliation reports. */
  get forwarded(): TaskState {
    return this.#forwarded;
  }

  /** True when the terminal update has been acknowledged: the task may be forgotten. */
  get finished(): boolean {
    return this.#pending.length === 0 && isTerminal(this.#latest);
  }

  /** When `due` has something to send next; infinite when all is acknowledged. */
  get dueAt(): number {
    return this.#dueAt;
  }

  add(status: TaskStatus, now: number): TaskStatus | undefined {
    this.#latest = status.state;
    this.#pending.push(status);
    return this.#pending.length === 1 ? this.#sendFirst(now) : undefined;
  }

  /** An acknowledgement of anything but the update last sent is ignored: its repetition was answered twice. */
  acknowledge(uuid: Uint8Array, now: number): TaskStatus | undefined {
    if (!this.#pending[0]?.uuid?.equals(uuid)) return undefined;
    this.#pending.shift();
    return this.#sendFirst(now);
  }

  due(now: number): TaskStatus | undefined {
    const [first] = this.#pending;
    if (!first || now < this.#dueAt) return undefined;
    this.#pause = Math.min(this.#pause * 2, this.#retry.max);
    this.#dueAt = now + this.#pause;
    return first;
  }

  /** After the framework or the master came back: what is pending is sent at once, and the pauses begin anew. */
  resume(now: number): TaskStatus | undefined {
    return this.#sendFirst(now);
  }

  /** The framework is gone: nobody is told any more. */
  discard(): void {
    this.#pending = [];
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#latest = 'TASK_KILLED';
  }

  #sendFirst(now: number): TaskStatus | undefined {
    const [first] = this.#pending;
    this.#pause = this.#retry.min;
    this.#dueAt = first ? now + this.#pause : Number.POSITIVE_INFINITY;
    if (first) this.#forwarded = first.state;
    return first;
  }
}
