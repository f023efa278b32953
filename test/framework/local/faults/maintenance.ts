import { refusalEnd } from '../../../../framework/local/allocator.ts';
import type { AgentEntry, Framework, Memory } from '../../../../framework/local/memory.ts';
import { monotonic } from '../../../../framework/local/memory.ts';
import { agentUrl, allocateOffers, rescind } from '../../../../framework/local/offers.ts';
import type {
  InverseOffer as InverseOfferMessage,
  Offer,
  Unavailability,
} from '../../../../framework/mesos/messages.ts';

/** A request to leave an agent before its maintenance. */
interface InverseOffer {
  id: string;
  frameworkId: string;
  agentId: string;
  /** The subscription that got it. It becomes invalid with the subscription. */
  streamId: string;
  /** After an answer: no other request follows before this time, on the monotonic clock. */
  answeredUntil?: number;
}

/** Maintenance as in Mesos: frameworks with tasks on an agent that will stop get a request to leave it. */
export class Maintenance {
  readonly #inverseOffers = new Map<string, InverseOffer>();

  /** Plans an agent's maintenance; with undefined it cancels it. Its offers are made again, and its frameworks are asked to leave. */
  plan(memory: Memory, agentId: string, unavailability: Unavailability | undefined): void {
    const agent = memory.agents.get(agentId);
    if (agent?.standing !== 'active') return;
    const holders = new Set(
      [...memory.offers.values()].filter((offer) => offer.agentId === agentId).map((o) => o.frameworkId),
    );
    rescind(memory, (offer) => offer.agentId === agentId);
    this.withdraw(memory, agentId);
    delete agent.unavailability;
    if (unavailability) agent.unavailability = unavailability;
    allocateOffers(memory);
    for (const id of holders) {
      const framework = memory.frameworks.get(id);
      if (framework) this.#send(memory, framework, agent);
    }
    this.offer(memory);
  }

  /** Asks every framework with tasks on an agent in maintenance to leave, unless it has been asked lately. */
  offer(memory: Memory): void {
    for (const agent of memory.agents.values()) {
      if (!agent.unavailability) continue;
      for (const framework of memory.frameworks.values()) {
        if ([...framework.tasks.values()].some((task) => task.agentId === agent.id))
          this.#send(memory, framework, agent);
      }
    }
  }

  #send(memory: Memory, framework: Framework, agent: AgentEntry): void {
    const { stream } = framework;
    if (!stream || !agent.unavailability) return;
    for (const inverse of this.#inverseOffers.values()) {
      if (inverse.frameworkId !== framework.id || inverse.agentId !== agent.id) continue;
      const { answeredUntil = Number.POSITIVE_INFINITY } = inverse;
      if (inverse.streamId === stream.id && answeredUntil > monotonic()) return;
      this.#inverseOffers.delete(inverse.id);
    }
    const id = memory.newOfferId();
    this.#inverseOffers.set(id, { id, frameworkId: framework.id, agentId: agent.id, streamId: stream.id });
    const message: InverseOfferMessage & Pick<Offer, 'url'> = {
      id: { value: id },
      url: agentUrl(agent),
      framework_id: { value: framework.id },
      agent_id: { value: agent.id },
      unavailability: agent.unavailability,
    };
    memory.tell(framework, { type: 'INVERSE_OFFERS', inverse_offers: { inverse_offers: [message] } });
  }

  /** ACCEPT_INVERSE_OFFERS and DECLINE_INVERSE_OFFERS: after both answers the next request comes at the end of the filter. */
  answer(memory: Memory, framework: Framework, ids: readonly string[], refuseSeconds?: number): void {
    const now = monotonic();
    for (const id of ids) {
      const inverse = this.#inverseOffers.get(id);
      if (inverse?.frameworkId !== framework.id) continue;
      inverse.answeredUntil = refusalEnd(refuseSeconds, now, memory.timings.allocation) ?? now;
    }
  }

  /** Withdraws the inverse offers for an agent, with RESCIND_INVERSE_OFFER if they were not answered. */
  withdraw(memory: Memory, agentId: string): void {
    for (const inverse of [...this.#inverseOffers.values()].filter((one) => one.agentId === agentId)) {
      this.#inverseOffers.delete(inverse.id);
      const framework = memory.frameworks.get(inverse.frameworkId);
      if (framework?.stream?.id !== inverse.streamId || inverse.answeredUntil !== undefined) continue;
      const rescind_inverse_offer = { inverse_offer_id: { value: inverse.id } };
      memory.tell(framework, { type: 'RESCIND_INVERSE_OFFER', rescind_inverse_offer });
    }
  }
}
