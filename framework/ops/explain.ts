import type { ProjectDemand, Shape } from '../demand/demand.ts';
import type { Obstacle } from '../demand/worker-kind.ts';
import type { ProjectTarget } from '../scheduler/state/decision.ts';
import { coresText, gpusText, unservedWords } from '../scheduler/state/pool.ts';
import type { SchedulerState } from '../scheduler/state/state.ts';

/** The decision for one project, in numbers and in words. */
export interface Explanation {
  project: string;
  manager: string;
  pool: string | null;
  tasks: { waiting: number; onWorkers: number };
  workers: { busy: number; idle: number; starting: number; leaving: number; missing: number };
  /** The code of the reason why what is missing is not launched; null where nothing is missing. */
  blocked: string | null;
  /** Why tasks get no worker, in one sentence; null where nothing is in the way. */
  reason: string | null;
  /** One sentence a line: what is so, and why. */
  words: string[];
}

/** Why each project has the workers that it has, and not more: an operator's first question. */
export function explain(state: SchedulerState, blocked: ReadonlyMap<string, Obstacle>, now: number): Explanation[] {
  return (state.demand?.projects ?? []).map((project) => {
    const { name, manager, tasksWaiting: waiting, tasksOnWorkers: onWorkers } = project;
    const target = state.targets.get(manager);
    const why = target ? blocked.get(manager) : { reason: 'no-pool', detail: unservedWords(state.pools, project) };
    const { busy = 0, idle = 0, starting = 0, missing = [] } = target ?? {};
    const leaving = [...(state.workersOf.get(manager) ?? [])].filter(({ phase }) => phase === 'leaving').length;
    const words = target ? targetWords(target, why) : [unservedWords(state.pools, project)];
    if ((why?.reason === 'pool-pausing' || why?.reason === 'first-workers') && project.advice)
      words.push(project.advice);
    if (leaving > 0) words.push(`${leaving} workers are leaving`);
    if (!state.subscribed) words.push('not subscribed to a Mesos master: nothing can be launched');
    words.push(...ageWords(project, now));
    return {
      project: name,
      manager,
      pool: target?.pool ?? null,
      tasks: { waiting, onWorkers },
      workers: { busy, idle, starting, leaving, missing: missing.reduce((sum, { count }) => sum + count, 0) },
      blocked: why?.reason ?? null,
      reason: why?.detail ?? (target && tooLargeWords(target)[0]) ?? (target && unmetWords(target)[0]) ?? null,
      words,
    };
  });
}

/** How old the numbers of a project are, where that is worth a word. */
function ageWords({ silentSince, asOf, workers, closed }: ProjectDemand, now: number): string[] {
  const seconds = (since: number): number => Math.round((now - since) / 1000);
  if (silentSince !== undefined) {
    return [`its manager has not answered for ${seconds(silentSince)} s: the numbers are those of before`];
  }
  if (workers || closed !== undefined) return [];
  return [`its manager cannot be asked from here: the numbers are ${seconds(asOf)} s old`];
}

function targetWords(target: ProjectTarget, blocked: Obstacle | undefined): string[] {
  const words = [
    `${target.tasksWaiting} tasks wait, ${target.tasksOnWorkers} are on workers`,
    `workers: ${target.busy} busy, ${target.idle} idle, ${target.starting} starting, which will take ${target.covered} of the waiting tasks`,
  ];
  const size = ({ cores, memory, gpus }: Shape): string => `${coresText(cores)} and ${memory} MB${gpusText(gpus)}`;
  const missing = target.missing.map(
    ({ shape, count, unit }) =>
      `${count} ${count === 1 ? 'worker' : 'workers'} of ${size(shape)}${unit ? ` (or in parts down to ${size(unit)})` : ''}`,
  );
  if (missing.length > 0) words.push(`missing: ${missing.join(', ')}`);
  if (blocked) words.push(`none launched now: ${blocked.detail}`);
  words.push(...tooLargeWords(target), ...unmetWords(target));
  if (target.tasksWaiting === 0) words.push('nothing waits, so nothing is missing');
  return words;
}

function tooLargeWords({ tooLarge, pool }: ProjectTarget): string[] {
  return tooLarge.map(({ count, category, cores = '?', memory = '?', disk = '?', gpus }) => {
    const size = `${coresText(cores)}, ${memory} MB memory, ${disk} MB disk${gpusText(gpus)}`;
    return `${count} tasks of category ${category} need ${size}: more than pool ${pool} allows a worker`;
  });
}

function unmetWords({ unmet }: ProjectTarget): string[] {
  return unmet.map(
    ({ count, category, reason }) => `${count} tasks of category ${category} can run on no worker of ours: ${reason}`,
  );
}
