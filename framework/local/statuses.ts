import type { FrameworkInfo, Id, TaskState, TaskStatus } from '../mesos/messages.ts';
import { type AgentEntry, type Framework, type MasterTask, type Memory, timestamp } from './memory.ts';
import { capable } from './resources.ts';

/** States that only frameworks with PARTITION_AWARE know; the others get TASK_LOST. */
const PARTITION_STATES: ReadonlySet<TaskState> = new Set<TaskState>([
  'TASK_DROPPED',
  'TASK_UNREACHABLE',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
  'TASK_UNKNOWN',
]);

export interface Verdict {
  state: TaskState;
  reason: string;
  message: string;
  unreachable_time?: { nanoseconds: string };
}

/** A status that the master itself makes. It has no uuid, so it is never acknowledged. */
export function masterStatus(
  info: FrameworkInfo,
  taskId: string,
  agentId: string | undefined,
  verdict: Verdict,
): TaskStatus {
  const known = capable(info, 'PARTITION_AWARE') || !PARTITION_STATES.has(verdict.state);
  return {
    task_id: { value: taskId },
    ...verdict,
    state: known ? verdict.state : 'TASK_LOST',
    source: 'SOURCE_MASTER',
    ...(agentId === undefined ? {} : { agent_id: { value: agentId } }),
    timestamp: timestamp(),
  };
}

const reconciled = (state: TaskState, what: string): Verdict => ({
  state,
  reason: 'REASON_RECONCILIATION',
  message: `Reconciliation: ${what}`,
});

const latestState = (task: MasterTask): Verdict => reconciled(task.state, 'Latest task state');

/** Explicit reconciliation of one task; also the answer to KILL of an unknown task (master/master.cpp, reconcileTask). */
function verdictOn(
  memory: Memory,
  framework: Framework,
  taskId: string,
  agent: AgentEntry | undefined,
  agentId?: string,
): Verdict | undefined {
  const task = framework.tasks.get(taskId);
  if (task) return latestState(task);
  if (agentId === undefined) {
    const away = framework.unreachable.get(taskId);
    if (away) return unreachable(memory.agents.get(away.agentId));
    const waiting = [...memory.agents.values()].some(({ standing }) => standing === 'recovering');
    return waiting ? undefined : reconciled('TASK_UNKNOWN', 'Task is unknown');
  }
  switch (agent?.standing) {
    case undefined:
      return reconciled('TASK_UNKNOWN', 'Task is unknown');
    case 'recovering':
      return undefined;
    case 'active':
      return reconciled('TASK_GONE', 'Task is unknown to the agent');
    case 'unreachable':
      return unreachable(agent);
    case 'gone':
      return reconciled('TASK_GONE_BY_OPERATOR', 'Task is gone');
  }
}

function unreachable(agent: AgentEntry | undefined): Verdict {
  const since = agent?.unreachableSince;
  return {
    ...reconciled('TASK_UNREACHABLE', 'Task is unreachable'),
    ...(since === undefined ? {} : { unreachable_time: { nanoseconds: since } }),
  };
}

/**
 * The answer for one task of an explicit reconciliation. There is none while its agent has not registered again after a restart
 * of the master; for a task without an agent, while any agent has not.
 */
export function reconcileTask(memory: Memory, framework: Framework, taskId: Id, agentId?: Id): TaskStatus | undefined {
  const agent = agentId && memory.agents.get(agentId.value);
  const verdict = verdictOn(memory, framework, taskId.value, agent, agentId?.value);
  if (!verdict) return undefined;
  const known = framework.tasks.get(taskId.value) ?? framework.unreachable.get(taskId.value);
  return masterStatus(framework.info, taskId.value, known?.agentId ?? agentId?.value, verdict);
}

/** The answers to an implicit reconciliation: every living task on a registered agent. */
export function reconcileAll(framework: Framework): TaskStatus[] {
  return [...framework.tasks.values()].map((task) =>
    masterStatus(framework.info, task.info.task_id.value, task.agentId, latestState(task)),
  );
}
