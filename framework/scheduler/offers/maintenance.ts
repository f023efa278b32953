import type { InverseOffer, Offer, Unavailability } from '../../mesos/messages.ts';
import type { Frame } from '../state/frame.ts';
import type { SchedulerState } from '../state/state.ts';
import { LONG_REFUSAL_SECONDS } from './refusal.ts';

/** An agent that will be taken down within this time gets no new workers. */
export const DRAIN_AHEAD_MS = 60 * 60 * 1000;

/** When an agent goes down, and when it comes back (never, where the plan does not say); ms since 1970. */
export function timesOf({ start, duration }: Unavailability): { start: number; end: number } {
  const from = Number(start.nanoseconds) / 1e6;
  return { start: from, end: duration ? from + Number(duration.nanoseconds) / 1e6 : Number.POSITIVE_INFINITY };
}

/**
 * Accepts that agents will be taken down. Their workers leave when they become idle, and their offers are not used any more.
 * After either answer Mesos sends the same inverse offer again when its filter ends (seen with Mesos 1.12), so the filter is long.
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
 * An offer shows its agent's maintenance. It is the only sign that a maintenance was cancelled: Mesos only rescinds
 * inverse offers that are not answered yet (seen with Mesos 1.12).
 */
export function takeUnavailability(state: SchedulerState, { agent_id, unavailability }: Offer): void {
  const draining = state.draining.get(agent_id.value);
  if (!draining) return;
  if (unavailability) Object.assign(draining, timesOf(unavailability));
  else state.draining.delete(agent_id.value);
}

/** On ticks: removes maintenances that have ended. */
export function endMaintenances({ state, wall }: Frame): void {
  for (const [agentId, { end }] of state.draining) if (wall >= end) state.draining.delete(agentId);
}

/** The maintenance was cancelled, or another inverse offer follows that replaces this one. */
export function rescindInverseOffer(state: SchedulerState, id: string): void {
  for (const [agentId, { inverseOffer }] of state.draining) if (inverseOffer === id) state.draining.delete(agentId);
}
