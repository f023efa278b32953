import type { ProjectDemand } from '../../demand/demand.ts';
import type { WorkerKind } from '../../demand/worker-kind.ts';
import type { Call, TaskState, TaskStatus } from '../../mesos/messages.ts';
import { isTerminal } from '../../mesos/task-states.ts';
import { bookFailure, bookHealthy, EARLY_MS } from '../state/backoff.ts';
import type { Frame } from '../state/frame.ts';
import { noteStart } from '../state/starts.ts';
import type { Worker } from '../state/worker.ts';
import { takeUnknownTask } from './adopt.ts';

/** Reasons of TASK_FAILED that say nothing about the worker: its agent or executor was lost, or it had to make room. */
const BLAMELESS_REASONS: ReadonlySet<string> = new Set([
  'REASON_AGENT_DISCONNECTED',
  'REASON_AGENT_DRAINING',
  'REASON_AGENT_REMOVED',
  'REASON_AGENT_REMOVED_BY_OPERATOR',
  'REASON_AGENT_RESTARTED',
  'REASON_CONTAINER_PREEMPTED',
  'REASON_EXECUTOR_REREGISTRATION_TIMEOUT',
  'REASON_MASTER_DISCONNECTED',
]);

/**
 * How a worker ended: it `failed` by itself (its image, command or limits), the cluster `lost` it, or its
 * work was `over`.
 */
export type Ending = 'failed' | 'lost' | 'over';

/** Handles one status update, from an executor or from reconciliation. */
export function takeStatus(frame: Frame, status: TaskStatus): void {
  const worker = frame.state.workers.get(status.task_id.value);
  if (worker) applyStatus(frame, worker, status);
  else takeUnknownTask(frame, status);
  acknowledge(frame, status);
}

function applyStatus(frame: Frame, worker: Worker, status: TaskStatus): void {
  const { now, state } = frame;
  // "Task has duplicate ID" and similar messages are about a second launch: the task with that id is alive.
  if (status.state === 'TASK_ERROR' && worker.phase !== 'launched') return;
  worker.heardAt = now;
  worker.reconciliations = 0;
  worker.reconciledAt = undefined;
  state.dirty.add(worker.manager);
  if (isTerminal(status.state)) {
    endWorker(frame, worker, describeEnd(frame, worker, status), endingOf(worker, status));
    return;
  }
  if (status.state === 'TASK_UNREACHABLE' || status.state === 'TASK_UNKNOWN') {
    worker.lostSince ??= now;
    // A restarted master does not know its agents' tasks yet. That is no reason to replace them.
    if (status.state === 'TASK_UNREACHABLE') worker.phase = 'unreachable';
    return;
  }
  worker.lostSince = undefined;
  if (status.state === 'TASK_RUNNING' && worker.runningSince === undefined) {
    worker.runningSince = now;
    if (!worker.restored) noteStart(state.startRates, worker, now);
  }
  worker.phase = phaseAfter(worker, status.state);
}

function phaseAfter({ phase, killedAt, runningSince }: Worker, state: TaskState): Worker['phase'] {
  if (killedAt !== undefined || phase === 'leaving' || state === 'TASK_KILLING') return 'leaving';
  // Updates that come twice or late do not change the state back.
  return state === 'TASK_RUNNING' || runningSince !== undefined ? 'running' : 'starting';
}

function endingOf(worker: Worker, { state, reason }: TaskStatus): Ending {
  switch (state) {
    case 'TASK_FINISHED':
      return hasServed(worker) ? 'over' : 'failed';
    case 'TASK_FAILED':
    case 'TASK_ERROR':
      return reason !== undefined && BLAMELESS_REASONS.has(reason) ? 'lost' : 'failed';
    default:
      return 'lost';
  }
}

/** The text about a worker's end for operators: Mesos' message, and its reason where it gives one. */
function describeEnd(frame: Frame, worker: Worker, { state, message, reason }: TaskStatus): string {
  // Docker's messages have several lines; a log record and a list need one.
  const words = [message?.trim().replaceAll(/\s*\n\s*/g, '; ') || state];
  if (reason) words.push(`(${reason})`);
  if (state === 'TASK_FINISHED' && !hasServed(worker)) {
    words.push(kindOf(frame, worker)?.earlyEnd ?? 'before its manager listed it');
  }
  return words.join(' ');
}

/** Unknown for a worker whose pool does not exist any more. */
function kindOf({ state }: Frame, worker: Worker): WorkerKind | undefined {
  return state.pools.find(({ name }) => name === worker.pool)?.kind;
}

/** Records the end of a worker, and counts it as a failure where it says something about its pool or agent. */
export function endWorker(frame: Frame, worker: Worker, why: string, ending: Ending): void {
  frame.record({ type: 'gone', id: worker.id, why });
  bookEnd(frame, worker, why, ending);
}

function bookEnd({ state, now }: Frame, worker: Worker, why: string, ending: Ending): void {
  const { connectedAt, healthy } = worker;
  const wasAsked = worker.killedAt !== undefined || worker.phase === 'leaving';
  if (hasServed(worker) && (wasAsked || ending === 'over')) {
    if (!healthy) bookHealthy(state, worker);
    return;
  }
  // What a worker did before a restart is unknown, and a worker whose manager cannot be reached ends without a fault of its own.
  if (wasAsked || worker.restored || !managerListens(state.projects.get(worker.manager), worker)) return;
  if (ending === 'failed') {
    if (connectedAt === undefined || now - connectedAt < EARLY_MS)
      bookFailure(state, worker, now, why, 'pool and agent');
  } else if (connectedAt === undefined) bookFailure(state, worker, now, why, 'agent');
}

function hasServed({ connectedAt, healthy }: Worker): boolean {
  return connectedAt !== undefined || healthy;
}

function managerListens(project: ProjectDemand | undefined, { managerStartedAt }: Worker): boolean {
  return project?.startedAt === managerStartedAt && project.silentSince === undefined;
}

function acknowledge(frame: Frame, { task_id, agent_id, uuid }: TaskStatus): void {
  if (!uuid || !agent_id) return;
  const call: Call = { type: 'ACKNOWLEDGE', acknowledge: { agent_id, task_id, uuid } };
  frame.call(call);
}
