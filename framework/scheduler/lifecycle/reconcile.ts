import type { Frame } from '../state/frame.ts';
import type { Worker } from '../state/worker.ts';
import { endWorker } from './updates.ts';

/** A launch of which nothing was heard for this long is asked about; so is, as often, a task that Mesos has lost sight of. */
const SILENT_MS = 30_000;
/** A question without an answer is repeated, at doubling intervals up to the longest: masters answer nothing about agents that have yet to come back. */
const FIRST_REPEAT_MS = 5000;
const LONGEST_REPEAT_MS = 60_000;
/** From time to time Mesos is asked for all it has, so that no task of ours runs unknown, and no update stays lost. */
export const RECONCILE_ALL_MS = 15 * 60 * 1000;
/** A task that the master does not know is no capacity after this: a new master learns of its agents' tasks only as they return, in its first minutes. */
const UNKNOWN_MS = 2 * 60 * 1000;
/**
 * For how long one that is out of sight is kept. A restarted master learns of its agents' tasks only when they
 * re-register: 75 s later with fixed addresses, and it gives them at least 10 minutes (agent_reregister_timeout).
 * One that comes back later still is a task, and adopted if it works.
 */
const LOST_FOR_GOOD_MS = 15 * 60 * 1000;

/** After SUBSCRIBED, and from time to time: asks for each known worker by name, then for everything. */
export function reconcileAll(frame: Frame): void {
  const workers = [...frame.state.workers.values()];
  for (const worker of workers) worker.reconciliations = 0;
  askFor(frame, workers);
  frame.state.reconciledAllAt = frame.now;
  frame.call({ type: 'RECONCILE', reconcile: { tasks: [] } });
}

/** On ticks: repeats what went unanswered, asks about what stays silent, and gives up what is lost for good. */
export function reconcileOverdue(frame: Frame): void {
  const { state, now } = frame;
  if (now - state.reconciledAllAt >= RECONCILE_ALL_MS) {
    reconcileAll(frame);
    return;
  }
  const overdue: Worker[] = [];
  for (const worker of state.workers.values()) {
    if (worker.lostSince !== undefined && isGivenUp(frame, worker, worker.lostSince)) {
      endWorker(frame, worker, 'out of Mesos’ sight for too long', 'lost');
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

/** As long as its manager lists it, it lives, whatever Mesos knows. */
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
