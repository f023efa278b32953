import type { TaskStatus } from '../../mesos/messages.ts';
import type { Frame } from '../state/frame.ts';
import { poolOf } from '../state/pool.ts';

/** A kill without an answer is repeated after this time, because a call may be lost. */
const KILL_AGAIN_MS = 10_000;
/** For how long an unknown task may belong to a manager that does not answer at the moment. */
const BENEFIT_OF_DOUBT_MS = 60_000;

/** Mesos reports a task that is not in the journal. It is remembered until the sources say whether it works. */
export function takeUnknownTask({ state, now }: Frame, { task_id, state: taskState, agent_id }: TaskStatus): void {
  const id = task_id.value;
  if (taskState === 'TASK_STAGING' || taskState === 'TASK_STARTING' || taskState === 'TASK_RUNNING') {
    const known = state.unknownTasks.get(id);
    state.unknownTasks.set(id, { ...(known ?? { seenAt: now }), agentId: agent_id?.value ?? known?.agentId });
  } else if (taskState !== 'TASK_KILLING') state.unknownTasks.delete(id);
}

/**
 * An unknown task that a manager lists with work is a worker whose record was lost (a restored journal, or an agent
 * that came back after it was given up). It is adopted, because a kill would lose its work. All other unknown tasks are killed.
 */
export function settleUnknownTasks(frame: Frame): void {
  const { state, now } = frame;
  if (state.unknownTasks.size === 0 || !state.demand || state.demand.partial) return;
  const { projects, problems } = state.demand;
  const allAnswer = problems.length === 0 && projects.every(({ silentSince }) => silentSince === undefined);
  const listed = new Map(
    projects.flatMap((project) => (project.workers ?? []).map((seen) => [seen.tag, { seen, project }])),
  );
  for (const [id, task] of state.unknownTasks) {
    const found = listed.get(id);
    if (found && found.seen.tasksRunning > 0 && task.agentId !== undefined) {
      const { seen, project } = found;
      state.unknownTasks.delete(id);
      frame.record({
        type: 'launch',
        worker: {
          id,
          pool: poolOf(state.pools, project)?.name ?? '',
          project: project.name,
          manager: project.manager,
          managerStartedAt: project.startedAt,
          agentId: task.agentId,
          hostname: seen.hostname,
          shape: seen.shape,
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
        Object.assign(adopted, known, { tasksRunning: seen.tasksRunning });
      }
    } else if (allAnswer || now - task.seenAt >= BENEFIT_OF_DOUBT_MS) {
      if (now - (task.killedAt ?? Number.NEGATIVE_INFINITY) < KILL_AGAIN_MS) continue;
      task.killedAt = now;
      frame.kill(id, task.agentId);
    }
  }
}
