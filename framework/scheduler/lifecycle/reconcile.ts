import type { Frame } from '../state/frame.ts';
import type { Worker } from '../state/worker.ts';
import { endWorker } from './updates.ts';

/** If Mesos says nothing about a launch for this long, it is asked. The same holds, as often, for a task that Mesos cannot find. */
const SILENT_MS = 30_000;
/** A question without an answer is repeated, at doubling intervals up to the longest: masters do not answer about agents that have not returned yet. */
const FIRST_REPEAT_MS = 5000;
const LONGEST_REPEAT_MS = 60_000;
/** At this interval Mesos is asked for all tasks, so that no task of ours runs unknown and no update stays lost. */
export const RECONCILE_ALL_MS = 15 * 60 * 1000;
/** A task that the master does not know stops counting as capacity after this time. A new master learns of its agents' tasks only as they return, in its first minutes. */
const UNKNOWN_MS = 2 * 60 * 1000;
/**
 * For how long an unreachable task is kept. A restarted master learns of its agents' tasks only when they
 * re-register: 75 s later with fixed addresses, and it gives them at least 10 minutes (agent_reregister_timeout).
 * One that comes back later is still a task, and is adopted if it works.
 */
const LOST_FOR_GOOD_MS = 15 * 60 * 1000;

/** After SUBSCRIBED, and at intervals: asks for each known worker by name, then for everything. */
export function reconcileAll(frame: Frame): void {
  const workers = [...frame.state.workers.values()];
  for (const worker of workers) worker.reconciliations = 0;
  askFor(frame, workers);
  frame.state.reconciledAllAt = frame.now;
  frame.call({ type: 'RECONCILE', reconcile: { tasks: [] } });
}

/** On ticks: repeats questions without an answer, asks about silent launches, and gives up workers that are lost for good. */
export function reconcileOverdue(frame: Frame): void {
  const { state, now } = frame;
  if (now - state.reconciledAllAt >= RECONCILE_ALL_MS) {
    reconcileAll(frame);
    return;
  }
  const overdue: Worker[] = [];
  for (const worker of state.workers.values()) {
    if (worker.lostSince !== undefined && isGivenUp(frame, worker, worker.lostSince)) {
      endWorker(frame, worker, 'Mesos could not find it for too long', 'lost');
    } else if (isOverdue(worker, now)) overdue.push(worker);
  }
  askFor(frame, overdue);
}

function isOverdue({ phase, heardAt, lostSince, reconciledAt, reconciliations }: Worker, now: number): boolean {
  if (reconciledAt !== undefined) {
    return now - reconciledAt >= Math.min(LONGEST_REPEAT_MS, FIRST_REPEAT_MS * 2 ** (reconciliations - 1));
  }
  const isOpen = phase === 'launched' || phase === 'starting' || lostSince !== undefined;
  return isOpen && now - heardAt >= SILENT_MS;
}

/** While its manager lists it, it is alive, whatever Mesos knows. */
function isGivenUp({ state, now }: Frame, worker: Worker, lostSince: number): boolean {
  if (worker.connected) return false;
  if (worker.phase !== 'unreachable' && now - lostSince >= UNKNOWN_MS) {
    worker.phase = 'unreachable';
    state.dirty.add(worker.manager);
  }
  return now - Math.max(lostSince, state.subscribedAt) >= LOST_FOR_GOOD_MS;
}

function askFor(frame: Frame, workers: Worker[]): void {
  if (workers.length === 0) return;
  for (const worker of workers) {
    worker.reconciledAt = frame.now;
    worker.reconciliations++;
  }
  const tasks = workers.map(({ id, agentId }) => ({ task_id: { value: id }, agent_id: { value: agentId } }));
  frame.call({ type: 'RECONCILE', reconcile: { tasks } });
}
