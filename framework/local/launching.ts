import type { Call, TaskInfo } from '../mesos/messages.ts';
import type { Framework, HeldOffer, Memory } from './memory.ts';
import { refuse } from './offers.ts';
import { add, asSeenBy } from './resources.ts';
import { masterStatus, type Verdict } from './statuses.ts';
import { invalidResources, validateTask } from './task-validation.ts';

/** ACCEPT: uses the offers, launches the valid tasks, and refuses the rest of the offers for `filters.refuse_seconds`. */
export function accept(memory: Memory, framework: Framework, call: NonNullable<Call['accept']>): void {
  const ids = (call.offer_ids ?? []).map(({ value }) => value);
  const error = invalidOffers(memory, framework, ids);
  const offers = ids.flatMap((id) => takeOffer(memory, id) ?? []);
  const launches = (call.operations ?? []).flatMap((operation) =>
    operation.type === 'LAUNCH' ? [(operation.launch?.task_infos ?? []).map(complete)] : [],
  );
  const [first] = offers;
  if (error !== undefined || !first) {
    for (const offer of offers) memory.release(offer.agentId, offer.resources);
    const message = `Task launched with invalid offers: ${error}`;
    refuseAll(memory, framework, launches.flat(), { state: 'TASK_DROPPED', reason: 'REASON_INVALID_OFFERS', message });
    return;
  }
  let left = add(offers.flatMap((offer) => offer.resources));
  for (const tasks of launches) {
    const message = invalidResources(tasks);
    if (message !== undefined) {
      refuseAll(memory, framework, tasks, { state: 'TASK_ERROR', reason: 'REASON_TASK_INVALID', message });
      continue;
    }
    for (const task of tasks) left = launch(memory, framework, first, task, left);
  }
  refuse(memory, framework, { ...first, resources: left }, call.filters?.refuse_seconds);
}

/** The decoder omits empty lists. */
const complete = (task: TaskInfo): TaskInfo => ({ ...task, resources: task.resources ?? [] });

/** As in Mesos, an offer of another framework is used up too, and its holder gets no message (master/master.cpp, accept). */
function takeOffer(memory: Memory, id: string): HeldOffer | undefined {
  const offer = memory.offers.get(id);
  memory.offers.delete(id);
  return offer;
}

/** Why these offers cannot be used together (texts: master/validation.cpp, offer). */
function invalidOffers(memory: Memory, framework: Framework, ids: readonly string[]): string | undefined {
  if (ids.length === 0) return 'No offers specified';
  const repeated = ids.find((id, index) => ids.indexOf(id) !== index);
  if (repeated !== undefined) return `Duplicate offer ${repeated} in offer list`;
  let first: HeldOffer | undefined;
  for (const id of ids) {
    const offer = memory.offers.get(id);
    if (!offer) return `Offer ${id} is no longer valid`;
    if (offer.frameworkId !== framework.id) {
      return `Offer ${id} has invalid framework ${offer.frameworkId} while framework ${framework.id} is expected`;
    }
    first ??= offer;
    if (offer.role !== first.role) {
      return `Aggregated offers must be allocated to the same role. Offer ${id} uses role '${offer.role}' but another is using role '${first.role}'`;
    }
    if (offer.agentId !== first.agentId) {
      return `Aggregated offers must belong to one single agent. Offer ${id} uses agent ${offer.agentId} and agent ${first.agentId}`;
    }
  }
  return undefined;
}

function refuseAll(memory: Memory, framework: Framework, tasks: readonly TaskInfo[], verdict: Verdict): void {
  for (const task of tasks) {
    memory.tellStatus(framework, masterStatus(framework.info, task.task_id.value, task.agent_id.value, verdict));
  }
}

/** @returns the resources of the offers that are left after this task */
function launch(
  memory: Memory,
  framework: Framework,
  offer: HeldOffer,
  task: TaskInfo,
  available: HeldOffer['resources'],
) {
  const agent = memory.agents.get(offer.agentId);
  const { agentId, role } = offer;
  const verdict = validateTask(task, { takenIds: framework.tasks, agentId, role, available });
  if (!agent || 'error' in verdict) {
    const message = 'error' in verdict ? verdict.error : `Agent ${agentId} is gone`;
    refuseAll(memory, framework, [task], { state: 'TASK_ERROR', reason: 'REASON_TASK_INVALID', message });
    return available;
  }
  const info: TaskInfo = { ...task, resources: verdict.resources };
  framework.tasks.set(task.task_id.value, {
    info,
    agentId,
    state: 'TASK_STAGING',
    resources: verdict.resources,
    statuses: [],
  });
  memory.log.debug(
    {
      framework: framework.id,
      task: task.task_id.value,
      agent: agentId,
      resources: asSeenBy(framework.info, verdict.resources),
    },
    'launching a task',
  );
  agent.link.launch({ ...framework.info, id: { value: framework.id } }, info);
  return verdict.left;
}
