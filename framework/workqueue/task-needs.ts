import type { Need } from '../demand/demand.ts';
import type { Amounts, CategoryCounts, ManagerRecord, TaskRecord } from './records.ts';

/** The content of one `task_status`, grouped. */
export interface TaskPicture {
  /** Waiting tasks by category and need. */
  waiting: Need[];
  /** For each category, how many tasks are on workers, and the largest need of one of them. */
  running: Need[];
}

/** States of a task that occupies a worker, in upper case as from `parseTasks`. */
const ON_WORKER = new Set(['RUNNING', 'WAITING_RETRIEVAL']);

/** Groups the tasks of a `task_status`. Tasks that are done, cancelled or being fetched are left out. */
export function taskPicture(tasks: TaskRecord[]): TaskPicture {
  const running = new Map<string, Need>();
  for (const { category, state, ...asked } of tasks) {
    if (!ON_WORKER.has(state)) continue;
    const known = running.get(category);
    running.set(category, { category, count: (known?.count ?? 0) + 1, ...most(known, asked) });
  }
  const waiting = tasks.filter((task) => task.state === 'WAITING');
  return {
    waiting: grouped(waiting.map(({ category, state: _, ...asked }) => ({ category, count: 1, ...asked }))),
    running: [...running.values()],
  };
}

/**
 * The waiting tasks of a manager by need. The number of waiting tasks in each category comes from the manager's record, which is
 * cheap to ask for. The needs come from the last list of tasks, which may be older: the tasks of a category are divided
 * among its needs in the proportions of that list. If the list lacks a category, the record's own maxima
 * are used. The counts always add up to `record.tasksWaiting`.
 */
export function waitingNeeds(record: ManagerRecord, picture: TaskPicture | undefined): Need[] {
  const listed = record.categories.reduce((sum, category) => sum + category.waiting, 0);
  // The lean record has no categories, and a record of another program may not add up. The rest gets no known category.
  const unlisted = { category: 'default', waiting: Math.max(0, record.tasksWaiting - listed) };
  const needs = [...record.categories, unlisted].flatMap((category) => {
    const known = picture?.waiting.filter((need) => need.category === category.category) ?? [];
    if (known.length === 0)
      return [{ category: category.category, count: category.waiting, ...guess(category, record) }];
    const shares = shareOut(
      category.waiting,
      known.map((need) => need.count),
    );
    return known.map((need, i) => ({ ...need, count: shares[i] ?? 0 }));
  });
  const counts = needs.map((need) => need.count);
  const fitted = listed > record.tasksWaiting ? shareOut(record.tasksWaiting, counts) : counts;
  return grouped(needs.map((need, i) => ({ ...need, count: fitted[i] ?? 0 })));
}

/**
 * Divides `total` into whole shares in proportion to `weights` (largest remainders first). The shares add up to `total`.
 * If all weights are zero, the first takes everything.
 */
export function shareOut(total: number, weights: number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  const exact = weights.map((weight, i) => (sum > 0 ? (total * weight) / sum : i === 0 ? total : 0));
  const shares = exact.map(Math.floor);
  const byRemainder = exact.map((_, i) => i).sort((a, b) => remainder(b) - remainder(a) || a - b);
  let left = total - shares.reduce((a, b) => a + b, 0);
  for (const i of byRemainder) {
    if (left-- <= 0) break;
    shares[i] = (shares[i] ?? 0) + 1;
  }
  return shares;

  function remainder(i: number): number {
    return (exact[i] ?? 0) - (shares[i] ?? 0);
  }
}

/** The need of a task whose category is not in the list of tasks. It is rather too large, because a task does not fit into a smaller worker. */
function guess(category: CategoryCounts, record: ManagerRecord): Amounts {
  const tasks = record.tasksWaiting + record.tasksOnWorkers;
  const found: Amounts = {};
  for (const resource of ['cores', 'memory', 'disk', 'gpus'] as const) {
    const average = tasks > 0 ? Math.ceil((record.total[resource] ?? 0) / tasks) : 0;
    const value = category[resource] || record.largest[resource] || average;
    if (value > 0) found[resource] = value;
  }
  return found;
}

/** Adds up equal needs and drops empty ones. The order is that of first appearance. */
function grouped(needs: Need[]): Need[] {
  const byKind = new Map<string, Need>();
  for (const need of needs) {
    if (need.count === 0) continue;
    const kind = JSON.stringify([need.category, need.cores, need.memory, need.disk, need.gpus]);
    const known = byKind.get(kind);
    if (known) known.count += need.count;
    else byKind.set(kind, { ...need });
  }
  return [...byKind.values()];
}

function most(a: Amounts | undefined, b: Amounts): Amounts {
  const found: Amounts = {};
  for (const resource of ['cores', 'memory', 'disk', 'gpus'] as const) {
    const value = Math.max(a?.[resource] ?? -1, b[resource] ?? -1);
    if (value >= 0) found[resource] = value;
  }
  return found;
}
