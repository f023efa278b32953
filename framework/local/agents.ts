import type { Attribute, FrameworkInfo, Resource, TaskInfo, TaskState, TaskStatus } from '../mesos/messages.ts';
import { isTerminal } from '../mesos/task-states.ts';
import { withdrawInverseOffers } from './maintenance.ts';
import type { AgentEntry, AgentLink, Framework, MasterTask, Memory } from './memory.ts';
import { nanoseconds } from './memory.ts';
import { allocateOffers, rescind } from './offers.ts';
import { add, capable, subtract, unallocate } from './resources.ts';
import type { Verdict } from './statuses.ts';
import { masterStatus } from './statuses.ts';
import { remember } from './subscriptions.ts';

/** `--max_completed_tasks_per_framework`. */
const MAX_COMPLETED_TASKS = 1000;

/** What an agent says of itself when it registers. */
export interface AgentDescription {
  id: string;
  hostname: string;
  port: number;
  resources: Resource[];
  attributes: Attribute[];
  /** What still runs there, or has an end that is not acknowledged. */
  tasks: { framework: FrameworkInfo; info: TaskInfo; forwarded: TaskState; latest: TaskState }[];
  link: AgentLink;
}

/** An agent registers, for the first time or again: after it was unreachable, or with a new master. */
export function register(memory: Memory, agent: AgentDescription): void {
  const before = memory.agents.get(agent.id)?.standing;
  if (before === 'gone') return;
  const { id, hostname, port, attributes, link } = agent;
  const entry: AgentEntry = {
    id,
    hostname,
    port,
    attributes,
    link,
    total: agent.resources,
    free: agent.resources,
    standing: 'active',
  };
  memory.agents.set(id, entry);
  const message = before === 'unreachable' ? 'Unreachable agent re-reregistered' : 'Unknown agent reregistered';
  const refused = new Set<string>();
  for (const task of agent.tasks) {
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
  task: AgentDescription['tasks'][number],
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

/**
 * An update from an agent, on its way to the framework.
 * @param latest the newest state of the task: its end frees the resources even while older updates are pending
 */
export function forward(memory: Memory, frameworkId: string, status: TaskStatus, latest: TaskState): void {
  const framework = memory.frameworks.get(frameworkId);
  const task = framework?.tasks.get(status.task_id.value);
  if (!framework || !task) return;
  task.state = status.state;
  if (task.statuses.at(-1)?.state !== status.state) task.statuses.push(status);
  if (isTerminal(latest)) {
    memory.release(task.agentId, unallocate(task.resources));
    task.resources = [];
  }
  memory.tellStatus(framework, status);
}

/** ACKNOWLEDGE: the agent sends what follows; a task whose end is acknowledged is unknown from then on. */
export function acknowledge(
  memory: Memory,
  framework: Framework,
  agentId: string,
  taskId: string,
  uuid: Uint8Array,
): void {
  const agent = memory.agents.get(agentId);
  if (agent?.standing !== 'active') return;
  const task = framework.tasks.get(taskId);
  if (task && isTerminal(task.state) && task.statuses.at(-1)?.uuid?.equals(uuid)) {
    framework.tasks.delete(taskId);
    framework.completed.push(task);
    if (framework.completed.length > MAX_COMPLETED_TASKS) framework.completed.shift();
  }
  agent.link.acknowledge(framework.id, taskId, uuid);
}

/** An agent does not answer: its tasks are unreachable, its offers void, and every framework is told. */
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

/** The operator says that an agent will never return (MARK_AGENT_GONE). */
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
  withdrawInverseOffers(memory, (inverse) => inverse.agentId === agent.id);
  agent.free = [];
  for (const framework of memory.frameworks.values()) {
    memory.tell(framework, { type: 'FAILURE', failure: { agent_id: { value: agent.id } } });
  }
  memory.log.info({ agent: agent.id, standing: agent.standing }, 'agent lost');
}

/** Everything an agent's tasks hold, as its `/state` sums it up. */
export const heldOn = (memory: Memory, agentId: string): Resource[] =>
  add(
    [...memory.frameworks.values()].flatMap((framework) =>
      [...framework.tasks.values()]
        .filter((task) => task.agentId === agentId)
        .flatMap((task) => unallocate(task.resources)),
    ),
  );
