import type { Offer } from '../../mesos/messages.ts';
import type { Frame } from '../state/frame.ts';
import type { RoleInterest, SchedulerState } from '../state/state.ts';
import { roleOf } from './candidates.ts';
import { BUSY_REFUSAL_SECONDS, LONG_REFUSAL_SECONDS } from './refusal.ts';

/**
 * A need for which no offer came is revived again after this long, then after twice as long each time, up to the longest. Mesos
 * offers newly free resources by itself, so this only covers lost calls.
 */
const FIRST_ASK_AGAIN_MS = 10_000;
const LONGEST_ASK_AGAIN_MS = 60_000;
/** A growing need revives at most this often, because each REVIVE makes Mesos offer every agent of the cluster. */
const GROWTH_MS = 1000;
/** Offers that were on their way when a role was suppressed arrive within this time. */
const UNDER_WAY_MS = 2000;

/**
 * The last part of a frame: declines unused offers for a long time, and suppresses offers for every role in which
 * no pool needs a worker now. A role is revived as soon as a pool needs one. Mesos answers REVIVE within milliseconds, so
 * no offer is held in reserve.
 * @param wanted workers that could be launched at once if there were offers, by role
 * @param busy agents whose offers are wanted again soon
 */
export function settleRoles(
  frame: Frame,
  roles: Iterable<string>,
  wanted: ReadonlyMap<string, number>,
  busy: ReadonlySet<string>,
): void {
  const { state, now } = frame;
  const offered = new Set([...state.offers.values()].map(({ offer }) => roleOf(offer)));
  declineAll(frame, busy);
  for (const role of roles) {
    const count = wanted.get(role) ?? 0;
    const known = state.roles.get(role);
    if (count === 0) {
      // Offers that come after SUPPRESS: Mesos has lost the call, or never got it.
      const unheard = known !== undefined && offered.has(role) && now - known.since >= UNDER_WAY_MS;
      if (known?.suppressed && !unheard) continue;
      state.roles.set(role, { suppressed: true, since: now, wanted: 0, pauseMs: 0 });
      frame.call({ type: 'SUPPRESS', suppress: { roles: [role] } });
    } else if (known && !known.suppressed && !asksAgain(state, known, count, now)) {
      known.wanted = Math.min(known.wanted, count);
    } else {
      const repeated = known && !known.suppressed && count <= known.wanted;
      const pauseMs = repeated ? Math.min(LONGEST_ASK_AGAIN_MS, known.pauseMs * 2) : FIRST_ASK_AGAIN_MS;
      state.roles.set(role, { suppressed: false, since: now, wanted: count, pauseMs });
      frame.call({ type: 'REVIVE', revive: { roles: [role] } });
    }
  }
}

function asksAgain(
  state: SchedulerState,
  { since, wanted, pauseMs }: RoleInterest,
  count: number,
  now: number,
): boolean {
  if (now - since >= pauseMs || (count > wanted && now - since >= GROWTH_MS)) return true;
  // An agent that was avoided may be used again, but its offers were declined for a long time.
  return [...state.agentBackoffs.values()].some(({ until }) => until > since && until <= now);
}

function declineAll(frame: Frame, busy: ReadonlySet<string>): void {
  const { state } = frame;
  const offers = [...state.offers.values()].map(({ offer }) => offer);
  const soon = offers.filter(({ agent_id }) => busy.has(agent_id.value)).map(({ id }) => id);
  const late = offers.filter(({ agent_id }) => !busy.has(agent_id.value)).map(({ id }) => id);
  late.push(...state.undeclined.map((value) => ({ value })));
  state.offers.clear();
  state.undeclined = [];
  decline(frame, soon, BUSY_REFUSAL_SECONDS);
  decline(frame, late, LONG_REFUSAL_SECONDS);
}

function decline(frame: Frame, offerIds: Offer['id'][], seconds: number): void {
  if (offerIds.length === 0) return;
  frame.state.counters.declines++;
  frame.call({ type: 'DECLINE', decline: { offer_ids: offerIds, filters: { refuse_seconds: seconds } } });
}
