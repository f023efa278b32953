import type { Need } from '../demand/demand.ts';
import type { Amounts, CategoryCounts, ManagerRecord, TaskRecord } from './records.ts';

/** What one `task_status` showed, grouped. */
export interface TaskPicture {
  /** Waiting tasks by category and need. */
  waiting: Need[];
  /** For each category, how many tasks are on workers and the most that one of them asks for. */
  running: Need[];
}

/** States of a task that occupies a worker; `parseTasks` made them upper case. */
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
 * The waiting tasks of a manager by need. How many wait in each category comes from the manager's record, which is
 * cheap to ask for; the needs come from the last task picture, which may be older: a category's tasks are shared out
 * over its needs in the picture's proportions. Where the picture does not know a category, the record's own maxima
 * serve. The counts always add up to `record.tasksWaiting`.
 */
export function waitingNeeds(record: ManagerRecord, picture: TaskPicture | undefined): Need[] {
  const listed = record.categories.reduce((sum, category) => sum + category.waiting, 0);
  // The lean record has no categories, and a foreign one may not add up: what is left over is of no known category.
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
 * Whole shares of `total` in proportion to `weights` (largest remainders first): they add up to `total`.
 * All weights zero: the first takes everything.
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

/** What a task of a category asks for when no task was seen: rather too much than a worker that none fits in. */
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

/** Adds up needs that are alike and drops empty ones. The order is that of first appearance. */
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
