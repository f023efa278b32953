import type { TaskState, TaskStatus } from '../mesos/messages.ts';
import { isTerminal } from '../mesos/task-states.ts';

/** Milliseconds before the first repetition, and the longest pause between two repetitions. */
export interface RetryTimes {
  min: number;
  max: number;
}

/**
 * The pending updates of one task from its agent to its framework, oldest first. Only the oldest update is sent, and it is sent
 * again until it is acknowledged (slave/task_status_update_manager.cpp). Every function returns the update to send now, if any.
 * Times are milliseconds on the caller's clock.
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

  /** The last state that was sent to the framework. A reconciliation reports it. */
  get forwarded(): TaskState {
    return this.#forwarded;
  }

  /** Whether the terminal update was acknowledged, so that the task can be forgotten. */
  get finished(): boolean {
    return this.#pending.length === 0 && isTerminal(this.#latest);
  }

  /** The time of the next repetition; infinite if everything is acknowledged. */
  get dueAt(): number {
    return this.#dueAt;
  }

  add(status: TaskStatus, now: number): TaskStatus | undefined {
    this.#latest = status.state;
    this.#pending.push(status);
    return this.#pending.length === 1 ? this.#sendFirst(now) : undefined;
  }

  /** Only the acknowledgement of the last sent update counts. Another one is the second answer to a repeated update. */
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

  /** Called when the framework or the master returns: the pending update is sent at once, and the pauses start again. */
  resume(now: number): TaskStatus | undefined {
    return this.#sendFirst(now);
  }

  /** Called when the framework is gone: no more updates are sent. */
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
