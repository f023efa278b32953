import type { Call } from '../../mesos/messages.ts';
import { type Census, takeCensus } from './census.ts';
import type { Gathered } from './decision.ts';
import type { JournalRecord } from './records.ts';
import { applyRecord, type SchedulerState } from './state.ts';
import type { Worker } from './worker.ts';

/**
 * One frame: the handling of one event. It collects the decisions. The records are written to the disk before any of
 * the calls is sent.
 */
export class Frame {
  readonly state: SchedulerState;
  /** ms since 1970, by a clock that never jumps. */
  readonly now: number;
  /** ms since 1970, by the machine's clock: only for times that Mesos names. */
  readonly wall: number;
  readonly records: JournalRecord[] = [];
  readonly calls: Call[] = [];
  /** The projects with a decision, by manager: how many workers each lacked, and how many were launched. */
  readonly decided = new Map<string, { needed: number; launched: number; gathered?: Gathered }>();
  #census: Map<string, Census> | undefined;

  constructor(state: SchedulerState, now: number, wall: number) {
    this.state = state;
    this.now = now;
    this.wall = wall;
  }

  /** The workers of each pool, counted when first needed in this frame. */
  get census(): ReadonlyMap<string, Census> {
    this.#census ??= takeCensus(this.state);
    return this.#census;
  }

  /** Records a fact and applies it to the state. */
  record(record: JournalRecord): void {
    this.records.push(record);
    applyRecord(this.state, record);
  }

  call(call: Call): void {
    this.calls.push(call);
  }

  /** Takes a worker back: from now on it does not count as capacity, and its kill is repeated until Mesos reports its end. */
  takeBack(worker: Worker): void {
    if (worker.phase !== 'unreachable') worker.phase = 'leaving';
    worker.killedAt = this.now;
    this.state.dirty.add(worker.manager);
    this.kill(worker.id, worker.agentId);
  }

  /** Asks Mesos to kill a task. It names the agent, so that a master that does not know the task can still answer. */
  kill(id: string, agentId: string | undefined): void {
    this.state.counters.kills++;
    this.call({ type: 'KILL', kill: { task_id: { value: id }, ...(agentId && { agent_id: { value: agentId } }) } });
  }
}
