import { median } from '../../statistics/quantiles.ts';
import type { RunView, StageView } from './events.ts';
import type { RunRecord, RunTiming } from './record.ts';

/** The number of earlier runs that count: only the newest, because releases and machines change. */
const EARLIER = 5;
/** From this share of ended steps on, the estimate uses the stage's own pace. */
const ENOUGH = 0.1;

/** The durations of a run and its stages. */
export function timingOf(view: RunView, created: number, now: number): RunTiming {
  const took = new Map<string, number[]>();
  for (const { stage, seconds } of view.steps.values()) {
    if (seconds === undefined) continue;
    const list = took.get(stage) ?? [];
    list.push(seconds);
    took.set(stage, list);
  }
  const stages = [...view.stages].flatMap(([name, { start, end }]) => {
    const seconds = took.get(name);
    if (start === undefined || end === undefined || !seconds) return [];
    const from = (start - created) / 1000;
    return [{ name, steps: seconds.length, start: from, end: (end - created) / 1000, median: median(seconds) }];
  });
  return { seconds: (now - created) / 1000, stages };
}

/** Timings of the newest earlier runs of this workflow, if possible with the same name. */
export function earlierTimings(
  records: readonly RunRecord[],
  run: Pick<RunRecord, 'id' | 'name' | 'workflow' | 'created'>,
): RunTiming[] {
  const fitting = records
    .filter(
      ({ id, workflow, created, timing }) =>
        timing && id !== run.id && workflow === run.workflow && created <= run.created,
    )
    .sort((a, b) => b.created - a.created);
  const sameName = fitting.filter(({ name }) => name === run.name);
  return (sameName.length > 0 ? sameName : fitting).slice(0, EARLIER).flatMap(({ timing }) => timing ?? []);
}

/**
 * Estimates the end of a run from earlier runs: their median duration, corrected by how far the current stages are ahead or
 * behind. The duration of a current stage comes from its own pace, or, before enough of its steps have ended, from the earlier
 * runs and its number of steps.
 * @param now ms since 1970
 * @returns ms since 1970; undefined if there are no earlier runs, or the run has ended
 */
export function expectedEnd(
  view: { stages: Iterable<readonly [string, StageView]>; verdict?: string | undefined },
  created: number,
  earlier: readonly RunTiming[],
  now: number,
): number | undefined {
  if (earlier.length === 0 || view.verdict !== undefined) return undefined;
  const total = median(earlier.map(({ seconds }) => seconds));
  const shifts: number[] = [];
  for (const [name, stage] of view.stages) {
    const before = earlier.flatMap(({ stages }) => stages.filter((one) => one.name === name));
    const { waiting, submitted, running, ...done } = stage.counts;
    const left = waiting + submitted + running;
    if (before.length === 0 || left === 0 || stage.start === undefined) continue;
    const ended = done.succeeded + done.failed + done.broken + done.aborted;
    const share = ended / (ended + left);
    const usual = median(before.map(({ start, end, steps }) => ((end - start) * (ended + left)) / steps));
    const takes = share >= ENOUGH ? (now - stage.start) / 1000 / share : usual;
    const end = Math.max((now - created) / 1000, (stage.start - created) / 1000 + takes);
    shifts.push(end - median(before.map((one) => one.end)));
  }
  const shift = shifts.length > 0 ? Math.max(...shifts) : 0;
  return Math.max(now, created + (total + shift) * 1000);
}
