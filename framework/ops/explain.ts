import type { Blocked } from '../scheduler/state/blocked.ts';
import { coresText, type Pool, readProject, type Shape } from '../scheduler/state/pool.ts';
import type { SchedulerState } from '../scheduler/state/state.ts';
import type { ManagerTarget } from '../scheduler/target/target.ts';

/** The decision for one project, in numbers and in words. */
export interface Explanation {
  project: string;
  manager: string;
  pool: string | null;
  tasks: { waiting: number; onWorkers: number };
  workers: { busy: number; idle: number; starting: number; leaving: number; missing: number };
  /** The code of the reason why what is missing is not launched; null where nothing is missing. */
  blocked: Blocked['reason'] | null;
  /** One sentence a line: what is so, and why. */
  words: string[];
}

/** Why each project has the workers that it has, and not more: an operator's first question. */
export function explain(state: SchedulerState, blocked: ReadonlyMap<string, Blocked>, now: number): Explanation[] {
  return (state.demand?.managers ?? []).map((manager) => {
    const target = state.targets.get(manager.address);
    const why = blocked.get(manager.address);
    const leaving = [...(state.workersOf.get(manager.address) ?? [])].filter(({ phase }) => phase === 'leaving').length;
    const words = target ? targetWords(target, why) : [unservedWords(state.pools, manager.project)];
    if (why?.reason === 'pool-pausing' || why?.reason === 'first-workers') {
      // Workers of another protocol are turned away without a word in their exit status.
      words.push(
        `its manager speaks Work Queue protocol ${manager.protocol} (version ${manager.version}): so must the workers`,
      );
    }
    if (leaving > 0) words.push(`${leaving} workers are leaving`);
    if (!state.subscribed) words.push('not subscribed to a Mesos master: nothing can be launched');
    if (manager.silentSince !== undefined) {
      const seconds = Math.round((now - manager.silentSince) / 1000);
      words.push(`its manager has not answered for ${seconds} s: the numbers are those of before`);
    } else if (manager.locked === undefined && manager.source === 'catalog') {
      words.push(`its manager cannot be asked from here: the numbers are the catalog's, up to a minute old`);
    }
    return {
      project: manager.project,
      manager: manager.address,
      pool: target?.pool ?? null,
      tasks: { waiting: manager.tasksWaiting, onWorkers: manager.tasksOnWorkers },
      workers: {
        busy: target?.busy ?? 0,
        idle: target?.idle ?? 0,
        starting: target?.starting ?? 0,
        leaving,
        missing: target?.missing.reduce((sum, { count }) => sum + count, 0) ?? 0,
      },
      blocked: why?.reason ?? null,
      words,
    };
  });
}

function unservedWords(pools: readonly Pool[], project: string): string {
  const { name, image } = readProject(project);
  const fitting = pools.filter((pool) => pool.projects.test(name));
  if (image === undefined || fitting.length === 0) return `no pool serves project ${project}`;
  const others = fitting.map((pool) => `${pool.name} ${pool.image ?? 'none'}`).join(', ');
  return `no pool serves project ${name} in image ${image}: those that serve it otherwise have ${others}`;
}

function targetWords(target: ManagerTarget, blocked: Blocked | undefined): string[] {
  const words = [
    `${target.tasksWaiting} tasks wait, ${target.tasksOnWorkers} are on workers`,
    `workers: ${target.busy} busy, ${target.idle} idle, ${target.starting} starting, which will take ${target.carried} of the waiting tasks`,
  ];
  const size = ({ cores, memory }: Shape): string => `${coresText(cores)} and ${memory} MB`;
  const missing = target.missing.map(
    ({ shape, count, grain }) =>
      `${count} ${count === 1 ? 'worker' : 'workers'} of ${size(shape)}${grain ? ` (or in parts down to ${size(grain)})` : ''}`,
  );
  if (missing.length > 0) words.push(`missing: ${missing.join(', ')}`);
  if (blocked) words.push(`none launched now: ${blocked.detail}`);
  for (const need of target.misfits) {
    const size = `${coresText(need.cores ?? '?')}, ${need.memory ?? '?'} MB memory, ${need.disk ?? '?'} MB disk`;
    words.push(
      `${need.count} tasks of category ${need.category} need ${size}: more than pool ${target.pool} allows a worker`,
    );
  }
  if (target.tasksWaiting === 0) words.push('nothing waits, so nothing is missing');
  return words;
}
