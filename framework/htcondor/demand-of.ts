import type { Need, ProjectDemand, UnmetNeed } from '../demand/demand.ts';
import { type JobGroup, PARALLEL, VANILLA, type Verdict } from './job-group.ts';
import { isFor, type Slot, workersOf } from './slots.ts';

/** States of jobs. Completed (4) and removed (3) jobs are left out. */
const IDLE = 1;
const ON_WORKERS: ReadonlySet<number> = new Set([2, 6, 7]);
const HELD = 5;

/** The answers of one schedd. */
export interface ScheddLook {
  schedd: string;
  groups: readonly JobGroup[];
  /** Our workers for its users. They were asked for before the jobs: see `promised`. */
  slots: readonly Slot[];
  /** When the answers arrived, ms since 1970. */
  asOf: number;
}

/** The name of a user of a schedd, unique among the managers of all sources. */
export function managerName(user: string, schedd: string): string {
  return `${user} at ${schedd}`;
}

/**
 * The demand of the users of a schedd. A user with jobs, or with workers of this framework, is a project.
 * @param verdict what the jobs of a group need, see `judge`
 */
export function demandOf(
  { schedd, groups, slots, asOf }: ScheddLook,
  verdict: (group: JobGroup) => Verdict,
): ProjectDemand[] {
  const users = new Set([...groups.map(({ user }) => user), ...slots.map(({ submitter }) => submitter)]);
  return [...users].map((user) => {
    const own = groups.filter((group) => group.user === user);
    const mine = slots.filter(({ submitter }) => submitter === user);
    return projectOf(user, schedd, own, mine, asOf, verdict);
  });
}

function projectOf(
  user: string,
  schedd: string,
  groups: readonly JobGroup[],
  slots: readonly Slot[],
  asOf: number,
  verdict: (group: JobGroup) => Verdict,
): ProjectDemand {
  const waiting: Need[] = [];
  const running: Need[] = [];
  const unmet: UnmetNeed[] = [];
  const held: UnmetNeed[] = [];
  const busy = new Set<string>();
  let onWorkers = 0;
  for (const group of groups) {
    const { status, count, ids, remoteHost } = group;
    if (remoteHost !== undefined && ON_WORKERS.has(status) && group.universe === VANILLA) busy.add(remoteHost);
    if (status === HELD)
      held.push({ category: 'default', count, reason: `they are held until somebody releases them (${ids})` });
    if (!takesSlots(group)) continue;
    const found = verdict(group);
    if (ON_WORKERS.has(status)) onWorkers += count;
    if ('need' in found && ON_WORKERS.has(status)) addNeed(running, { ...found.need, count });
    if (status !== IDLE) continue;
    if ('need' in found) addNeed(waiting, { ...found.need, count });
    else unmet.push({ category: 'default', count, reason: `${found.reason} (${ids})` });
  }
  const still = less(waiting, promised(waiting, slots, busy));
  return {
    source: 'htcondor',
    manager: managerName(user, schedd),
    name: user,
    owner: user.replace(/@.*/, ''),
    // Workers survive a restart of the schedd.
    startedAt: 0,
    asOf,
    tasksWaiting: sum(still) + sum(unmet),
    tasksOnWorkers: onWorkers,
    waiting: still,
    running: running.map((need) => ({ ...need, count: 1 })),
    // Held jobs need no worker, but `why` must report them.
    ...(unmet.length + held.length > 0 && { unmet: [...unmet, ...held] }),
    workers: workersOf(slots, busy, waiting),
  };
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

function addNeed(needs: Need[], need: Need): void {
  const same = needs.find(
    ({ cores, memory, disk, gpus }) =>
      cores === need.cores && memory === need.memory && disk === need.disk && gpus === need.gpus,
  );
  if (same) same.count += need.count;
  else needs.push(need);
}
