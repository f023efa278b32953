import type { Attribute, Resource, TaskState, TaskStatus } from '../mesos/messages.ts';
import { isTerminal } from '../mesos/task-states.ts';
import type { AgentLink, Framework, Memory } from './memory.ts';
import { allocateOffers } from './offers.ts';
import { add, unallocate } from './resources.ts';

/** `--max_completed_tasks_per_framework`. */
const MAX_COMPLETED_TASKS = 1000;

/** The data with which an agent registers. */
export interface AgentDescription {
  id: string;
  hostname: string;
  port: number;
  resources: Resource[];
  attributes: Attribute[];
  link: AgentLink;
}

/** Registers an agent. */
export function register(memory: Memory, { resources, ...agent }: AgentDescription): void {
  memory.agents.set(agent.id, { ...agent, total: resources, free: resources, standing: 'active' });
  for (const framework of memory.frameworks.values()) if (framework.stream) agent.link.resume(framework.id);
  allocateOffers(memory);
}

/**
 * Forwards an update from an agent to the framework.
 * @param latest the newest state of the task. If it has ended, its resources are free, even while older updates are pending
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

/** ACKNOWLEDGE: the agent sends the next update. The master forgets a task when its end is acknowledged. */
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

/** All resources that an agent's tasks use, as a sum for `/state`. */
export const heldOn = (memory: Memory, agentId: string): Resource[] =>
  add(
    [...memory.frameworks.values()].flatMap((framework) =>
      [...framework.tasks.values()]
        .filter((task) => task.agentId === agentId)
        .flatMap((task) => unallocate(task.resources)),
    ),
  );
