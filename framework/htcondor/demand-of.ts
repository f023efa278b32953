import type { Need, ProjectDemand, UnmetNeed } from '../demand/demand.ts';
import { type JobGroup, PARALLEL, VANILLA, type Verdict } from './job-group.ts';
import { Needs } from './needs.ts';
import { isFor, type Slot, workersOf } from './slots.ts';

/** States of jobs. Completed (4) and removed (3) jobs are left out. */
const IDLE = 1;
const ON_WORKERS: ReadonlySet<number> = new Set([2, 6, 7]);
const HELD = 5;

/** The name of a user of a schedd, unique among the managers of all sources. */
export function managerName(user: string, schedd: string): string {
  return `${user} at ${schedd}`;
}

/** Longest list of reasons why jobs of a user get no worker. */
const REASONS = 20;

/** Counts the jobs of a schedd, by user, as they are read. */
export class Queue {
  readonly users = new Map<string, UserJobs>();
  readonly #verdict: (group: JobGroup) => Verdict;

  /** @param verdict what the jobs of a group need, see `judge` */
  constructor(verdict: (group: JobGroup) => Verdict) {
    this.#verdict = verdict;
  }

  add(group: JobGroup): void {
    const jobs = this.users.get(group.user) ?? new UserJobs();
    this.users.set(group.user, jobs);
    jobs.add(group, this.#verdict);
  }

  /**
   * The demand of the schedd's users. A user with jobs, or with workers of this framework, is a project.
   * @param slots our workers for the users of this schedd. They were asked for before the jobs: see `promised`
   * @param asOf when the jobs were counted, ms since 1970
   */
  demand(schedd: string, slots: readonly Slot[], asOf: number): ProjectDemand[] {
    const users = new Set([...this.users.keys(), ...slots.map(({ submitter }) => submitter)]);
    return [...users].map((user) => {
      const jobs = this.users.get(user) ?? new UserJobs();
      const mine = slots.filter(({ submitter }) => submitter === user);
      return {
        source: 'htcondor',
        manager: managerName(user, schedd),
        name: user,
        owner: user.replace(/@.*/, ''),
        // Workers survive a restart of the schedd.
        startedAt: 0,
        asOf,
        ...jobs.demand(mine),
      };
    });
  }
}

/** The jobs of one user. */
export class UserJobs {
  readonly #waiting = new Needs();
  readonly #running = new Needs();
  readonly #unmet: UnmetNeed[] = [];
  readonly #others = { count: 0, ids: '' };
  readonly #held = { count: 0, ids: '' };
  /** Slots that run its jobs. */
  readonly #busy = new Set<string>();
  /** Jobs in all states. */
  count = 0;
  #unmetJobs = 0;
  #onWorkers = 0;

  add(group: JobGroup, verdict: (group: JobGroup) => Verdict): void {
    const { status, count, remoteHost } = group;
    this.count += count;
    if (remoteHost !== undefined && ON_WORKERS.has(status) && group.universe === VANILLA) this.#busy.add(remoteHost);
    if (status === HELD) addJobs(this.#held, group);
    if (!takesSlots(group)) return;
    if (ON_WORKERS.has(status)) this.#onWorkers += count;
    else if (status !== IDLE) return;
    const found = verdict(group);
    if ('need' in found) (status === IDLE ? this.#waiting : this.#running).add({ ...found.need, count });
    else if (status === IDLE) this.#addUnmet(group, found.reason);
  }

  #addUnmet(group: JobGroup, reason: string): void {
    const { count, ids } = group;
    this.#unmetJobs += count;
    if (this.#unmet.length < REASONS) this.#unmet.push({ category: 'default', count, reason: `${reason} (${ids})` });
    else addJobs(this.#others, group);
  }

  demand(
    slots: readonly Slot[],
  ): Pick<ProjectDemand, 'tasksWaiting' | 'tasksOnWorkers' | 'waiting' | 'running' | 'unmet' | 'workers'> {
    const waiting = this.#waiting.list();
    const still = less(waiting, promised(waiting, slots, this.#busy));
    const unmet = this.#allUnmet;
    return {
      tasksWaiting: sum(still) + this.#unmetJobs,
      tasksOnWorkers: this.#onWorkers,
      waiting: still,
      running: this.#running.list().map((need) => ({ ...need, count: 1 })),
      ...(unmet.length > 0 && { unmet }),
      workers: workersOf(slots, this.#busy, waiting),
    };
  }

  /** Held jobs need no worker, but `why` must report them. */
  get #allUnmet(): UnmetNeed[] {
    const [others, held] = [this.#others, this.#held];
    return [
      ...this.#unmet,
      ...reasonFor(others, 'for other reasons, which condor_q -better-analyze shows for each job'),
      ...reasonFor(held, 'they are held until somebody releases them'),
    ];
  }
}

/** Jobs that are shown together, and the first of them. */
interface Jobs {
  count: number;
  ids: string;
}

function addJobs(jobs: Jobs, { count, ids }: JobGroup): void {
  jobs.count += count;
  if (jobs.ids === '') jobs.ids = ids;
  else if (!jobs.ids.endsWith(' …')) jobs.ids += ' …';
}

function reasonFor({ count, ids }: Jobs, reason: string): UnmetNeed[] {
  return count > 0 ? [{ category: 'default', count, reason: `${reason} (${ids})` }] : [];
}

const sum = (counts: readonly { count: number }[]): number => counts.reduce((all, { count }) => all + count, 0);

/** Scheduler, local and grid jobs run elsewhere. Jobs of the parallel universe would need slots, but get none. */
function takesSlots({ universe, status }: JobGroup): boolean {
  return status !== HELD && (universe === VANILLA || universe === PARALLEL);
}

/**
 * How many idle jobs have a claimed slot but have not started yet. They count as running. The slots were asked for
 * before the jobs, so that a job that has started in between is not counted twice.
 */
function promised(waiting: readonly Need[], slots: readonly Slot[], busy: ReadonlySet<string>): number {
  const claimed = slots.filter(
    (slot) =>
      (slot.state === 'Claimed' || slot.state === 'Matched') &&
      !busy.has(slot.name) &&
      waiting.some((need) => isFor(slot, need)),
  );
  return Math.min(sum(waiting), claimed.length);
}

/** Takes a number of jobs out of the largest groups, because most claimed slots belong to these. */
function less(needs: readonly Need[], count: number): Need[] {
  let left = count;
  return [...needs]
    .sort((a, b) => b.count - a.count)
    .flatMap((need) => {
      const taken = Math.min(left, need.count);
      left -= taken;
      return need.count > taken ? [{ ...need, count: need.count - taken }] : [];
    });
}
