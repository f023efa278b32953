import type { RunView, StageView, StepView } from './events.ts';

/** The largest number of running steps, and of slow steps, that an outline names. */
const RUNNING = 8;
const SLOWEST = 5;

/** What `relval status` shows of a run: of thousands of steps it names a few. It can be written as JSON. */
export interface Outline extends Pick<RunView, 'counts' | 'heldUp' | 'verdict'> {
  /** In the order of the plan. */
  stages: [name: string, stage: StageView][];
  /** The steps that have run longest so far; `counts` has the number of all. */
  running: StepView[];
  /** The steps whose last attempt took longest, the slowest first. */
  slowest: StepView[];
}

export function outlineOf(view: RunView): Outline {
  const { counts, heldUp, verdict, stages, steps } = view;
  return {
    ...{ counts, heldUp, verdict },
    stages: [...stages],
    running: firstRunning(view),
    slowest: slowest(steps.values()),
  };
}

/** The steps that have run longest so far, a few. */
export function firstRunning({ running, steps }: RunView): StepView[] {
  const first: StepView[] = [];
  for (const id of running) {
    if (first.length === RUNNING) break;
    first.push(steps.get(id) as StepView);
  }
  return first;
}

function slowest(steps: Iterable<StepView>): StepView[] {
  const slow: StepView[] = [];
  for (const step of steps) {
    if (step.seconds === undefined || (slow.length === SLOWEST && step.seconds <= (slow.at(-1)?.seconds ?? 0)))
      continue;
    slow.push(step);
    slow.sort((a, b) => (b.seconds ?? 0) - (a.seconds ?? 0));
    slow.length = Math.min(slow.length, SLOWEST);
  }
  return slow;
}
