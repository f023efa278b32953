import type { Resource, TaskInfo, TaskState, TaskStatus } from '../mesos/messages.ts';
import { heldOn } from './agents.ts';
import type { AgentEntry, Framework, MasterTask, Memory } from './memory.ts';
import { MESOS_VERSION } from './options.ts';
import { totals } from './resources.ts';

/** A task in the `/state` of master and agent. */
export function taskState(
  frameworkId: string,
  agentId: string,
  task: { info: TaskInfo; state: TaskState; resources: readonly Resource[]; statuses: readonly TaskStatus[] },
) {
  return {
    id: task.info.task_id.value,
    name: task.info.name,
    framework_id: frameworkId,
    executor_id: '',
    slave_id: agentId,
    state: task.state,
    resources: totals(task.resources),
    statuses: task.statuses.map(({ state, timestamp }) => ({ state, timestamp })),
  };
}

/** The `/state` of the master, with the fields that tools for frameworks read. */
export function masterState(memory: Memory, port: number) {
  const agents = [...memory.agents.values()];
  const count = (standing: AgentEntry['standing']) => agents.filter((agent) => agent.standing === standing).length;
  const pid = `master@127.0.0.1:${port}`;
  return {
    version: MESOS_VERSION,
    id: memory.masterId,
    pid,
    hostname: '127.0.0.1',
    start_time: memory.startedAt,
    elected_time: memory.startedAt,
    leader: pid,
    leader_info: { id: memory.masterId, pid, port, hostname: '127.0.0.1' },
    activated_slaves: count('active'),
    unreachable_slaves: count('unreachable'),
    slaves: agents.filter(({ standing }) => standing === 'active').map((agent) => agentState(memory, agent)),
    recovered_slaves: agents
      .filter(({ standing }) => standing === 'recovering')
      .map(({ id, hostname }) => ({ id, hostname })),
    frameworks: [...memory.frameworks.values()].map((framework) => frameworkState(memory, framework)),
    completed_frameworks: [...memory.completed.values()].map((framework) => frameworkState(memory, framework)),
  };
}

function agentState(memory: Memory, agent: AgentEntry) {
  const offered = [...memory.offers.values()].filter(({ agentId }) => agentId === agent.id);
  return {
    id: agent.id,
    hostname: agent.hostname,
    port: agent.port,
    pid: `slave(1)@127.0.0.1:${agent.port}`,
    active: true,
    version: MESOS_VERSION,
    attributes: Object.fromEntries(
      agent.attributes.map(({ name, text, scalar }) => [name, text?.value ?? scalar?.value]),
    ),
    resources: totals(agent.total),
    used_resources: totals(heldOn(memory, agent.id)),
    offered_resources: totals(offered.flatMap(({ resources }) => resources)),
  };
}

function frameworkState(memory: Memory, framework: Framework) {
  const { id, info } = framework;
  const shown = (tasks: Iterable<MasterTask>) => [...tasks].map((task) => taskState(id, task.agentId, task));
  const offers = [...memory.offers.values()].filter(({ frameworkId }) => frameworkId === id);
  return {
    id,
    name: info.name,
    user: info.user,
    principal: info.principal,
    roles: framework.roles,
    capabilities: (info.capabilities ?? []).map(({ type }) => type),
    hostname: info.hostname ?? '',
    webui_url: info.webui_url ?? '',
    failover_timeout: info.failover_timeout ?? 0,
    checkpoint: info.checkpoint ?? false,
    active: framework.stream !== undefined,
    connected: framework.stream !== undefined,
    recovered: false,
    registered_time: framework.registeredAt,
    unregistered_time: framework.unregisteredAt,
    used_resources: totals([...framework.tasks.values()].flatMap(({ resources }) => resources)),
    offered_resources: totals(offers.flatMap(({ resources }) => resources)),
    tasks: shown(framework.tasks.values()),
    unreachable_tasks: shown(framework.unreachable.values()),
    completed_tasks: shown(framework.completed),
    offers: offers.map((offer) => ({
      id: offer.id,
      framework_id: id,
      slave_id: offer.agentId,
      allocation_info: { role: offer.role },
      resources: totals(offer.resources),
    })),
  };
}
