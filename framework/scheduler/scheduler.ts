import type { Call, Event } from '../mesos/messages.ts';
import type { Demand } from '../workqueue/demand.ts';
import { type Budget, budgetOf } from './launch/budget.ts';
import { lackingOffers, place, reasonWithoutOffers } from './launch/placement.ts';
import { settleStrangers } from './lifecycle/adopt.ts';
import { takeFailedCall } from './lifecycle/failed-calls.ts';
import { observe } from './lifecycle/observe.ts';
import { reconcileAll, reconcileOverdue } from './lifecycle/reconcile.ts';
import { type Hunger, releaseWorkers } from './lifecycle/release.ts';
import { takeStatus } from './lifecycle/updates.ts';
import { declarationOf, type FrameworkTraits, frameworkInfo, redeclare, rolesOf } from './offers/declaration.ts';
import { endMaintenances, rescindInverseOffer, takeInverseOffers, takeUnavailability } from './offers/maintenance.ts';
import { settleAppetite } from './offers/suppression.ts';
import { reviewHealth } from './state/backoff.ts';
import { type Blocked, isVerdictOnOffers } from './state/blocked.ts';
import { Frame } from './state/frame.ts';
import type { Pool } from './state/pool.ts';
import type { JournalRecord } from './state/records.ts';
import type { SchedulerState } from './state/state.ts';
import { findWants, lacks, type Want } from './target/wants.ts';

/** What the core is told. */
export type SchedulerEvent =
  | { type: 'mesos'; event: Event }
  | { type: 'disconnected' }
  | { type: 'demand'; demand: Demand }
  | { type: 'tick' }
  /** A call that the master refused, or that never reached it. */
  | { type: 'call-failed'; call: Call; refused: boolean; why: string }
  | { type: 'pools'; pools: readonly Pool[] }
  /** The master has removed this framework; `id` is a new one to register with. */
  | { type: 'removed'; id: string };

export interface Decision {
  /** To be made durable before any of the calls leaves. */
  records: JournalRecord[];
  /** To be sent in order. */
  calls: Call[];
}

/** Mesos answers REVIVE within milliseconds, or with its next allocation, a second later. */
const OFFERS_COME_WITHIN_MS = 1500;

/**
 * The scheduler core: no I/O, no clock, no logger. One event opens a frame:
 *
 *     event ─▶ take it in ─▶ targets ─▶ place on offers ─▶ release ─▶ decline, suppress, revive ─▶ records, calls
 *               │                │
 *               state: workers, offers, demand, backoffs; what journal records add up to is set by them alone
 *
 * Whoever drives it writes the records, and only then sends the calls, one event after the other. The same events at
 * the same times give the same decisions.
 *
 * Looks at the managers, offers, and the clock's ticks lead to decisions. Everything else is only taken in: a thousand
 * status updates cost a thousand times nothing, and what they change is decided upon at the next tick.
 */
export class Scheduler {
  readonly state: SchedulerState;
  /** Why managers that lack workers get none at the moment, by manager address; as of the last frame. */
  readonly blocked = new Map<string, Blocked>();
  #traits: FrameworkTraits | undefined;

  constructor(state: SchedulerState) {
    this.state = state;
  }

  /** Handles one event. @param now ms since 1970 */
  handle(event: SchedulerEvent, now: number): Decision {
    const frame = new Frame(this.state, now);
    takeIn(frame, event);
    const depth = depthOf(event);
    if (depth !== 'none') this.#decide(frame, depth);
    return { records: frame.records, calls: frame.calls };
  }

  /**
   * The body of the next SUBSCRIBE. It suppresses every role, since what is wanted is only known once the frame after
   * SUBSCRIBED has run; a re-subscription would otherwise lift the suppression (so does Mesos 1.12).
   */
  subscription(traits: FrameworkTraits): NonNullable<Call['subscribe']> {
    const { state } = this;
    this.#traits = traits;
    const declared = declarationOf(state.pools);
    state.declared = declared;
    state.appetite.clear();
    for (const role of declared.roles) state.appetite.set(role, { suppressed: true, since: 0, wanted: 0, pauseMs: 0 });
    return { framework_info: frameworkInfo(state, traits, declared), suppressed_roles: declared.roles };
  }

  #decide(frame: Frame, depth: Depth): void {
    const { state } = this;
    if (state.subscribed && this.#traits) redeclare(frame, this.#traits);
    const changed = [...state.dirty].flatMap((address) => [...(state.workersOf.get(address) ?? [])]);
    const wants = state.demand ? findWants(frame, depth === 'all') : [];
    const budgets = budgetsOf(frame, wants);
    let busy: ReadonlySet<string> = new Set();
    if (state.subscribed && state.offers.size > 0 && wants.length > 0) busy = place(frame, wants, budgets);
    this.#noteBlocked(wants, budgets);
    if (!state.subscribed) return;
    if (depth !== 'offers') {
      settleStrangers(frame);
      releaseWorkers(frame, depth === 'all' ? state.workers.values() : changed, this.#hunger(wants, frame.now));
    }
    settleAppetite(frame, rolesOf(state.pools), lackingOffers(wants, budgets), busy);
  }

  /** What the last offers told stays true until others come. */
  #noteBlocked(wants: readonly Want[], budgets: ReadonlyMap<string, Budget>): void {
    const before = new Map(this.blocked);
    this.blocked.clear();
    for (const want of wants) {
      // From here on the target says what is still missing.
      want.target.missing = want.left.filter(({ count }) => count > 0);
      want.target.forMinimum = 0;
      want.target.starting += want.launched;
      if (lacks(want) === 0) continue;
      const { manager } = want.target;
      const known = before.get(manager);
      const verdict = known && isVerdictOnOffers(known) ? known : undefined;
      this.blocked.set(manager, want.blocked ?? reasonWithoutOffers(want, budgets.get(want.pool.name), verdict));
    }
  }

  #hunger(wants: readonly Want[], now: number): Hunger {
    const hungry = wants.filter((want) => lacks(want) > 0 && !want.target.hold);
    const reason = ({ target }: Want): Blocked['reason'] | undefined => this.blocked.get(target.manager)?.reason;
    const lacking = hungry.filter((want) => {
      const appetite = this.state.appetite.get(want.pool.role);
      const waitsInVain =
        appetite !== undefined && !appetite.suppressed && now - appetite.since >= OFFERS_COME_WITHIN_MS;
      return reason(want) === 'offers-too-small' || (reason(want) === 'no-offers' && waitsInVain);
    });
    return {
      weight: lacking.reduce((most, { pool }) => Math.max(most, pool.weight), 0),
      pools: new Set(hungry.filter((want) => reason(want) === 'at-maximum').map(({ pool }) => pool.name)),
    };
  }
}

/** How much of a decision an event leads to: `all` goes through every manager, the others through what has changed. */
type Depth = 'none' | 'offers' | 'changes' | 'all';

function depthOf(event: SchedulerEvent): Depth {
  switch (event.type) {
    case 'demand':
      return 'changes';
    case 'tick':
    case 'pools':
      return 'all';
    case 'mesos':
      if (event.event.type === 'SUBSCRIBED') return 'all';
      return event.event.type === 'OFFERS' ? 'offers' : 'none';
    default:
      return 'none';
  }
}

function budgetsOf(frame: Frame, wants: readonly Want[]): Map<string, Budget> {
  const pools = new Set(wants.map(({ pool }) => pool));
  const budget = (pool: Pool): Budget => budgetOf(frame.state, pool, frame.census.get(pool.name), frame.now);
  return new Map([...pools].map((pool) => [pool.name, budget(pool)]));
}

function takeIn(frame: Frame, event: SchedulerEvent): void {
  const { state, now } = frame;
  switch (event.type) {
    case 'mesos':
      takeMesosEvent(frame, event.event);
      break;
    case 'disconnected':
      state.subscribed = false;
      state.offers.clear();
      break;
    case 'demand':
      observe(frame, event.demand);
      break;
    case 'tick':
      reviewHealth(state, now);
      endMaintenances(frame);
      if (state.subscribed) reconcileOverdue(frame);
      break;
    case 'call-failed':
      if (state.subscribed || event.call.type === 'ACCEPT') takeFailedCall(frame, event.call, event.refused, event.why);
      break;
    case 'pools':
      // Somebody has acted: what failed before may work now.
      state.pools = event.pools;
      state.poolBackoffs.clear();
      state.agentBackoffs.clear();
      break;
    case 'removed':
      state.subscribed = false;
      state.offers.clear();
      state.strangers.clear();
      for (const { id } of [...state.workers.values()]) {
        frame.record({ type: 'gone', id, why: 'the master removed the framework, and its tasks with it' });
      }
      frame.record({ type: 'framework', id: event.id, sequence: 1 });
      break;
  }
}

function takeMesosEvent(frame: Frame, event: Event): void {
  const { state, now } = frame;
  switch (event.type) {
    case 'SUBSCRIBED':
      takeSubscribed(frame, event.subscribed?.framework_id.value);
      break;
    case 'OFFERS':
      for (const offer of event.offers?.offers ?? []) {
        state.offers.set(offer.id.value, { offer, receivedAt: now });
        takeUnavailability(state, offer);
      }
      break;
    case 'RESCIND':
      if (event.rescind) state.offers.delete(event.rescind.offer_id.value);
      break;
    case 'UPDATE':
      if (event.update) takeStatus(frame, event.update.status);
      break;
    case 'INVERSE_OFFERS':
      takeInverseOffers(frame, event.inverse_offers?.inverse_offers ?? []);
      break;
    case 'RESCIND_INVERSE_OFFER':
      if (event.rescind_inverse_offer) rescindInverseOffer(state, event.rescind_inverse_offer.inverse_offer_id.value);
      break;
  }
}

/** A new stream: what was offered, and whatever of the calls of the old one did not arrive, is void. */
function takeSubscribed(frame: Frame, frameworkId: string | undefined): void {
  const { state, now } = frame;
  if (frameworkId !== undefined && frameworkId !== state.frameworkId) {
    frame.record({ type: 'framework', id: frameworkId, sequence: state.sequence });
  }
  state.subscribed = true;
  state.subscribedAt = now;
  state.offers.clear();
  state.undeclined = [];
  state.draining.clear();
  for (const appetite of state.appetite.values()) appetite.since = now;
  reconcileAll(frame);
}
