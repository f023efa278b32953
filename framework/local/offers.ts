import type { Offer } from '../mesos/messages.ts';
import { type Claim, divide, dominantShare, refusalEnd } from './allocator.ts';
import { type AgentEntry, type Framework, type HeldOffer, type Memory, monotonic } from './memory.ts';
import { add, asSeenBy, capable, subtract, unallocate } from './resources.ts';

/** Divides the free resources among the connected frameworks, and sends each one its offers in one OFFERS event. */
export function allocateOffers(memory: Memory): void {
  const agents = [...memory.agents.values()].filter(({ standing }) => standing === 'active');
  const now = monotonic();
  const sent = new Map<Framework, Offer[]>();
  for (const { frameworkId, role, agentId, resources } of divide(agents, claims(memory, agents, now), now)) {
    const framework = memory.frameworks.get(frameworkId);
    const agent = memory.agents.get(agentId);
    const free = agent && subtract(agent.free, unallocate(resources));
    if (!framework || !free) continue;
    agent.free = free;
    const offer: HeldOffer = { id: memory.newOfferId(), frameworkId, agentId, role, resources };
    memory.offers.set(offer.id, offer);
    sent.set(framework, [...(sent.get(framework) ?? []), offerMessage(framework, agent, offer)]);
  }
  for (const [framework, offers] of sent) memory.tell(framework, { type: 'OFFERS', offers: { offers } });
}

function claims(memory: Memory, agents: AgentEntry[], now: number): Claim[] {
  const total = agents.flatMap((agent) => agent.total);
  return [...memory.frameworks.values()]
    .filter((framework) => framework.stream)
    .flatMap((framework) => {
      framework.filters = framework.filters.filter((filter) => filter.expiresAt > now);
      const open = framework.roles.filter((role) => !framework.suppressed.has(role));
      return open.map((role) => ({
        frameworkId: framework.id,
        role,
        filters: framework.filters,
        share: dominantShare(heldBy(memory, framework, role), total),
        seesGpus: capable(framework.info, 'GPU_RESOURCES'),
      }));
    });
}

function heldBy(memory: Memory, framework: Framework, role: string) {
  const offered = [...memory.offers.values()].filter((offer) => offer.frameworkId === framework.id);
  const used = [...framework.tasks.values()].flatMap((task) => task.resources);
  return [...offered.flatMap((offer) => offer.resources), ...used].filter(
    (resource) => resource.allocation_info?.role === role,
  );
}

function offerMessage(framework: Framework, agent: AgentEntry, offer: HeldOffer): Offer {
  return {
    id: { value: offer.id },
    framework_id: { value: framework.id },
    agent_id: { value: agent.id },
    hostname: agent.hostname,
    url: agentUrl(agent),
    resources: asSeenBy(framework.info, offer.resources),
    ...(agent.attributes.length > 0 ? { attributes: agent.attributes } : {}),
    ...(agent.unavailability ? { unavailability: agent.unavailability } : {}),
    ...(capable(framework.info, 'MULTI_ROLE') ? { allocation_info: { role: offer.role } } : {}),
  };
}

/** The address of the agent's HTTP API, for offers. */
export function agentUrl(agent: AgentEntry): NonNullable<Offer['url']> {
  return {
    scheme: 'http',
    address: { hostname: '127.0.0.1', ip: '127.0.0.1', port: agent.port },
    path: '/slave(1)',
  };
}

/**
 * Takes back the resources of a used or declined offer. For some time its framework does not get them again.
 * @param refuseSeconds for how long; undefined: the framework named no time
 */
export function refuse(
  memory: Memory,
  framework: Framework,
  offer: Omit<HeldOffer, 'id'>,
  refuseSeconds: number | undefined,
): void {
  const now = monotonic();
  const resources = unallocate(offer.resources);
  memory.release(offer.agentId, resources);
  const expiresAt = refusalEnd(refuseSeconds, now, memory.timings.allocation);
  if (expiresAt === undefined || resources.length === 0) return;
  framework.filters.push({ agentId: offer.agentId, role: offer.role, resources: add(resources), expiresAt });
}

/** DECLINE. Offers that the framework does not have (any more) are ignored. */
export function decline(
  memory: Memory,
  framework: Framework,
  offerIds: readonly string[],
  refuseSeconds?: number,
): void {
  for (const id of offerIds) {
    const offer = memory.offers.get(id);
    if (offer?.frameworkId !== framework.id) continue;
    memory.offers.delete(id);
    refuse(memory, framework, offer, refuseSeconds);
  }
}

/** Withdraws offers from their frameworks, with RESCIND. */
export function rescind(memory: Memory, which: (offer: HeldOffer) => boolean): void {
  for (const offer of [...memory.offers.values()].filter(which)) {
    memory.offers.delete(offer.id);
    memory.release(offer.agentId, offer.resources);
    const framework = memory.frameworks.get(offer.frameworkId);
    if (framework) memory.tell(framework, { type: 'RESCIND', rescind: { offer_id: { value: offer.id } } });
  }
}

/** REVIVE: the roles (without names: all) get offers again, at once, and also of resources that they had refused. */
export function revive(memory: Memory, framework: Framework, roles: readonly string[]): void {
  const chosen = roles.length > 0 ? roles : framework.roles;
  for (const role of chosen) framework.suppressed.delete(role);
  framework.filters = framework.filters.filter((filter) => !chosen.includes(filter.role));
  allocateOffers(memory);
}

/** SUPPRESS: no more offers for the roles (without names: all). The framework keeps the offers that it has. */
export function suppress(framework: Framework, roles: readonly string[]): void {
  const chosen = roles.length > 0 ? roles : framework.roles;
  for (const role of chosen) if (framework.roles.includes(role)) framework.suppressed.add(role);
}
