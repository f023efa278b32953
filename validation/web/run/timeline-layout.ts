import type { StepState } from '../../report/model.ts';
import type { Timeline } from '../../server/api.ts';

/** One step in the drawing; times in ms since 1970. */
export interface Bar {
  id: string;
  state: StepState;
  stage: number;
  worker: number;
  /** When its waiting for a worker began, when it started, and when it ended; absent: not yet. */
  submitted?: number;
  started?: number;
  ended?: number;
}

export interface TimelineLayout {
  bars: Bar[];
  /** The bars of each row, in order of time. */
  rows: Bar[][];
  /** The name of each group of rows, and its first row. */
  groups: { name: string; row: number }[];
}

export type By = 'step' | 'worker';

/**
 * Rows by stage: one row for each step, in the order of submission. Or rows by worker: as many rows as the worker had steps at
 * the same time; steps without a worker are left out.
 */
export function layOutTimeline(timeline: Timeline, by: By): TimelineLayout {
  const { steps, stages, workers } = timeline;
  const all = steps.id.map((id, n): Bar => {
    const submitted = steps.submitted[n] ?? -1;
    const started = steps.started[n] ?? -1;
    const ended = steps.ended[n] ?? -1;
    return {
      id,
      state: steps.state[n] ?? 'waiting',
      stage: steps.stage[n] ?? 0,
      worker: steps.worker[n] ?? -1,
      ...(submitted >= 0 && { submitted }),
      ...(started >= 0 && { started }),
      ...(ended >= 0 && { ended }),
    };
  });
  return by === 'step' ? bySteps(all, stages) : byWorkers(all, workers);
}

/** The layout between two times, without rows that are empty there. @param now the end of bars whose step still runs */
export function within(layout: TimelineLayout, from: number, to: number, now: number): TimelineLayout {
  const isSeen = (bar: Bar): boolean => begin(bar) <= to && (bar.ended ?? now) >= from;
  const kept = layout.rows.flatMap((bars, row) => (bars.some(isSeen) ? [row] : []));
  const groups = layout.groups.flatMap(({ name, row }, n) => {
    const end = layout.groups[n + 1]?.row ?? layout.rows.length;
    const first = kept.findIndex((one) => one >= row && one < end);
    return first < 0 ? [] : [{ name, row: first }];
  });
  return { bars: layout.bars, rows: kept.map((row) => layout.rows[row] ?? []), groups };
}

const begin = (bar: Bar): number => bar.submitted ?? bar.started ?? Number.POSITIVE_INFINITY;

function bySteps(all: Bar[], stages: readonly string[]): TimelineLayout {
  const bars = all.toSorted((a, b) => a.stage - b.stage || begin(a) - begin(b) || a.id.localeCompare(b.id));
  const groups: TimelineLayout['groups'] = [];
  let stage = -1;
  for (const [row, bar] of bars.entries()) {
    if (bar.stage !== stage) groups.push({ name: stages[bar.stage] ?? '', row });
    stage = bar.stage;
  }
  return { bars, rows: bars.map((bar) => [bar]), groups };
}

function byWorkers(all: Bar[], workers: readonly string[]): TimelineLayout {
  const bars = all
    .filter(({ worker, started }) => worker >= 0 && started !== undefined)
    .sort((a, b) => a.worker - b.worker || (a.started ?? 0) - (b.started ?? 0));
  const rows: Bar[][] = [];
  const groups: TimelineLayout['groups'] = [];
  let first = 0;
  let worker = -1;
  for (const bar of bars) {
    if (bar.worker !== worker) {
      first = rows.length;
      groups.push({ name: workers[bar.worker] ?? '', row: first });
      worker = bar.worker;
    }
    const start = bar.started ?? 0;
    let row = first;
    while (row < rows.length && (rows[row]?.at(-1)?.ended ?? Number.POSITIVE_INFINITY) > start) row++;
    if (row === rows.length) rows.push([]);
    rows[row]?.push(bar);
  }
  return { bars, rows, groups };
}

/** Round times for at most `most` marks of an axis, and the distance of two marks (ms). */
export function marksOf(from: number, to: number, origin: number, most: number): { times: number[]; every: number } {
  const second = 1000;
  const minute = 60 * second;
  const hour = 60 * minute;
  const steps = [
    ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
    ...[1, 2, 5, 10, 15, 30].map((n) => n * second),
    ...[1, 2, 5, 10, 15, 30].map((n) => n * minute),
    ...[1, 2, 3, 6, 12, 24, 48, 168].map((n) => n * hour),
  ];
  const every = steps.find((step) => (to - from) / step <= most) ?? 168 * hour;
  const times: number[] = [];
  for (let time = origin + Math.ceil((from - origin) / every) * every; time <= to; time += every) times.push(time);
  return { times, every };
}
