import type { InverseOffer } from '../mesos/messages.ts';
import type { Frame } from './frame.ts';
import { LONG_REFUSAL_SECONDS } from './placement.ts';
import type { SchedulerState } from './state.ts';

/**
 * Agents are to be taken down: agreed. Their workers leave as they become idle, and their offers are not used any more.
 * After either answer the same inverse offer comes again when its filter is over (seen with Mesos 1.12), so the filter is long.
 */
export function takeInverseOffers(frame: Frame, inverseOffers: readonly InverseOffer[]): void {
  if (inverseOffers.length === 0) return;
  for (const { id, agent_id, unavailability } of inverseOffers) {
    const start = Number(unavailability.start.nanoseconds) / 1e6;
    if (agent_id) frame.state.draining.set(agent_id.value, { start, inverseOffer: id.value });
  }
  frame.call({
    type: 'ACCEPT_INVERSE_OFFERS',
    accept_inverse_offers: {
      inverse_offer_ids: inverseOffers.map(({ id }) => id),
      filters: { refuse_seconds: LONG_REFUSAL_SECONDS },
    },
  });
}

/** The maintenance was called off, or its inverse offer is replaced by another, which follows. */
export function rescindInverseOffer(state: SchedulerState, id: string): void {
  for (const [agentId, { inverseOffer }] of state.draining) if (inverseOffer === id) state.draining.delete(agentId);
}
