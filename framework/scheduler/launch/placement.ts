import type { ProjectDemand, Shape } from '../../demand/demand.ts';
import type { Obstacle } from '../../demand/worker-kind.ts';
import { type Candidate, candidatesOf, FittingAgents, noOffers } from '../offers/candidates.ts';
import { Constrained } from '../offers/constraints.ts';
import { BUSY_REFUSAL_SECONDS, LONG_REFUSAL_SECONDS } from '../offers/refusal.ts';
import type { Gathered, Missing } from '../state/decision.ts';
import type { Frame } from '../state/frame.ts';
import type { Pool } from '../state/pool.ts';
import { type WorkerIdentity, workerId } from '../state/records.ts';
import { times } from '../state/shape.ts';
import { sharing, startingAtMost, startsPerSecond } from '../state/starts.ts';
import { split } from '../target/granularity.ts';
import { Heap } from '../target/heap.ts';
import { lacks, type Shortfall } from '../target/shortfalls.ts';
import { type Budget, spend } from './budget.ts';
import { gathered } from './gathering.ts';
import { workerTask } from './task.ts';

/**
 * Launches as many of the wanted workers as the held offers and the pools' budgets allow, neediest project
 * first. It uses up the offers, and records for each shortfall why it got no more.
 * @returns agents whose offers are wanted again as soon as the workers that start there run
 */
export function place(
  frame: Frame,
  shortfalls: readonly Shortfall[],
  budgets: ReadonlyMap<string, Budget>,
): Set<string> {
  const agents = new Agents(frame);
  const open = new Heap<Shortfall>(
    isNeedier,
    shortfalls.filter(({ target }) => !target.hold),
  );
  const wanted = shortfalls.reduce((sum, shortfall) => sum + (shortfall.target.hold ? 0 : lacks(shortfall)), 0);
  for (let shortfall = open.pop(); shortfall; shortfall = open.pop()) {
    const missing = shortfall.left[shortfall.at];
    const budget = budgets.get(shortfall.pool.name);
    if (!missing || !budget) continue;
    if (budget.left <= 0) {
      shortfall.blocked = budget.limit;
      continue;
    }
    // Workers that are launched together take more room than their launches say: then no agent is left out.
    const gathers = (missing.together ?? 1) > 1 && wanted > budget.launches;
    const launches = gathers ? Number.POSITIVE_INFINITY : Math.min(wanted, budget.launches);
    const candidate = agents.next(shortfall.pool, missing.shape, launches);
    if (candidate) {
      const units = agents.together(shortfall, missing, candidate, budget, wanted);
      launch(frame, shortfall, candidate, { shape: missing.shape, units }, agents.constraintsOf(shortfall.pool));
      spend(budget, units);
      missing.count -= units;
    } else if (missing.unit) {
      shortfall.left.splice(shortfall.at, 1, ...split(missing));
    } else {
      shortfall.blocked = agents.blocked(shortfall.pool, missing.shape);
    }
    // A smaller shape of the same manager may fit where this one does not.
    if (missing.count === 0 || (!candidate && !missing.unit)) shortfall.at++;
    if (shortfall.at < shortfall.left.length) open.push(shortfall);
  }
  for (const candidate of agents.used) accept(frame, candidate);
  return shortfalls.some(({ blocked }) => blocked?.reason === 'agents-busy') ? agents.busy : new Set();
}

function isNeedier(a: Shortfall, b: Shortfall): boolean {
  if (a.share !== b.share) return a.share < b.share;
  return a.project.startedAt < b.project.startedAt;
}

/** The agents with offers, as the pools see them. */
class Agents {
  readonly #frame: Frame;
  readonly #byRole: Map<string, Candidate[]>;
  readonly #avoided: string[];
  readonly #inOrder = new Map<string, Candidate[]>();
  readonly #constraints = new Map<string, Constrained>();
  readonly #fitting = new Map<string, FittingAgents>();
  readonly used = new Set<Candidate>();

  constructor(frame: Frame) {
    this.#frame = frame;
    const { byRole, avoided } = candidatesOf(frame);
    this.#byRole = byRole;
    this.#avoided = avoided;
  }

  next(pool: Pool, shape: Shape, launches: number): Candidate | undefined {
    const candidate = this.#fittingFor(pool, shape).next(launches);
    if (candidate) this.used.add(candidate);
    return candidate;
  }

  /**
   * How many workers to launch together on an agent. All but the last limits are as of the beginning of the frame, so that
   * the agent gets workers of one size.
   * @param wanted all workers that any project lacked at the beginning of the frame
   */
  together(
    { pool, project }: Shortfall,
    missing: Missing,
    candidate: Candidate,
    budget: Budget,
    wanted: number,
  ): number {
    const { shape, count, together = 1 } = missing;
    const { starting, rate } = candidate;
    const most = Math.min(together, count, budget.toMaximum);
    if (most <= 1) return 1;
    const fitting = this.#fittingFor(pool, shape);
    const perSecond = startsPerSecond(rate);
    // No more agents than that are used, unless the launches are too few.
    const enough = Math.ceil(wanted / Math.max(1, Math.min(sharing(rate), budget.launches)));
    const agents = pool.placement === 'pack' ? 1 : Math.max(1, fitting.count(enough));
    const workers = fitting.roomOn(candidate, Math.ceil(wanted / agents));
    const launches = Math.min(startingAtMost(rate) - starting, Math.ceil(budget.launches / agents));
    const { taskSeconds } = project;
    const size = gathered({ workers, starting, startsPerSecond: perSecond, launches, taskSeconds });
    return candidate.free.timesFitting(shape, Math.min(most, size), pool.revocable);
  }

  blocked(pool: Pool, shape: Shape): Obstacle {
    return this.#fittingFor(pool, shape).blocked(this.#avoided);
  }

  constraintsOf(pool: Pool): Constrained {
    const known = this.#constraints.get(pool.name) ?? new Constrained(pool, this.#frame.state.workers.values());
    this.#constraints.set(pool.name, known);
    return known;
  }

  /** Agents on which enough workers are starting. */
  get busy(): Set<string> {
    const candidates = [...this.#byRole.values()].flat();
    return new Set(candidates.filter(({ room }) => room <= 0).map(({ agentId }) => agentId));
  }

  #fittingFor(pool: Pool, shape: Shape): FittingAgents {
    const key = `${pool.name}\n${shape.cores} ${shape.memory} ${shape.disk} ${shape.gpus ?? 0}`;
    const known =
      this.#fitting.get(key) ?? new FittingAgents(pool, shape, this.#candidatesFor(pool), this.constraintsOf(pool));
    this.#fitting.set(key, known);
    return known;
  }

  #candidatesFor({ role, placement }: Pool): Candidate[] {
    const key = `${role}\n${placement}`;
    const known = this.#inOrder.get(key) ?? inOrder(this.#byRole.get(role) ?? [], placement);
    this.#inOrder.set(key, known);
    return known;
  }
}

/** Orders the agents for a pool. Agents with GPUs come last, because tasks that need a GPU can run nowhere else. */
function inOrder(candidates: readonly Candidate[], placement: Pool['placement']): Candidate[] {
  const [plain, withGpus] = [candidates.filter(({ hasGpus }) => !hasGpus), candidates.filter(({ hasGpus }) => hasGpus)];
  return [...byWorkers(plain, placement), ...byWorkers(withGpus, placement)];
}

/** For `spread`, agents with few of our workers first; for `pack`, with many first. Linear time: there are few different counts. */
function byWorkers(candidates: readonly Candidate[], placement: Pool['placement']): Candidate[] {
  const byCount = new Map<number, Candidate[]>();
  for (const candidate of candidates) {
    const list = byCount.get(candidate.workers);
    if (list) list.push(candidate);
    else byCount.set(candidate.workers, [candidate]);
  }
  const counts = [...byCount.keys()].sort((a, b) => (placement === 'spread' ? a - b : b - a));
  return counts.flatMap((count) => byCount.get(count) ?? []);
}

function launch(
  frame: Frame,
  shortfall: Shortfall,
  candidate: Candidate,
  { shape: unit, units }: { shape: Shape; units: number },
  constrained: Constrained,
): void {
  const { state, now } = frame;
  const { pool, target, project } = shortfall;
  const shape = units > 1 ? times(unit, units) : unit;
  const resources = candidate.free.take(shape, pool.revocable);
  if (!resources || state.frameworkId === undefined) return;
  const places = constrained.launched(candidate.first);
  const worker: WorkerIdentity = {
    id: workerId(state.frameworkId, state.sequence),
    pool: pool.name,
    project: target.project,
    manager: target.manager,
    managerStartedAt: project.startedAt,
    agentId: candidate.agentId,
    hostname: candidate.first.hostname,
    shape,
    ...(units > 1 && { units }),
    launchedAt: now,
    ...(places && { places }),
  };
  frame.record({ type: 'launch', worker });
  candidate.tasks.push(workerTask(pool, worker, resources, project));
  candidate.room--;
  shortfall.launches++;
  shortfall.launched += units;
  if (units > (shortfall.gathered?.workers ?? 1)) shortfall.gathered = gatheredOn(candidate, units, project);
  shortfall.share += shape.cores / pool.weight;
  state.launchTimes.get(pool.name)?.push(now);
  state.counters.launches++;
}

function gatheredOn({ first, rate }: Candidate, workers: number, { taskSeconds }: ProjectDemand): Gathered {
  const perSecond = Math.round(startsPerSecond(rate) * 10) / 10;
  return { workers, agent: first.hostname, startsPerSecond: perSecond, seen: rate !== undefined, taskSeconds };
}

function accept(frame: Frame, { offers, tasks, room }: Candidate): void {
  for (const { id } of offers) frame.state.offers.delete(id.value);
  frame.call({
    type: 'ACCEPT',
    accept: {
      offer_ids: offers.map(({ id }) => id),
      operations: [{ type: 'LAUNCH', launch: { task_infos: tasks } }],
      filters: { refuse_seconds: room > 0 ? LONG_REFUSAL_SECONDS : BUSY_REFUSAL_SECONDS },
    },
  });
}

/** Why a shortfall without any held offer gets nothing: its hold, its pool's limit, or the result of the last offers. */
export function reasonWithoutOffers(
  shortfall: Shortfall,
  budget: Budget | undefined,
  before: Obstacle | undefined,
): Obstacle {
  if (shortfall.target.hold) return shortfall.target.hold;
  if (budget && budget.left <= 0) return budget.limit;
  const missing = shortfall.left.find(({ count }) => count > 0);
  return before ?? noOffers(shortfall.pool, missing?.unit ?? missing?.shape ?? shortfall.pool.shape);
}

/** Number of workers that lack only offers, by role. Workers that a pause or a limit holds back need no offers now. */
export function lackingOffers(
  shortfalls: readonly Shortfall[],
  budgets: ReadonlyMap<string, Budget>,
): Map<string, number> {
  const byRole = new Map<string, number>();
  const spent = new Map<string, number>();
  for (const shortfall of shortfalls) {
    if (shortfall.target.hold) continue;
    const { name, role } = shortfall.pool;
    const left = (budgets.get(name)?.left ?? 0) - (spent.get(name) ?? 0);
    const count = Math.min(lacks(shortfall), left);
    if (count <= 0) continue;
    spent.set(name, (spent.get(name) ?? 0) + count);
    byRole.set(role, (byRole.get(role) ?? 0) + count);
  }
  return byRole;
}
