import type { InverseOffer as InverseOfferMessage, Offer, Unavailability } from '../mesos/messages.ts';
import { refusalEnd } from './allocator.ts';
import type { AgentEntry, Framework, InverseOffer, Memory } from './memory.ts';
import { monotonic } from './memory.ts';
import { agentUrl, allocateOffers, rescind } from './offers.ts';

/** Plans an agent's maintenance, or with undefined cancels it: its offers are made anew, frameworks there are asked to leave. */
export function planMaintenance(memory: Memory, agentId: string, unavailability: Unavailability | undefined): void {
  const agent = memory.agents.get(agentId);
  if (agent?.standing !== 'active') return;
  const holders = new Set(
    [...memory.offers.values()].filter((offer) => offer.agentId === agentId).map((o) => o.frameworkId),
  );
  rescind(memory, (offer) => offer.agentId === agentId);
  withdrawInverseOffers(memory, (inverse) => inverse.agentId === agentId);
  delete agent.unavailability;
  if (unavailability) agent.unavailability = unavailability;
  allocateOffers(memory);
  for (const id of holders) {
    const framework = memory.frameworks.get(id);
    if (framework) sendInverseOffer(memory, framework, agent);
  }
  offerInversely(memory);
}

/** Asks every framework with tasks on an agent in maintenance to leave, unless it has been asked lately. */
export function offerInversely(memory: Memory): void {
  for (const agent of memory.agents.values()) {
    if (!agent.unavailability) continue;
    for (const framework of memory.frameworks.values()) {
      if ([...framework.tasks.values()].some((task) => task.agentId === agent.id))
        sendInverseOffer(memory, framework, agent);
    }
  }
}

function sendInverseOffer(memory: Memory, framework: Framework, agent: AgentEntry): void {
  if (!framework.stream || !agent.unavailability) return;
  for (const inverse of memory.inverseOffers.values()) {
    if (inverse.frameworkId !== framework.id || inverse.agentId !== agent.id) continue;
    if (inverse.answeredUntil === undefined || inverse.answeredUntil > monotonic()) return;
    memory.inverseOffers.delete(inverse.id);
  }
  const id = memory.newOfferId();
  memory.inverseOffers.set(id, { id, frameworkId: framework.id, agentId: agent.id });
  const message: InverseOfferMessage & Pick<Offer, 'url'> = {
    id: { value: id },
    url: agentUrl(agent),
    framework_id: { value: framework.id },
    agent_id: { value: agent.id },
    unavailability: agent.unavailability,
  };
  memory.tell(framework, { type: 'INVERSE_OFFERS', inverse_offers: { inverse_offers: [message] } });
}

/** ACCEPT_INVERSE_OFFERS and DECLINE_INVERSE_OFFERS: whatever the answer, the next one comes when the filter is over. */
export function answerInverseOffers(
  memory: Memory,
  framework: Framework,
  ids: readonly string[],
  refuseSeconds?: number,
): void {
  const now = monotonic();
  for (const id of ids) {
    const inverse = memory.inverseOffers.get(id);
    if (inverse?.frameworkId !== framework.id) continue;
    inverse.answeredUntil = refusalEnd(refuseSeconds, now, memory.timings.allocation) ?? now;
  }
}

/** Takes inverse offers back, with RESCIND_INVERSE_OFFER for those that were not answered. */
export function withdrawInverseOffers(memory: Memory, which: (inverse: InverseOffer) => boolean): void {
  for (const inverse of [...memory.inverseOffers.values()].filter(which)) {
    memory.inverseOffers.delete(inverse.id);
    const framework = memory.frameworks.get(inverse.frameworkId);
    if (!framework || inverse.answeredUntil !== undefined) continue;
    const rescind_inverse_offer = { inverse_offer_id: { value: inverse.id } };
    memory.tell(framework, { type: 'RESCIND_INVERSE_OFFER', rescind_inverse_offer });
  }
}
