import type { Demand } from '../demand/demand.ts';
import type { Obstacle } from '../demand/worker-kind.ts';
import type { Call, Event } from '../mesos/messages.ts';
import { type Budget, budgetOf } from './launch/budget.ts';
import { lackingOffers, place, reasonWithoutOffers } from './launch/placement.ts';
import { settleUnknownTasks } from './lifecycle/adopt.ts';
import { takeFailedCall } from './lifecycle/failed-calls.ts';
import { observe } from './lifecycle/observe.ts';
import { reconcileAll, reconcileOverdue } from './lifecycle/reconcile.ts';
import { releaseWorkers, type Shortage } from './lifecycle/release.ts';
import { takeStatus } from './lifecycle/updates.ts';
import { declarationOf, type FrameworkTraits, frameworkInfo, redeclare, rolesOf } from './offers/declaration.ts';
import { endMaintenances, rescindInverseOffer, takeInverseOffers, takeUnavailability } from './offers/maintenance.ts';
import { settleRoles } from './offers/suppression.ts';
import { reviewHealth } from './state/backoff.ts';
import { isVerdictOnOffers } from './state/decision.ts';
import { Frame } from './state/frame.ts';
import type { Pool } from './state/pool.ts';
import type { JournalRecord } from './state/records.ts';
import type { SchedulerState } from './state/state.ts';
import { findShortfalls, lacks, type Shortfall } from './target/shortfalls.ts';
import { decisionOf, type Gist, gistOf, isNews, type ProjectDecision } from './target/terms.ts';

/** The events that the core handles. */
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
  /** To be written to the disk before any of the calls is sent. */
  records: JournalRecord[];
  /** To be sent in order. */
  calls: Call[];
  /** To be logged: new decisions for projects. */
  decisions: ProjectDecision[];
}

/** Mesos answers REVIVE within milliseconds, or with its next allocation, a second later. */
const OFFERS_COME_WITHIN_MS = 1500;

/**
 * The scheduler core: no I/O, no clock, no logger. One event opens a frame, which goes through the folders:
 *
 *     event ─▶ lifecycle/ ─▶ target/ ─▶ launch/ ─▶ lifecycle/ ─▶ offers/ ──▶ records, calls, decisions
 *              takes it in   needs      places on   takes         declines,
 *                            of each    the offers  workers       suppresses,
 *                            project    (offers/)   back          revives
 *
 * All of them read and write `state/`: workers, offers, demand, failures. Only journal records change what must survive a restart.
 *
 * The driver writes the records and then sends the calls, one event after the other. The same events at
 * the same times give the same decisions.
 *
 * Demand, offers, and the clock's ticks lead to decisions. All other events only change the state: a thousand
 * status updates cost little, and the next tick decides what follows from them.
 */
export class Scheduler {
  readonly state: SchedulerState;
  /** Why projects that lack workers get none now, by manager, as of the last frame. */
  readonly blocked = new Map<string, Obstacle>();
  /** The last decision for each project that was logged. */
  readonly #told = new Map<string, Gist>();
  #traits: FrameworkTraits | undefined;

  constructor(state: SchedulerState) {
    this.state = state;
  }

  /** Nothing is known of which the time alone would change anything within seconds. */
  get isIdle(): boolean {
    const { projects, workers, unknownTasks, offers, undeclined } = this.state;
    return projects.size + workers.size + unknownTasks.size + offers.size + undeclined.length === 0;
  }

  /**
   * Handles one event.
   * @param now ms since 1970, by a clock that never jumps
   * @param wall ms since 1970, by the machine's clock, in which Mesos names the times of maintenances
   */
  handle(event: SchedulerEvent, now: number, wall = now): Decision {
    const frame = new Frame(this.state, now, wall);
    takeIn(frame, event);
    const depth = depthOf(event);
    if (depth !== 'none') this.#decide(frame, depth);
    return { records: frame.records, calls: frame.calls, decisions: this.#news(frame) };
  }

  /**
   * The body of the next SUBSCRIBE. It suppresses every role, because the need is known only after the frame that follows
   * SUBSCRIBED. A re-subscription would otherwise end the suppression (Mesos 1.12 does that).
   */
  subscription(traits: FrameworkTraits): NonNullable<Call['subscribe']> {
    const { state } = this;
    this.#traits = traits;
    const declared = declarationOf(state.pools);
    state.declared = declared;
    state.roles.clear();
    for (const role of declared.roles) state.roles.set(role, { suppressed: true, since: 0, wanted: 0, pauseMs: 0 });
    return { framework_info: frameworkInfo(state, traits, declared), suppressed_roles: declared.roles };
  }

  #decide(frame: Frame, depth: Depth): void {
    const { state } = this;
    if (state.subscribed && this.#traits) redeclare(frame, this.#traits);
    const changed = [...state.dirty].flatMap((address) => [...(state.workersOf.get(address) ?? [])]);
    const shortfalls = state.demand ? findShortfalls(frame, depth === 'all') : [];
    const budgets = budgetsOf(frame, shortfalls);
    let busy: ReadonlySet<string> = new Set();
    if (state.subscribed && state.offers.size > 0 && shortfalls.length > 0) busy = place(frame, shortfalls, budgets);
    this.#noteBlocked(frame, shortfalls, budgets);
    if (!state.subscribed) return;
    if (depth !== 'offers') {
      settleUnknownTasks(frame);
      releaseWorkers(frame, depth === 'all' ? state.workers.values() : changed, this.#shortage(shortfalls, frame.now));
    }
    settleRoles(frame, rolesOf(state.pools), lackingOffers(shortfalls, budgets), busy);
  }

  /** The reasons from the last offers stay valid until other offers come. */
  #noteBlocked(frame: Frame, shortfalls: readonly Shortfall[], budgets: ReadonlyMap<string, Budget>): void {
    const before = new Map(this.blocked);
    this.blocked.clear();
    for (const shortfall of shortfalls) {
      // From here on the target counts what is still missing.
      shortfall.target.missing = shortfall.left.filter(({ count }) => count > 0);
      shortfall.target.forMinimum = 0;
      shortfall.target.starting += shortfall.launches;
      const { manager } = shortfall.target;
      const decided = frame.decided.get(manager);
      if (decided) {
        decided.launched = shortfall.launched;
        if (shortfall.gathered) decided.gathered = shortfall.gathered;
      }
      if (lacks(shortfall) === 0) continue;
      const known = before.get(manager);
      const verdict = known && isVerdictOnOffers(known) ? known : undefined;
      this.blocked.set(
        manager,
        shortfall.blocked ?? reasonWithoutOffers(shortfall, budgets.get(shortfall.pool.name), verdict),
      );
    }
  }

  #news(frame: Frame): ProjectDecision[] {
    const decisions: ProjectDecision[] = [];
    for (const [manager, { launched }] of frame.decided) {
      const project = this.state.projects.get(manager);
      if (!project) {
        this.#told.delete(manager);
        continue;
      }
      const blocked = this.blocked.get(manager);
      const gist = gistOf(frame, manager, blocked);
      if (launched === 0 && !isNews(this.#told.get(manager), gist)) continue;
      this.#told.set(manager, gist);
      decisions.push(decisionOf(frame, project, blocked));
    }
    return decisions;
  }

  #shortage(shortfalls: readonly Shortfall[], now: number): Shortage {
    const lackingAny = shortfalls.filter((shortfall) => lacks(shortfall) > 0 && !shortfall.target.hold);
    const reason = ({ target }: Shortfall): string | undefined => this.blocked.get(target.manager)?.reason;
    const lacking = lackingAny.filter((shortfall) => {
      const role = this.state.roles.get(shortfall.pool.role);
      const waitsInVain = role !== undefined && !role.suppressed && now - role.since >= OFFERS_COME_WITHIN_MS;
      return reason(shortfall) === 'offers-too-small' || (reason(shortfall) === 'no-offers' && waitsInVain);
    });
    return {
      weight: lacking.reduce((most, { pool }) => Math.max(most, pool.weight), 0),
      pools: new Set(lackingAny.filter((shortfall) => reason(shortfall) === 'at-maximum').map(({ pool }) => pool.name)),
    };
  }
}

/** Which decisions an event leads to: `all` goes through every manager, the others through what has changed. */
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

function budgetsOf(frame: Frame, shortfalls: readonly Shortfall[]): Map<string, Budget> {
  const pools = new Set(shortfalls.map(({ pool }) => pool));
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
      // A person has changed something: what failed before may work now.
      state.pools = event.pools;
      state.poolBackoffs.clear();
      state.agentBackoffs.clear();
      for (const manager of state.projects.keys()) state.dirty.add(manager);
      break;
    case 'removed':
      state.subscribed = false;
      state.offers.clear();
      state.unknownTasks.clear();
      for (const { id } of [...state.workers.values()]) {
        frame.record({ type: 'gone', id, why: 'the master removed the framework and its tasks' });
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

/** A new stream: earlier offers are void, and so are calls of the old stream that did not arrive. */
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
  for (const role of state.roles.values()) role.since = now;
  reconcileAll(frame);
}
