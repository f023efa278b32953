import type { LocalAgent } from '../../../../framework/local/agent.ts';
import type { AgentEntry, Framework, MasterTask, Memory } from '../../../../framework/local/memory.ts';
import { nanoseconds } from '../../../../framework/local/memory.ts';
import { allocateOffers, rescind } from '../../../../framework/local/offers.ts';
import { capable, subtract, unallocate } from '../../../../framework/local/resources.ts';
import { masterStatus, type Verdict } from '../../../../framework/local/statuses.ts';
import { remember } from '../../../../framework/local/subscriptions.ts';
import type { FrameworkInfo, TaskInfo, TaskState } from '../../../../framework/mesos/messages.ts';
import { isTerminal } from '../../../../framework/mesos/task-states.ts';

/** A task in the form in which its agent reports it to a master. */
interface TaskReport {
  framework: FrameworkInfo;
  info: TaskInfo;
  forwarded: TaskState;
  latest: TaskState;
}

/** The tasks of an agent that still run, or whose end is not acknowledged. */
function tasksOf(agent: LocalAgent): TaskReport[] {
  const all = [...agent.history.values()].flatMap((tasks) => [...tasks.values()]);
  return all
    .filter(({ updates }) => !updates.finished)
    .map(({ framework, info, updates: { forwarded, latest } }) => ({ framework, info, forwarded, latest }));
}

/** Registers an agent again, after it was unreachable, or with a new master. */
export function registerAgain(memory: Memory, agent: LocalAgent): void {
  const before = memory.agents.get(agent.id)?.standing;
  if (before === 'gone') return;
  const { resources, link, ...description } = agent.describe();
  const entry: AgentEntry = { ...description, link, total: resources, free: resources, standing: 'active' };
  memory.agents.set(agent.id, entry);
  const message = before === 'unreachable' ? 'Unreachable agent re-reregistered' : 'Unknown agent reregistered';
  const refused = new Set<string>();
  for (const task of tasksOf(agent)) {
    const frameworkId = task.framework.id?.value ?? '';
    if (memory.completed.has(frameworkId)) {
      refused.add(frameworkId);
      continue;
    }
    const framework = memory.frameworks.get(frameworkId) ?? remember(memory, frameworkId, task.framework);
    readmit(memory, framework, entry, task, before === 'recovering' ? undefined : message);
  }
  for (const frameworkId of refused) link.shutdownFramework(frameworkId);
  for (const framework of memory.frameworks.values()) if (framework.stream) link.resume(framework.id);
  allocateOffers(memory);
}

function readmit(
  memory: Memory,
  framework: Framework,
  agent: AgentEntry,
  task: TaskReport,
  message: string | undefined,
): void {
  const taskId = task.info.task_id.value;
  framework.unreachable.delete(taskId);
  const resources = isTerminal(task.latest) ? [] : task.info.resources;
  agent.free = subtract(agent.free, unallocate(resources)) ?? agent.free;
  framework.tasks.set(taskId, { info: task.info, agentId: agent.id, state: task.forwarded, resources, statuses: [] });
  if (message === undefined || isTerminal(task.latest)) return;
  const verdict = { state: task.forwarded, reason: 'REASON_AGENT_REREGISTERED', message };
  memory.tellStatus(framework, masterStatus(framework.info, taskId, agent.id, verdict));
}

/** Makes an agent unreachable: its tasks are unreachable, its offers are invalid, and every framework gets a message. */
export function markUnreachable(memory: Memory, agentId: string): void {
  const agent = memory.agents.get(agentId);
  if (agent?.standing !== 'active') return;
  const since = nanoseconds(Date.now());
  agent.standing = 'unreachable';
  agent.unreachableSince = since;
  const verdict: Verdict = {
    state: 'TASK_UNREACHABLE',
    reason: 'REASON_AGENT_REMOVED',
    message: 'health check timed out',
    unreachable_time: { nanoseconds: since },
  };
  giveUp(
    memory,
    agent,
    () => verdict,
    (framework, task) => framework.unreachable.set(task.info.task_id.value, task),
  );
}

/** The operator declares that an agent will never return (MARK_AGENT_GONE). */
export function markGone(memory: Memory, agentId: string): void {
  const agent = memory.agents.get(agentId);
  if (!agent || agent.standing === 'gone') return;
  agent.standing = 'gone';
  const told = (framework: Framework): Verdict => ({
    state: 'TASK_GONE_BY_OPERATOR',
    reason: capable(framework.info, 'PARTITION_AWARE') ? 'REASON_AGENT_REMOVED_BY_OPERATOR' : 'REASON_AGENT_REMOVED',
    message: 'Agent has been marked gone',
  });
  giveUp(memory, agent, told, (framework, task) =>
    framework.completed.push({ ...task, state: 'TASK_GONE_BY_OPERATOR' }),
  );
}

function giveUp(
  memory: Memory,
  agent: AgentEntry,
  verdict: (framework: Framework) => Verdict,
  keep: (framework: Framework, task: MasterTask) => void,
): void {
  for (const framework of memory.frameworks.values()) {
    for (const [taskId, task] of framework.tasks) {
      if (task.agentId !== agent.id) continue;
      framework.tasks.delete(taskId);
      keep(framework, task);
      memory.tellStatus(framework, masterStatus(framework.info, taskId, agent.id, verdict(framework)));
    }
  }
  rescind(memory, (offer) => offer.agentId === agent.id);
  agent.free = [];
  for (const framework of memory.frameworks.values()) {
    memory.tell(framework, { type: 'FAILURE', failure: { agent_id: { value: agent.id } } });
  }
  memory.log.info({ agent: agent.id, standing: agent.standing }, 'agent lost');
}
