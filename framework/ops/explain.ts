import type { ProjectDemand, Shape } from '../demand/demand.ts';
import type { Obstacle } from '../demand/worker-kind.ts';
import type { ProjectTarget } from '../scheduler/state/decision.ts';
import { coresText, gpusText, unservedWords } from '../scheduler/state/pool.ts';
import { startsPerSecond } from '../scheduler/state/starts.ts';
import type { SchedulerState } from '../scheduler/state/state.ts';

/** The decision for one project, in numbers and in words. */
export interface Explanation {
  project: string;
  manager: string;
  /** The source that reports it: `workqueue` or `htcondor`. */
  source: string;
  pool: string | null;
  tasks: { waiting: number; onWorkers: number };
  workers: { busy: number; idle: number; starting: number; leaving: number; missing: number };
  /** The code of the reason why missing workers are not launched; null where none is missing. */
  blocked: string | null;
  /** Why tasks get no worker, in one sentence; null where nothing prevents it. */
  reason: string | null;
  /** Sentences, one on each line: what is the case, and why. */
  words: string[];
}

/** Explains why each project has its workers, and why it gets no more. */
export function explain(state: SchedulerState, blocked: ReadonlyMap<string, Obstacle>, now: number): Explanation[] {
  return (state.demand?.projects ?? []).map((project) => {
    const { name, manager, source, tasksWaiting: waiting, tasksOnWorkers: onWorkers } = project;
    const target = state.targets.get(manager);
    const why = target ? blocked.get(manager) : { reason: 'no-pool', detail: unservedWords(state.pools, project) };
    const { busy = 0, idle = 0, starting = 0, missing = [] } = target ?? {};
    const leaving = [...(state.workersOf.get(manager) ?? [])].filter(({ phase }) => phase === 'leaving').length;
    const words = target ? targetWords(target, why) : [unservedWords(state.pools, project)];
    if ((why?.reason === 'pool-pausing' || why?.reason === 'first-workers') && project.advice)
      words.push(project.advice);
    words.push(...gatheredWords(state, manager));
    if (leaving > 0) words.push(`${leaving} ${leaving === 1 ? 'worker is' : 'workers are'} leaving`);
    if (!state.subscribed) words.push('the framework is not subscribed to a Mesos master, so it can launch nothing');
    words.push(...ageWords(project, now));
    return {
      project: name,
      manager,
      source,
      pool: target?.pool ?? null,
      tasks: { waiting, onWorkers },
      workers: { busy, idle, starting, leaving, missing: missing.reduce((sum, { count }) => sum + count, 0) },
      blocked: why?.reason ?? null,
      reason: why?.detail ?? (target && tooLargeWords(target)[0]) ?? (target && unmetWords(target)[0]) ?? null,
      words,
    };
  });
}

/** Why some workers of a project are larger than its pool's, where the framework has chosen that. */
function gatheredWords({ workersOf, startRates }: SchedulerState, manager: string): string[] {
  const gathered = [...(workersOf.get(manager) ?? [])].filter(({ units = 1 }) => units > 1);
  const [one] = gathered;
  if (!one) return [];
  const total = gathered.reduce((sum, { units = 1 }) => sum + units, 0);
  const rate = startRates.get(one.agentId);
  const starts = `${Math.round(startsPerSecond(rate) * 10) / 10} workers a second`;
  const reason = rate
    ? `agent ${one.hostname} starts ${starts}`
    : `an agent is expected to start ${starts}, until other starts are seen there`;
  return [
    `${gathered.length} of its workers ${gathered.length === 1 ? 'is' : 'are'} larger, in the place of ${total} small ones that would start later: ${reason}`,
  ];
}

/** The age of a project's numbers, where they are old. */
function ageWords({ silentSince, asOf, workers, closed }: ProjectDemand, now: number): string[] {
  const seconds = (since: number): number => Math.round((now - since) / 1000);
  if (silentSince !== undefined) {
    return [`its manager has not answered for ${seconds(silentSince)} s, so these numbers are its last ones`];
  }
  if (workers || closed !== undefined) return [];
  return [`this framework cannot reach its manager, so these numbers are ${seconds(asOf)} s old`];
}

/** So many sizes of missing workers are shown. */
const SIZES = 5;

function targetWords(target: ProjectTarget, blocked: Obstacle | undefined): string[] {
  const words = [
    `tasks: ${target.tasksWaiting} waiting, ${target.tasksOnWorkers} on workers`,
    `workers: ${target.busy} busy, ${target.idle} idle, ${target.starting} starting; the idle and starting ones will take ${target.covered} of the waiting tasks`,
  ];
  const size = ({ cores, memory, gpus }: Shape): string => `${coresText(cores)} and ${memory} MB${gpusText(gpus)}`;
  const missing = target.missing
    .slice(0, SIZES)
    .map(
      ({ shape, count, unit }) =>
        `${count} ${count === 1 ? 'worker' : 'workers'} of ${size(shape)}${unit ? ` (or smaller ones, down to ${size(unit)})` : ''}`,
    );
  const others = target.missing.slice(SIZES).reduce((sum, { count }) => sum + count, 0);
  if (others > 0) missing.push(`${others} of other sizes`);
  if (missing.length > 0) words.push(`missing: ${missing.join(', ')}`);
  if (blocked) words.push(`no worker is launched now: ${blocked.detail}`);
  words.push(...tooLargeWords(target), ...unmetWords(target));
  if (target.tasksWaiting === 0) words.push('no task waits, so no worker is missing');
  return words;
}

function tooLargeWords({ tooLarge, pool }: ProjectTarget): string[] {
  return tooLarge.map(({ count, category, cores = '?', memory = '?', disk = '?', gpus }) => {
    const size = `${coresText(cores)}, ${memory} MB memory, ${disk} MB disk${gpusText(gpus)}`;
    const [tasks, need] = count === 1 ? ['task', 'needs'] : ['tasks', 'each need'];
    return `${count} ${tasks} of category ${category} ${need} ${size}: that is more than the limit of pool ${pool}`;
  });
}

function unmetWords({ unmet }: ProjectTarget): string[] {
  return unmet.map(
    ({ count, category, reason }) =>
      `${count} ${count === 1 ? 'task' : 'tasks'} of category ${category} cannot run on any worker of this framework: ${reason}`,
  );
}
