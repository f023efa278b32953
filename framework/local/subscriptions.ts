import type { Call, FrameworkInfo, MasterInfo } from '../mesos/messages.ts';
import { type EventStream, type Framework, type Memory, timestamp } from './memory.ts';
import { allocateOffers, rescind } from './offers.ts';
import { unallocate } from './resources.ts';
import { invalidFramework, invalidSuppression, PRINCIPAL_CHANGED, rolesOf } from './validation.ts';

/** The number of removed frameworks that a master keeps (`--max_completed_frameworks`). */
const MAX_COMPLETED = 50;
/** The limit of setTimeout. A framework with a longer failover timeout is never removed. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * SUBSCRIBE: a new framework, a framework that returns, or one that replaces its own older stream. If the framework is invalid,
 * the answer is one ERROR event and the end of the stream.
 */
export function subscribe(
  memory: Memory,
  call: NonNullable<Call['subscribe']>,
  stream: EventStream,
  principal: string | undefined,
  master: MasterInfo,
): Framework | undefined {
  const info: FrameworkInfo = { ...call.framework_info, ...(principal === undefined ? {} : { principal }) };
  const id = info.id?.value ?? '';
  const known = memory.frameworks.get(id);
  const error =
    invalidFramework(info) ??
    invalidSuppression(info, call.suppressed_roles) ??
    (memory.completed.has(id) ? 'Framework has been removed' : undefined) ??
    (known && (known.info.principal ?? '') !== (info.principal ?? '') ? PRINCIPAL_CHANGED : undefined);
  if (error !== undefined) {
    stream.send({ type: 'ERROR', error: { message: error } });
    stream.end();
    return undefined;
  }
  if (known) takeOver(memory, known);
  const framework = known ?? remember(memory, id || memory.newFrameworkId(), info);
  change(framework, info, call.suppressed_roles ?? []);
  connect(memory, framework, stream, master);
  return framework;
}

/** Adds a framework that is new to the master: from its SUBSCRIBE, or from an agent that still runs its tasks. */
export function remember(memory: Memory, id: string, info: FrameworkInfo): Framework {
  const framework: Framework = {
    id,
    info: { ...info, id: { value: id } },
    roles: rolesOf(info),
    suppressed: new Set(),
    filters: [],
    tasks: new Map(),
    unreachable: new Map(),
    completed: [],
    registeredAt: timestamp(),
    unregisteredAt: 0,
  };
  memory.frameworks.set(id, framework);
  return framework;
}

function takeOver(memory: Memory, framework: Framework): void {
  const old = framework.stream;
  if (!old) return;
  memory.tell(framework, { type: 'ERROR', error: { message: 'Framework failed over' } });
  silence(memory, framework);
  old.end();
}

/** Applies a re-subscription or UPDATE_FRAMEWORK. User and checkpoint do not change. */
function change(framework: Framework, info: FrameworkInfo, suppressedRoles: readonly string[]): void {
  const { user, checkpoint } = framework.info;
  framework.info = { ...info, id: { value: framework.id }, user, ...(checkpoint === undefined ? {} : { checkpoint }) };
  framework.roles = rolesOf(info);
  framework.suppressed = new Set(suppressedRoles);
}

function connect(memory: Memory, framework: Framework, stream: EventStream, master: MasterInfo): void {
  clearTimeout(framework.removal);
  framework.stream = stream;
  framework.filters = [];
  memory.tell(framework, {
    type: 'SUBSCRIBED',
    subscribed: {
      framework_id: { value: framework.id },
      heartbeat_interval_seconds: memory.timings.heartbeat / 1000,
      master_info: master,
    },
  });
  const beat = () => memory.tell(framework, { type: 'HEARTBEAT' });
  beat();
  framework.heartbeat = setInterval(beat, memory.timings.heartbeat);
  for (const agent of memory.agents.values()) if (agent.standing === 'active') agent.link.resume(framework.id);
  allocateOffers(memory);
}

/** Ends the heartbeats and offers of a framework. Sends nothing. */
function silence(memory: Memory, framework: Framework): void {
  clearInterval(framework.heartbeat);
  delete framework.stream;
  rescind(memory, (offer) => offer.frameworkId === framework.id);
}

/** Called when the stream's connection closes. The framework has `failover_timeout` seconds to return. */
export function disconnected(memory: Memory, framework: Framework, stream: EventStream): void {
  if (framework.stream !== stream) return;
  silence(memory, framework);
  allocateOffers(memory);
  const milliseconds = Math.max(0, framework.info.failover_timeout ?? 0) * 1000;
  memory.log.info(
    { framework: framework.id, milliseconds },
    'framework disconnected; it is removed after its failover timeout',
  );
  const expire = () => remove(memory, framework);
  if (milliseconds === 0) expire();
  else framework.removal = setTimeout(expire, Math.min(milliseconds, MAX_TIMER_MS));
}

/** TEARDOWN, or the end of the failover timeout: kills all tasks without updates. From now on the id is refused. */
export function remove(memory: Memory, framework: Framework): void {
  const { stream } = framework;
  clearTimeout(framework.removal);
  silence(memory, framework);
  stream?.end();
  framework.unregisteredAt = timestamp();
  for (const task of framework.tasks.values()) {
    memory.release(task.agentId, unallocate(task.resources));
    framework.completed.push({ ...task, state: 'TASK_KILLED' });
  }
  framework.tasks.clear();
  for (const agent of memory.agents.values())
    if (agent.standing === 'active') agent.link.shutdownFramework(framework.id);
  memory.frameworks.delete(framework.id);
  memory.completed.set(framework.id, framework);
  const [oldest] = memory.completed.keys();
  if (memory.completed.size > MAX_COMPLETED && oldest !== undefined) memory.completed.delete(oldest);
  allocateOffers(memory);
}

/** UPDATE_FRAMEWORK, already validated. Rescinds the offers for roles that the framework leaves. */
export function updateFramework(
  memory: Memory,
  framework: Framework,
  call: NonNullable<Call['update_framework']>,
): void {
  change(framework, call.framework_info, call.suppressed_roles ?? []);
  rescind(memory, (offer) => offer.frameworkId === framework.id && !framework.roles.includes(offer.role));
  allocateOffers(memory);
}
