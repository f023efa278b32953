import type { Shape } from '../../demand/demand.ts';
import type { Obstacle } from '../../demand/worker-kind.ts';
import type { Offer, TaskInfo } from '../../mesos/messages.ts';
import { pausing } from '../state/backoff.ts';
import type { Frame } from '../state/frame.ts';
import { coresText, gpusText, type Pool } from '../state/pool.ts';
import { timesIn } from '../state/shape.ts';
import { type StartRate, sharing, startingAtMost } from '../state/starts.ts';
import type { SchedulerState } from '../state/state.ts';
import type { Constrained } from './constraints.ts';
import { DRAIN_AHEAD_MS, timesOf } from './maintenance.ts';
import { FreeResources } from './resources.ts';

/** `spread` takes so many agents, if there are, before one of them gets a second worker. */
const SPREAD_AT_LEAST = 4;

/** One agent's free resources for one role, from all of its offers that we hold. */
export class Candidate {
  readonly agentId: string;
  readonly role: string;
  readonly first: Offer;
  readonly offers: Offer[];
  readonly tasks: TaskInfo[] = [];
  /** How many of our workers it has, and how many were starting there when the frame began. */
  readonly workers: number;
  readonly starting: number;
  /** How many more launches it may get. */
  room: number;
  readonly rate: StartRate | undefined;
  #free: FreeResources | undefined;

  constructor(first: Offer, { workers, starting }: AgentCensus, rate: StartRate | undefined) {
    this.agentId = first.agent_id.value;
    this.role = roleOf(first);
    this.first = first;
    this.offers = [first];
    this.workers = workers;
    this.starting = starting;
    this.rate = rate;
    this.room = startingAtMost(rate) - starting;
  }

  get hasGpus(): boolean {
    return this.offers.some(({ resources = [] }) => resources.some(({ name }) => name === 'gpus'));
  }

  /** Computed when first used: most offers of a large cluster are only given back. */
  get free(): FreeResources {
    this.#free ??= new FreeResources(this.offers);
    return this.#free;
  }
}

interface AgentCensus {
  workers: number;
  starting: number;
}

/** The role to which an offer was made. Masters leave it out for frameworks without MULTI_ROLE. */
export function roleOf(offer: Offer): string {
  return offer.allocation_info?.role ?? '*';
}

/** The agents with offers, by role. Avoided agents are left out, and counted. */
export function candidatesOf({ state, now, wall }: Frame): { byRole: Map<string, Candidate[]>; avoided: string[] } {
  const found = new Map<string, Candidate>();
  const byRole = new Map<string, Candidate[]>();
  const avoided: string[] = [];
  const census = censusByAgent(state);
  for (const { offer } of state.offers.values()) {
    const agentId = offer.agent_id.value;
    const why = reasonToAvoid(state, offer, now, wall);
    if (why !== undefined) {
      avoided.push(why);
      continue;
    }
    const key = `${agentId}\n${roleOf(offer)}`;
    const known = found.get(key);
    if (known) {
      known.offers.push(offer);
      continue;
    }
    const candidate = new Candidate(
      offer,
      census.get(agentId) ?? { workers: 0, starting: 0 },
      state.startRates.get(agentId),
    );
    found.set(key, candidate);
    const list = byRole.get(candidate.role);
    if (list) list.push(candidate);
    else byRole.set(candidate.role, [candidate]);
  }
  return { byRole, avoided };
}

function censusByAgent(state: SchedulerState): Map<string, AgentCensus> {
  const byAgent = new Map<string, AgentCensus>();
  for (const { agentId, phase } of state.workers.values()) {
    const census = byAgent.get(agentId) ?? { workers: 0, starting: 0 };
    byAgent.set(agentId, census);
    census.workers++;
    if (phase === 'launched' || phase === 'starting') census.starting++;
  }
  return byAgent;
}

function reasonToAvoid(
  state: SchedulerState,
  { agent_id, unavailability }: Offer,
  now: number,
  wall: number,
): string | undefined {
  const backoff = state.agentBackoffs.get(agent_id.value);
  if (backoff && pausing(backoff, now)) return backoff.why;
  if (!unavailability) return undefined;
  const { start, end } = timesOf(unavailability);
  return wall >= start - DRAIN_AHEAD_MS && wall < end ? 'it is about to be taken down' : undefined;
}

/**
 * The agents on which workers of one size of a pool fit, in the order of its placement. While workers are placed, free
 * resources only shrink, so an agent that no longer fits is left out for good.
 */
export class FittingAgents {
  readonly #shape: Shape;
  readonly #pool: Pool;
  readonly #constrained: Constrained;
  readonly #candidates: readonly Candidate[];
  readonly #fitting: Candidate[] = [];
  /** How many workers those get before a further agent gets one. */
  #sharing = 0;
  /** So many of the candidates come first; the others, whose GPUs such a worker has no use for, when these are full. */
  readonly #preferred: number;
  /** The candidates that were not found to be full when they were last counted, and the result of that count. */
  #open: readonly Candidate[];
  #count = 0;
  #countedFor = 0;
  readonly #roomOn = new Map<Candidate, number>();
  #unseen = 0;
  #at = 0;
  #blocked: Obstacle | undefined;

  /** @param candidates of the pool's role, in the order of its placement, those with GPUs last */
  constructor(pool: Pool, shape: Shape, candidates: readonly Candidate[], constrained: Constrained) {
    this.#pool = pool;
    this.#shape = shape;
    this.#candidates = candidates;
    this.#open = candidates;
    this.#constrained = constrained;
    this.#preferred = shape.gpus ? candidates.length : candidates.filter(({ hasGpus }) => !hasGpus).length;
  }

  /**
   * The place for the next worker. `pack` fills one agent before the next. `spread` takes the agents in turn, but no more of
   * them than so many launches need: each agent costs the master a call.
   * @param launches all that may be made now, as of the beginning of the frame
   */
  next(launches: number): Candidate | undefined {
    const fitting = this.#fitting;
    for (;;) {
      const few = fitting.length < SPREAD_AT_LEAST || this.#sharing < launches;
      const spreads = this.#pool.placement === 'spread' && few && this.#unseen < this.#preferred;
      if (spreads || fitting.length === 0) {
        const fresh = this.#candidates[this.#unseen++];
        if (!fresh) return undefined;
        if (!this.#isFit(fresh)) continue;
        fitting.push(fresh);
        this.#sharing += sharing(fresh.rate);
        return fresh;
      }
      if (this.#at >= fitting.length) this.#at = 0;
      const candidate = fitting[this.#at] as Candidate;
      if (this.#isFit(candidate)) {
        if (this.#pool.placement === 'spread') this.#at++;
        return candidate;
      }
      const last = fitting.pop() as Candidate;
      if (last !== candidate) fitting[this.#at] = last;
      this.#sharing -= sharing(candidate.rate);
    }
  }

  /** How many such workers fit on an agent as one, as of the first question, up to `most`. */
  roomOn(candidate: Candidate, most: number): number {
    const known = this.#roomOn.get(candidate) ?? candidate.free.timesFitting(this.#shape, most, this.#pool.revocable);
    this.#roomOn.set(candidate, known);
    return known;
  }

  /** On how many agents such a worker fits, counted up to `most`, and again after as many questions. */
  count(most: number): number {
    if (this.#countedFor-- > 0) return this.#count;
    const fitting: Candidate[] = [];
    let seen = 0;
    for (const candidate of this.#open) {
      if (fitting.length >= most) break;
      seen++;
      if (this.#isFit(candidate)) fitting.push(candidate);
    }
    this.#open = [...fitting, ...this.#open.slice(seen)];
    this.#count = fitting.length;
    this.#countedFor = fitting.length;
    return fitting.length;
  }

  /** Why there is no further place. `avoided`: why agents with offers are not candidates. */
  blocked(avoided: readonly string[]): Obstacle {
    this.#blocked ??= this.#findReason(avoided);
    return this.#blocked;
  }

  #isFit(candidate: Candidate): boolean {
    return (
      candidate.room > 0 &&
      candidate.free.fits(this.#shape, this.#pool.revocable) &&
      this.#constrained.allows(candidate.first)
    );
  }

  #findReason(avoided: readonly string[]): Obstacle {
    const needs = `a worker needs ${words(this.#shape)}`;
    const candidates = this.#candidates;
    if (candidates.length === 0) {
      const [why] = avoided;
      if (why === undefined) return noOffers(this.#pool, this.#shape);
      return {
        reason: 'agents-pausing',
        detail: `the framework avoids ${avoided.length} ${avoided.length === 1 ? 'agent' : 'agents'} with offers: ${why}`,
      };
    }
    const { revocable, role, name } = this.#pool;
    const large = candidates.filter(({ free }) => free.fits(this.#shape, revocable));
    if (large.length === 0) {
      const largest = candidates.map(({ free }) => free.largest(revocable)).reduce((a, b) => closer(this.#shape, a, b));
      const detail = `the offers to role ${role} are too small: the largest has ${words(largest)} left, but ${needs}`;
      return { reason: 'offers-too-small', detail };
    }
    if (large.some(({ first }) => this.#constrained.allows(first))) {
      const starting = Math.max(...large.map((candidate) => candidate.starting));
      const detail = `${starting} workers are starting on each agent that has room, as many as it can start soon: more follow when these run`;
      return { reason: 'agents-busy', detail };
    }
    return {
      reason: 'constraints',
      detail: `the constraints of pool ${name} exclude ${large.length === 1 ? 'the only agent that has' : `all ${large.length} agents that have`} room`,
    };
  }
}

/** The reason where no offer is held. */
export function noOffers({ role }: Pool, shape: Shape): Obstacle {
  return { reason: 'no-offers', detail: `Mesos makes no offers to role ${role} now; a worker needs ${words(shape)}` };
}

/** Which of two has more of the resource that a shape lacks most. */
function closer(shape: Shape, a: Shape, b: Shape): Shape {
  const part = (have: Shape): number => timesIn(have, shape);
  return part(b) > part(a) ? b : a;
}

function words({ cores, memory, disk, gpus }: Shape): string {
  return `${coresText(cores)}, ${memory} MB memory, ${disk} MB disk${gpusText(gpus)}`;
}
