import type { TaskStatus } from '../../mesos/messages.ts';
import type { Frame } from '../state/frame.ts';
import { poolOf } from '../state/pool.ts';

/** A kill without an answer is repeated: calls may be lost. */
const KILL_AGAIN_MS = 10_000;
/** For how long a stranger may belong to a manager that does not answer at the moment. */
const BENEFIT_OF_DOUBT_MS = 60_000;

/** Mesos reports a task that the journal does not know: remembered until the managers tell whether it works. */
export function takeStranger({ state, now }: Frame, { task_id, state: taskState, agent_id }: TaskStatus): void {
  const id = task_id.value;
  if (taskState === 'TASK_STAGING' || taskState === 'TASK_STARTING' || taskState === 'TASK_RUNNING') {
    const known = state.strangers.get(id);
    state.strangers.set(id, { ...(known ?? { seenAt: now }), agentId: agent_id?.value ?? known?.agentId });
  } else if (taskState !== 'TASK_KILLING') state.strangers.delete(id);
}

/**
 * Strangers that a manager lists with tasks are workers of ours whose records are lost (a restored journal, an agent
 * that came back after it was given up): adopted, since a kill would throw their tasks' work away. All others are killed.
 */
export function settleStrangers(frame: Frame): void {
  const { state, now } = frame;
  if (state.strangers.size === 0 || !state.demand || state.demand.partial) return;
  const { managers, problems } = state.demand;
  const allAnswer = problems.length === 0 && managers.every(({ silentSince }) => silentSince === undefined);
  const listed = new Map(
    managers.flatMap((manager) => manager.workers.map((worker) => [worker.tag, { worker, manager }])),
  );
  for (const [id, stranger] of state.strangers) {
    const found = listed.get(id);
    if (found && found.worker.tasksRunning > 0 && stranger.agentId !== undefined) {
      const { worker, manager } = found;
      const { cores, memory, disk, hostname, tasksRunning } = worker;
      state.strangers.delete(id);
      frame.record({
        type: 'launch',
        worker: {
          id,
          pool: poolOf(state.pools, manager.project)?.name ?? '',
          project: manager.project,
          manager: manager.address,
          managerStartedAt: manager.startedAt,
          agentId: stranger.agentId,
          hostname,
          shape: { cores, memory, disk },
          launchedAt: now,
        },
      });
      const adopted = state.workers.get(id);
      if (adopted) {
        const known = {
          phase: 'running',
          restored: true,
          runningSince: now,
          connected: true,
          connectedAt: now,
        } as const;
        Object.assign(adopted, known, { tasksRunning });
      }
    } else if (allAnswer || now - stranger.seenAt >= BENEFIT_OF_DOUBT_MS) {
      if (now - (stranger.killedAt ?? Number.NEGATIVE_INFINITY) < KILL_AGAIN_MS) continue;
      stranger.killedAt = now;
      frame.kill(id, stranger.agentId);
    }
  }
}
