import type { InverseOffer, Offer, Unavailability } from '../../mesos/messages.ts';
import type { Frame } from '../state/frame.ts';
import type { SchedulerState } from '../state/state.ts';
import { LONG_REFUSAL_SECONDS } from './refusal.ts';

/** An agent that is to be taken down within this time gets no new workers. */
export const DRAIN_AHEAD_MS = 60 * 60 * 1000;

/** When an agent goes, and when it is promised to be back (never, where nothing is said of it); ms since 1970. */
export function timesOf({ start, duration }: Unavailability): { start: number; end: number } {
  const from = Number(start.nanoseconds) / 1e6;
  return { start: from, end: duration ? from + Number(duration.nanoseconds) / 1e6 : Number.POSITIVE_INFINITY };
}

/**
 * Agents are to be taken down: agreed. Their workers leave as they become idle, and their offers are not used any more.
 * After either answer the same inverse offer comes again when its filter is over (seen with Mesos 1.12), so the filter is long.
 */
export function takeInverseOffers(frame: Frame, inverseOffers: readonly InverseOffer[]): void {
  if (inverseOffers.length === 0) return;
  for (const { id, agent_id, unavailability } of inverseOffers) {
    if (agent_id) frame.state.draining.set(agent_id.value, { ...timesOf(unavailability), inverseOffer: id.value });
  }
  frame.call({
    type: 'ACCEPT_INVERSE_OFFERS',
    accept_inverse_offers: {
      inverse_offer_ids: inverseOffers.map(({ id }) => id),
      filters: { refuse_seconds: LONG_REFUSAL_SECONDS },
    },
  });
}

/**
 * An offer says what its agent's maintenance is. Of one that is called off nothing else tells: Mesos only rescinds
 * inverse offers that are not answered yet (seen with Mesos 1.12).
 */
export function takeUnavailability(state: SchedulerState, { agent_id, unavailability }: Offer): void {
  const draining = state.draining.get(agent_id.value);
  if (!draining) return;
  if (unavailability) Object.assign(draining, timesOf(unavailability));
  else state.draining.delete(agent_id.value);
}

/** On ticks: forgets maintenances that are over. */
export function endMaintenances({ state, now }: Frame): void {
  for (const [agentId, { end }] of state.draining) if (now >= end) state.draining.delete(agentId);
}

/** The maintenance was called off, or its inverse offer is replaced by another, which follows. */
export function rescindInverseOffer(state: SchedulerState, id: string): void {
  for (const [agentId, { inverseOffer }] of state.draining) if (inverseOffer === id) state.draining.delete(agentId);
}
